from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env_bool, env_choice, env_float, env_int, env_list, env_secret, env_str


def test_blank_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOB", "  ")

    assert env_str("KNOB", "default") == "default"
    assert env_bool("KNOB", default=True)
    assert env_int("KNOB", default=7) == 7
    assert env_float("KNOB", default=0.5) == 0.5
    assert env_choice("KNOB", choices=("a", "b"), default="b") == "b"
    assert env_list("KNOB") == []


@pytest.mark.parametrize(("raw", "meant"), [("on", True), ("YES", True), ("off", False)])
def test_a_switch_is_read_in_words(raw: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOB", raw)

    assert env_bool("KNOB", default=not meant) is meant


def test_a_switch_that_says_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOB", "maybe")

    with pytest.raises(ImproperlyConfigured, match="KNOB='maybe': say on or off"):
        env_bool("KNOB", default=False)


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("hidden\n")
    monkeypatch.setenv("KNOB_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("KNOB", "")

    assert env_secret("KNOB") == "hidden"


def test_a_secret_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOB_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("KNOB", "shown")

    with pytest.raises(ImproperlyConfigured, match="KNOB and KNOB_FILE are both set"):
        env_secret("KNOB")


def test_a_secret_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOB_FILE", str(tmp_path / "none"))

    with pytest.raises(ImproperlyConfigured, match=r"KNOB_FILE=.*none: No such file"):
        env_secret("KNOB")
