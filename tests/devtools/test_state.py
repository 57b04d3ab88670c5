from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.devtools import state
from config.devtools.checkout import Checkout


def test_a_second_one_is_told_where_the_first_runs(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    first = state.Running(os.getpid(), "run", "http://127.0.0.1:8000")

    with (
        state.own_stack(checkout, first),
        pytest.raises(state.Busy, match=r"run already runs .* at http://127\.0\.0\.1:8000 \(pid"),
    ):
        state.own_stack(checkout, state.Running(os.getpid(), "run")).__enter__()


def test_a_port_its_own_first_one_listens_on_is_no_strangers(tmp_path: Path) -> None:
    state.publish(Checkout(tmp_path), state.Running(os.getpid(), "run", "http://127.0.0.1:8000"))

    state.refuse_second(Checkout(tmp_path), 8001)
    with pytest.raises(state.Busy, match="use that one, or stop it first"):
        state.refuse_second(Checkout(tmp_path), 8000)


def test_the_first_can_be_joined_once_its_services_are_up(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    starting = state.Running(os.getpid(), "run")

    with state.own_stack(checkout, starting):
        state.publish(checkout, state.Running(os.getpid(), "run", env={"REDIS_URL": "redis://"}))
        joined = state.once_up(checkout, starting)

    assert joined.env == {"REDIS_URL": "redis://"}


def test_what_a_killed_one_left_is_not_believed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    nobody = 2**22 + 1  # above the largest pid
    state.publish(checkout, state.Running(nobody, "run", "http://127.0.0.1:8000"))

    with state.own_stack(checkout, state.Running(os.getpid(), "run")) as held:
        assert held


def test_addresses_with_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    state.publish(Checkout(tmp_path), state.Running(1, "run", env={"REDIS_URL": "redis://:x@"}))

    assert (tmp_path / ".run" / "stack.json").stat().st_mode & 0o777 == 0o600
