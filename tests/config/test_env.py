from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    checked_key,
    checked_url,
    env_bool,
    env_choice,
    env_float,
    env_int,
    env_list,
    env_secret,
    env_str,
    without_user,
)


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


@pytest.mark.parametrize(
    ("raw", "said"), [("-1", "must be 0 or more"), ("8", "must be 7 or less")]
)
def test_a_number_out_of_bounds_is_refused(
    monkeypatch: pytest.MonkeyPatch, raw: str, said: str
) -> None:
    monkeypatch.setenv("KNOB", raw)

    with pytest.raises(ImproperlyConfigured, match=f"KNOB={raw}: {said}"):
        env_int("KNOB", default=7, least=0, most=7)


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


def test_a_secret_file_in_another_encoding_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_bytes("schl\u00fcssel".encode("latin-1"))
    monkeypatch.setenv("KNOB_FILE", str(tmp_path / "key"))

    with pytest.raises(ImproperlyConfigured, match=r"KNOB_FILE=.*key: is not UTF-8: save it"):
        env_secret("KNOB")


def test_an_empty_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("\n")
    monkeypatch.setenv("KNOB_FILE", str(tmp_path / "key"))

    with pytest.raises(ImproperlyConfigured, match=r"KNOB_FILE=.*key: the file is empty"):
        env_secret("KNOB")


def url(text: str) -> str:
    return checked_url("KNOB", text, schemes=("redis", "unix"), example="redis://host:port/0")


@pytest.mark.parametrize("given", ["", "redis://h", "redis://:p@h:1/0", "unix:///run/socket"])
def test_an_address_is_given_back(given: str) -> None:
    assert url(given) == given


@pytest.mark.parametrize("given", ["h:6379", "http://h", "redis://", "redis://h:x", "redis://h:0"])
def test_what_is_no_address_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^KNOB: say an address like redis://host"):
        url(given)


def test_a_refused_address_keeps_its_password_and_tells_how_to_write_it() -> None:
    with pytest.raises(ImproperlyConfigured, match="in a password, / is %2F") as refused:
        url("redis://:hid/den@h:1/0")

    assert "den" not in str(refused.value)


@pytest.mark.parametrize("user", ["joe:hidden", "hidden", ":hidden"])
def test_a_user_in_an_address_that_takes_none_is_refused_unshown(user: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^KNOB holds a user .*: use KEY") as refused:
        without_user("KNOB", f"https://{user}@h/v1", instead="KEY")

    assert "hidden" not in str(refused.value)


def test_an_at_sign_further_on_is_no_user() -> None:
    assert without_user("KNOB", "https://h/a@b/v1", instead="KEY") == "https://h/a@b/v1"


@pytest.mark.parametrize("key", ["two words", "schl\u00fcssel", "line\nbreak"])
def test_a_key_that_no_header_takes_is_refused_unshown(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^KNOB holds a blank or an odd letter") as odd:
        checked_key("KNOB", key)

    assert key not in str(odd.value)
