from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.devtools.say import Trouble
from tests.devtools.conftest import StartStack
from tests.support.starter import command_lines

pytestmark = pytest.mark.process


def test_both_answer_at_their_addresses(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path) as services:
        with psycopg.connect(services.env["DATABASE_URL"]) as connection:
            encoding = connection.execute("show server_encoding").fetchone()
        with redis.Redis.from_url(services.env["REDIS_URL"]) as client:
            answered = client.ping()

    assert encoding == ("UTF8",)
    assert answered


def test_a_wrong_password_opens_no_postgres(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path) as services:
        url = urlsplit(services.env["DATABASE_URL"])
        wrong = f"postgres://{url.username}:wrong@127.0.0.1:{url.port}/postgres"

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_valkey_asks_for_its_password(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path) as services:
        port = urlsplit(services.env["REDIS_URL"]).port

        with (
            redis.Redis(port=port or 0, protocol=2, retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(redis.AuthenticationError, match="Authentication required"),
        ):
            client.ping()


def test_both_listen_on_this_machine_only(start_stack: StartStack, tmp_path: Path) -> None:
    with (
        start_stack(tmp_path) as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
        redis.Redis.from_url(services.env["REDIS_URL"]) as client,
    ):
        listening = connection.execute("show listen_addresses").fetchone()
        sockets = connection.execute("show unix_socket_directories").fetchone()
        bound = client.config_get("bind")

    assert (listening, sockets, bound) == (("127.0.0.1",), ("",), {"bind": "127.0.0.1"})


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_no_command_line_tells_a_password(
    name: str, start_stack: StartStack, tmp_path: Path
) -> None:
    with start_stack(tmp_path) as services:
        password = urlsplit(services.env[name]).password
        # Valkey rewrites its own line once it is up: what it was started with counts too.
        seen = command_lines() + str([child.process.args for child in services.children])

    assert password
    assert "postgres" in seen
    assert password not in seen


def test_data_and_password_are_closed_to_others(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path):
        modes = [path.stat().st_mode & 0o777 for path in _private_places(tmp_path)]

    assert modes == [0o700, 0o700, 0o600]


def _private_places(base: Path) -> list[Path]:
    return [base / "pg", base / "pg" / "data", base / "pg" / "password"]


def test_what_was_written_outlives_a_restart(start_stack: StartStack, tmp_path: Path) -> None:
    with (
        start_stack(tmp_path) as services,
        psycopg.connect(services.env["DATABASE_URL"], autocommit=True) as connection,
    ):
        connection.execute("create table kept as select 7 as number")

    with (
        start_stack(tmp_path) as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_second_stack_runs_beside_the_first(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path / "one") as one, start_stack(tmp_path / "two") as two:
        with psycopg.connect(one.env["DATABASE_URL"]) as connection:
            first = connection.execute("show data_directory").fetchone()
        with psycopg.connect(two.env["DATABASE_URL"]) as connection:
            second = connection.execute("show data_directory").fetchone()

    assert first != second


def test_a_path_with_spaces_and_quotes_works(start_stack: StartStack, tmp_path: Path) -> None:
    with (
        start_stack(tmp_path / 'it\'s a "long" path') as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)


def test_data_of_another_major_are_refused(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path):
        pass
    (tmp_path / "pg" / "data" / "PG_VERSION").write_text("12\n", "ascii")

    with pytest.raises(Trouble, match=r"made by Postgres 12, this one is \d\d: .*PG_BIN"):
        start_stack(tmp_path).__enter__()


def test_a_lost_password_is_said_in_one_line(start_stack: StartStack, tmp_path: Path) -> None:
    with start_stack(tmp_path):
        pass
    (tmp_path / "pg" / "password").unlink()

    with pytest.raises(Trouble, match=r"password is lost: move .* away"):
        start_stack(tmp_path).__enter__()


@pytest.mark.parametrize(
    ("lost", "line"),
    [
        ("PG_VERSION", r"/data is no whole Postgres: bring .*/pg back from a backup, or move it"),
        (
            "global/pg_control",
            r'^Postgres did not start: could not open file ".*: bring .*/pg back',
        ),
        ("pg_wal", r"^Postgres did not start: .*pg_wal.*: bring .*/pg back from a backup"),
        ("postgresql.conf", r"configuration file .*: bring .*/pg back from a backup, or move it"),
    ],
)
def test_data_that_lost_a_part_are_said_in_one_line(
    lost: str, line: str, start_stack: StartStack, tmp_path: Path
) -> None:
    with start_stack(tmp_path):
        pass
    (tmp_path / "pg" / "data" / lost).rename(tmp_path / "lost")

    with pytest.raises(Trouble, match=line):
        start_stack(tmp_path).__enter__()


def test_data_a_backup_opened_to_others_are_closed_again(
    start_stack: StartStack, tmp_path: Path
) -> None:
    with start_stack(tmp_path):
        pass
    (tmp_path / "pg" / "data").chmod(0o755)

    with start_stack(tmp_path):
        assert (tmp_path / "pg" / "data").stat().st_mode & 0o777 == 0o700


def test_a_cluster_half_made_is_made_anew(start_stack: StartStack, tmp_path: Path) -> None:
    half = tmp_path / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", "ascii")

    with (
        start_stack(tmp_path) as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.fixture
def no_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that forbids user namespaces, as containers do."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "unshare").write_text("#!/bin/sh\nexit 1\n", "ascii")
    (programs / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_a_closed_folder_will_do(
    start_stack: StartStack, tmp_path: Path
) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)

    with (
        start_stack(closed / "checkout") as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_an_open_folder_will_do(start_stack: StartStack) -> None:
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        with (
            start_stack(Path(open_folder)) as services,
            psycopg.connect(services.env["DATABASE_URL"]) as connection,
        ):
            assert connection.execute("select 1").fetchone() == (1,)


def test_data_change_hands_with_who_runs_them(
    start_stack: StartStack, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with start_stack(tmp_path / "data"):
        pass
    request.getfixturevalue("no_namespaces")

    with (
        start_stack(tmp_path / "data") as services,
        psycopg.connect(services.env["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)
