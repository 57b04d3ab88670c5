"""/safety says what is set, and asks nobody for it."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from realtime.accounts import consenting
from realtime.accounts.models import User
from realtime.agent.prompt import PROMPT_VERSION
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import checks, safety_page
from realtime.chat.operations import Submission
from realtime.chat.promise import promise
from realtime.chat.refusals import Refusal
from realtime.chat.safety_page import contact_href, languages, render_safety, screen_version
from realtime.hotlines.facts import Check
from realtime.safety import rules
from tests.hotlines.samples import a_directory, a_line
from tests.support.engine import running_engine
from tests.support.runs import PLACE


@pytest.fixture
def here(settings: Settings) -> Settings:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = settings.REHEARSAL_URL = ""
    return settings


def words() -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", render_safety()))


def test_it_is_served_without_a_database(here: Settings, db: None) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        answer = Client(headers={"Host": "127.0.0.1"}).get("/safety")

    assert answer.status_code == 200
    assert "<script" not in answer.content.decode()
    assert not answer.cookies


def test_it_names_the_model_and_where_words_go(here: Settings) -> None:
    here.OPENAI_BASE_URL, here.OPENAI_MODEL = "https://model.example/v1", "a-model"

    said = words()

    assert "the model a-model" in said
    assert "goes to model.example" in said
    assert "Second look by the vendor: off" in said


def test_it_says_when_the_vendor_looks_too(here: Settings) -> None:
    here.OPENAI_API_KEY, here.MODERATION = "key", "on"

    assert "Second look by the vendor: on" in words()


def test_it_says_what_may_be_learnt_from_and_where_that_is_turned_on(here: Settings) -> None:
    said = words()

    assert "“Privacy”, below the chat" in said
    assert consenting.TITLE in said
    assert f"Wording {consenting.WORDS_VERSION}." in said


def test_it_says_so_where_nobody_is_asked(here: Settings) -> None:
    here.LEARN_FROM_CHATS = False

    assert "does not use what you write to train an AI" in words()
    assert consenting.TITLE not in words()


def test_the_demo_is_no_ai(here: Settings) -> None:
    here.ALLOW_REHEARSAL, here.REHEARSAL_URL = True, "http://127.0.0.1:9/v1"

    assert "It is not an AI and not support" in words()


def test_without_a_model_only_help_is_served(here: Settings) -> None:
    assert "Nobody and nothing answers here now" in words()


def test_it_tells_the_intervals_that_hold(here: Settings) -> None:
    assert "every 3 hours while you go on" in words()

    here.DISCLOSURE_HOURS, here.DISCLOSURE_MINOR_HOURS, here.DISCLOSURE_IDLE_DAYS = 2.0, 0.5, 1.0

    said = words()
    assert "every 2 hours while you go on, every 0.5 hours if you said" in said
    assert "after day without a word" not in said
    assert "after 1 day without a word" in said


def test_it_tells_how_long_chats_are_kept(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    here.RETENTION_DAYS = 14
    assert "kept for 14 days after its last message" in words()

    monkeypatch.setattr(promise, "_broken", True)  # as it was last seen
    assert "kept until somebody deletes it" in words()


def test_it_tells_the_versions_of_rules_and_instructions(here: Settings) -> None:
    said = words()

    assert f"Instructions to the AI: {PROMPT_VERSION}." in said
    assert f"Rules {screen_version()}, for:" in said
    assert {"English", "Spanish", "French", "German", "Portuguese", "Hindi"} <= set(languages())
    assert len(languages()) == len(list(rules.FOLDER.glob("*.json")))
    assert not any(len(name) == 2 for name in languages()), "a language without a name here"


def test_it_tells_who_checked_the_lines_and_when(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "have not checked any of them yet" in words()

    checked = a_line(checked=Check(date(2026, 11, 3), "called"))
    monkeypatch.setattr(safety_page, "directory_in_memory", lambda: a_directory(checked))

    assert "checked 1 of the lines, last on 2026-11-03" in words()


def test_it_tells_the_law_and_where_no_chat_is_offered(here: Settings) -> None:
    assert "not offered in" not in words()

    here.POLICY_PLACES, here.CLOSED_COUNTRIES = ["US-CA"], ["FR"]

    said = words()
    assert "keeps to the law of California" in said
    assert "The chat is not offered in: France." in said
    assert "AI Act, article 50 (in force 2026-08-02)" in said


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("safety@kind.example", "mailto:safety@kind.example"),
        ("https://kind.example/contact", "https://kind.example/contact"),
        ("javascript:alert(1)", None),
        ("call us on weekdays", None),
    ],
)
def test_it_tells_whom_to_ask(here: Settings, contact: str, href: str | None) -> None:
    here.OPERATOR_NAME, here.OPERATOR_CONTACT = "Kind People", contact

    said = render_safety()

    assert contact_href(contact) == href
    assert "Kind People" in said
    assert contact in said
    assert ('href="javascript' in said) is False


def test_settings_that_would_be_wrong_in_silence_are_told(settings: Settings) -> None:
    settings.POLICY_PLACES, settings.CLOSED_COUNTRIES = ["US-CA"], ["FR"]
    settings.OPERATOR_CONTACT = "safety@kind.example"
    assert checks.check_places() + checks.check_operator() == []

    settings.POLICY_PLACES, settings.CLOSED_COUNTRIES = ["California"], ["UK"]
    settings.OPERATOR_CONTACT = ""
    found = checks.check_places() + checks.check_operator()
    assert [one.id for one in found] == ["chat.E1", "chat.E2", "chat.W1"]


async def test_who_is_where_no_chat_is_offered_is_turned_away_with_help(
    settings: Settings, transactional_db: None
) -> None:
    settings.CLOSED_COUNTRIES = ["GB"]
    person = await User.objects.acreate(username="alice")
    there = Submission(person.pk, "t1", "r1", "m1", "hi", {**PLACE, "country": "GB"})
    elsewhere = Submission(person.pk, "t1", "r2", "m2", "hi", {**PLACE, "country": "IE"})

    async with running_engine(ScriptedModel(says("Hello."))) as engine:
        with pytest.raises(Refusal, match="not offered in United Kingdom") as refused:
            await engine.intake.submit(there)
        logged = await engine.intake.submit(elsewhere)

    assert refused.value.help is not None
    assert refused.value.help["lines"][0]["id"] == "gb-samaritans"
    assert logged.frames
