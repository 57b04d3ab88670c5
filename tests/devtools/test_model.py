"""The model's trial after a start: told once, and not paid for twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config.devtools import model as room
from config.devtools.checkout import Checkout
from config.devtools.environment import check_env
from config.devtools.processes import Warden
from tests.support.checkout import here
from tests.support.openai_scenarios import Call, refuses, says
from tests.support.openai_server import ThreadedOpenAIServer

pytestmark = pytest.mark.process

WORKS = (says(Call("word_of_the_day", '{"topic": "birds"}')), says("It is ", "kestrel."))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """This one's code, with a memory of its own."""
    for name in ("manage.py", "config", "realtime"):
        (tmp_path / name).symlink_to(here().root / name)
    return replace(here(), root=tmp_path)


def asked(server: ThreadedOpenAIServer, **given: str) -> dict[str, str]:
    return check_env() | {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "key"} | given


def tried(guard: Warden, checkout: Checkout, env: dict[str, str]) -> bool:
    """Whether it was tried at all."""
    trial = room.begin(guard, checkout, env)
    if trial is None:
        return False
    trial.child.process.wait()
    assert trial.over
    trial.tell()
    return True


def test_a_model_that_works_is_tried_once_and_anew_with_another_key_or_name(
    guard: Warden,
    checkout: Checkout,
    model: ThreadedOpenAIServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model.play(*WORKS)

    assert tried(guard, checkout, asked(model))
    assert not tried(guard, checkout, asked(model))
    assert "it answers and calls tools" in capsys.readouterr().err
    for name in ("OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_WIRE"):
        assert tried(guard, checkout, asked(model, **{name: "chat"})), name


def test_one_that_fails_is_told_aloud_and_tried_again(
    guard: Warden,
    checkout: Checkout,
    model: ThreadedOpenAIServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model.play(refuses(401, message="Bad key."), says("It is ", "kestrel."))

    assert tried(guard, checkout, asked(model))
    assert tried(guard, checkout, asked(model))
    told = capsys.readouterr().err
    assert told.count("MODEL DOES NOT WORK: ") == 2
    assert "refuses the key (401): set OPENAI_API_KEY to a key of" in told
    assert "answers without the tool it was told to call: set OPENAI_MODEL" in told


def test_a_key_that_the_server_repeats_is_neither_told_nor_kept(
    guard: Warden,
    checkout: Checkout,
    model: ThreadedOpenAIServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = "sk-made-up-0123456789"
    model.play(refuses(400, message=f"Received={key}"))

    assert tried(guard, checkout, asked(model, OPENAI_API_KEY=key))

    told = capsys.readouterr().err
    assert "Received=***" in told
    assert key not in told + (checkout.logs / "model.log").read_text("utf-8")


def test_the_demo_is_not_tried(guard: Warden, checkout: Checkout) -> None:
    assert not tried(guard, checkout, check_env() | {"REHEARSAL_URL": "http://127.0.0.1:1/v1"})
