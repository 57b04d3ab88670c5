"""However ./dev ends, nothing it started is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from config.devtools.processes import guarded
from tests.devtools.conftest import StartStack
from tests.support.starter import starter

pytestmark = pytest.mark.process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_starter_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    with starter(tmp_path) as started:
        assert len(started.family) > 5  # itself, its guard, Valkey, Postgres and its children

        started.process.send_signal(number)
        started.process.wait()

        assert started.left() == set()


def test_after_kill_9_the_same_data_start_again(tmp_path: Path) -> None:
    with starter(tmp_path) as killed:
        with psycopg.connect(killed.env["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("create table kept as select 7 as number")
        killed.kill()

        with (
            starter(tmp_path) as again,
            psycopg.connect(again.env["DATABASE_URL"]) as connection,
        ):
            assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_postgres_whose_guard_was_killed_too_is_replaced(tmp_path: Path) -> None:
    with starter(tmp_path) as killed:
        os.kill(killed.guard, signal.SIGKILL)
        killed.kill()
        assert killed.living()

        with (
            starter(tmp_path) as again,
            psycopg.connect(again.env["DATABASE_URL"]) as connection,
        ):
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_pid_file_that_names_a_stranger_harms_nobody(
    start_stack: StartStack, tmp_path: Path
) -> None:
    with start_stack(tmp_path):
        pass
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "pg" / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n", "ascii")

        with start_stack(tmp_path) as services:
            psycopg.connect(services.env["DATABASE_URL"]).close()

        assert stranger.poll() is None
        stranger.kill()


def test_children_of_children_end_with_the_guard() -> None:
    with guarded() as guard:
        child = guard.spawn("a shell", ["sh", "-c", "sleep 60 & wait"])

    assert child.process.wait(10) == -signal.SIGINT


def test_the_last_started_is_ended_first(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with guarded() as guard:
        for name in ("store", "server"):
            told = f"trap 'sleep 0.1; echo {name} >> {ends}; exit' INT; echo up; sleep 60 & wait"
            guard.spawn(name, ["sh", "-c", told], log=tmp_path / name)
            _await_text(tmp_path / name, "up")

    assert ends.read_text("utf-8").split() == ["server", "store"]


def test_a_child_that_ignores_polite_signals_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with guarded() as guard:
        deaf = ["sh", "-c", "trap '' INT TERM QUIT; echo deaf; sleep 60"]
        child = guard.spawn("deaf", deaf, log=log)
        _await_text(log, "deaf")

        guard.end(child, patience_s=0.1)

        assert child.process.poll() == -signal.SIGKILL


def _await_text(log: Path, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in log.read_text("utf-8"):
        assert time.monotonic() < deadline
