from __future__ import annotations

import pytest

from realtime.provider.config import DEFAULT_MODEL, ProviderConfig


def test_nothing_but_a_key_means_openai_and_the_default_model() -> None:
    config = ProviderConfig("k")

    assert config.resolved_base_url == "https://api.openai.com/v1"
    assert config.resolved_model == DEFAULT_MODEL


@pytest.mark.parametrize(
    ("base_url", "wire", "host"),
    [
        ("", "responses", "api.openai.com"),
        ("https://eu.api.openai.com/v1", "responses", "eu.api.openai.com"),
        ("https://api.openai.com.example.org/v1", "chat", "api.openai.com.example.org"),
        ("http://localhost:11434/v1", "chat", "localhost:11434"),
        ("http://user:secret@llm.example.org/v1", "chat", "llm.example.org"),
    ],
)
def test_the_wire_and_the_host_follow_the_address(base_url: str, wire: str, host: str) -> None:
    config = ProviderConfig("k", base_url)

    assert (config.resolved_wire, config.host) == (wire, host)


def test_a_wire_that_was_chosen_stays() -> None:
    assert ProviderConfig("k", wire="chat").resolved_wire == "chat"


@pytest.mark.parametrize(
    "base_url", ["localhost:11434", "ftp://x/v1", "http://", "http://[::1/v1", "http://x:99999/v1"]
)
def test_an_address_that_makes_no_sense_is_refused_by_name(base_url: str) -> None:
    with pytest.raises(ValueError, match="OPENAI_BASE_URL"):
        ProviderConfig("k", base_url)


def test_the_key_is_never_shown() -> None:
    assert "sk-secret" not in repr(ProviderConfig("sk-secret"))


def test_the_key_is_taken_out_of_what_a_server_said() -> None:
    assert ProviderConfig("sk-secret").without_key("a sk-secret b sk-secret") == "a *** b ***"


@pytest.mark.parametrize("key", ["", "key", "sevenxx"])
def test_a_key_as_short_as_a_word_stays(key: str) -> None:
    assert ProviderConfig(key).without_key("the key sevenxx") == "the key sevenxx"


@pytest.mark.parametrize(
    ("base_url", "loopback"),
    [("", False), ("http://127.0.0.1:1/v1", True), ("http://[::1]/v1", True)],
)
def test_ones_own_machine_is_known(base_url: str, loopback: bool) -> None:
    assert ProviderConfig("k", base_url).is_loopback is loopback
