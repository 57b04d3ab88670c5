from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from realtime.chat.answering import configured_model
from realtime.chat.views import page_assets, page_config


@pytest.fixture
def here(settings: Settings, db: None) -> Settings:
    """Settings with no model at all."""
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = settings.REHEARSAL_URL = ""
    return settings


def test_the_page_names_the_model_and_its_host(here: Settings) -> None:
    here.OPENAI_BASE_URL = "http://127.0.0.1:11434/v1"
    here.OPENAI_MODEL = "a-model"

    assert page_config()["model"] == {
        "name": "a-model",
        "provider": "127.0.0.1:11434",
        "host": "127.0.0.1:11434",
        "rehearsal": False,
    }


def test_openai_is_named_as_such(here: Settings) -> None:
    here.OPENAI_API_KEY = "key"

    assert page_config()["model"]["provider"] == "OpenAI"


def test_the_demo_answers_only_where_it_is_allowed(here: Settings) -> None:
    here.REHEARSAL_URL = "http://127.0.0.1:9/v1"
    here.ALLOW_REHEARSAL = False
    assert configured_model() is None

    here.ALLOW_REHEARSAL = True
    assert page_config()["model"]["rehearsal"] is True
    assert "Find me a helpline" in page_config()["suggestions"]


def test_a_key_goes_before_the_demo(here: Settings) -> None:
    here.REHEARSAL_URL, here.ALLOW_REHEARSAL = "http://127.0.0.1:9/v1", True
    here.OPENAI_API_KEY = "key"

    assert page_config()["suggestions"] == []
    assert page_config()["model"]["rehearsal"] is False


def test_without_a_model_the_page_knows_that_nobody_answers(here: Settings) -> None:
    assert page_config()["model"] is None


@pytest.mark.django_db
def test_a_page_that_was_not_built_leads_to_help(
    here: Settings, tmp_path: Path, client: Client
) -> None:
    here.FRONTEND_DIST = tmp_path

    body = client.get("/", headers={"Host": "127.0.0.1"}).content.decode()

    assert page_assets() == {"js": None, "css": []}
    assert 'href="/help"' in body


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("languages", "shown"),
    [
        ("en-GB,en-US;q=0.9", "Lines for United Kingdom"),
        ("en;q=0.5, de-AT", "Lines for Austria"),
        ("fr,en-US;q=0.8", "for many countries"),
        ("", "for many countries"),
        ("x" * 9_000, "for many countries"),
    ],
)
def test_the_page_without_script_shows_help_for_the_first_language_s_country(
    client: Client, languages: str, shown: str
) -> None:
    answer = client.get("/", headers={"Host": "127.0.0.1", "Accept-Language": languages})

    assert shown in answer.content.decode()
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/help"])
def test_pages_have_a_strict_policy_and_no_inline_script(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "127.0.0.1"})
    body = answer.content.decode()

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in body
    assert "onclick" not in body


@pytest.mark.django_db
@pytest.mark.parametrize("country", ["GB", "gb", "XX", "", "<b>", "x" * 5_000, "\x00"])
def test_help_answers_for_any_country(client: Client, country: str) -> None:
    answer = client.get("/help", {"country": country}, headers={"Host": "127.0.0.1"})

    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode()


def test_pages_are_only_read(client: Client) -> None:
    assert client.post("/", headers={"Host": "127.0.0.1"}).status_code in (403, 405)


def test_the_page_knows_how_long_a_message_may_be(here: Settings) -> None:
    here.MAX_MESSAGE_BYTES = 4_000

    assert page_config()["maxMessageBytes"] == 4_000
