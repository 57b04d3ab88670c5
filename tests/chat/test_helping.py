"""Help for whoever writes of danger: on the wire, whatever else works or does not."""

from __future__ import annotations

import asyncio
import json
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import AsyncClient
from django.utils import timezone

from realtime.accounts import queries as accounts_queries
from realtime.accounts.models import ClientToken
from realtime.chat import helping
from realtime.chat.found import found_in
from realtime.chat.helping import Aid, Card
from realtime.chat.protocol import Inbound, RunAgentInput, Say, parse
from realtime.safety.screen import MAX_CHARACTERS, Screening, screen
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Gate, Stall, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, database_url, http
from tests.support.tcp_proxy import tcp_proxy

GRAVE = "I do not want to live any more. I want to die."
UK = {"country": "GB"}


def frame(text: str, **props: str) -> RunAgentInput:
    message = {"id": "m", "role": "user", "content": text}
    forwarded = {"kindline": props}
    sent = {"threadId": "t", "runId": "r1", "messages": [message], "forwardedProps": forwarded}
    asked = parse(json.dumps(sent))
    assert isinstance(asked, RunAgentInput)
    return asked


async def card_of(frame: Inbound) -> Card | None:
    return (await helping.aid_of(frame, person=1)).card


async def refused(me: ChatClient, code: str) -> dict[str, Any]:
    """The refusal of this code; on a busy machine one for late storage may come before it."""
    await me.wait(lambda: any(refusal["code"] == code for refusal in me.refusals))
    return next(refusal for refusal in me.refusals if refusal["code"] == code)


def help_in(refusal: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = refusal["metadata"]["kindline"].get("help")
    return found


async def test_a_card_has_the_lines_of_the_persons_country_and_the_runs_name() -> None:
    card = await card_of(frame(GRAVE, country="GB"))

    assert card is not None
    assert (card["cardId"], card["level"], card["reason"]) == ("r1", "crisis", "message")
    assert card["country"] == "GB"
    assert card["lines"][0]["name"] == "Samaritans"
    assert {"service": "general", "number": "999", "href": "tel:999"} in card["emergency"][
        "numbers"
    ]


@pytest.mark.parametrize(
    ("country", "locale", "first"),
    [
        ("BE", "nl-BE", "be-zelfmoordlijn"),
        ("BE", "fr-BE", "be-cps"),
        ("BE", "en-GB", "be-cps"),  # the country's lead: English is no language of it
        ("US", "es-US", "us-988"),
        ("GB", "cy-GB", "gb-samaritans"),  # what would come first speaks no Welsh either
        ("IN", "gu-IN", "in-tele-manas"),  # nobody told its languages
        ("GB", "not a locale", "gb-samaritans"),
    ],
)
async def test_a_language_of_the_country_decides_between_its_lines(
    country: str, locale: str, first: str
) -> None:
    card = await card_of(frame(GRAVE, country=country, locale=locale))

    assert card is not None
    assert card["lines"][0]["id"] == first


@pytest.mark.django_db(transaction=True)
async def test_the_card_says_what_to_ask_for_another_country(directory: None) -> None:
    card = await card_of(frame("I am 15 and I keep hurting myself.", country="GB"))
    assert card is not None
    assert (card["needs"], card["audiences"]) == (["self-harm", "crisis"], ["youth"])

    asked = {"country": "US", "specialty": card["needs"], "audience": card["audiences"]}
    answer = await AsyncClient().get("/api/v1/hotlines", asked)

    assert answer.status_code == 200
    found = answer.json()
    assert (found["country"], found["needs"]) == ("US", card["needs"])
    assert "youth" in {group for line in found["lines"] for group in line["audiences"]}


async def test_reviewers_can_read_the_card() -> None:
    found = found_in(await card_of(frame(GRAVE, country="GB")) or {})

    assert found is not None
    assert (found.country, found.lines[0].name) == ("United Kingdom", "Samaritans")
    assert found.lines[0].contacts[0] == "Call: 116 123"
    assert "general: 999" in found.emergency


async def test_a_time_zone_and_a_region_that_differ_are_two_choices() -> None:
    card = await card_of(frame(GRAVE, timeZone="Europe/London", locale="en-US"))

    assert card is not None
    assert (card["country"], card["choices"]) == (None, ["GB", "US"])
    assert card["international"]["href"] == "https://findahelpline.com/"


async def test_without_any_sign_of_a_place_the_international_directory_helps() -> None:
    card = await card_of(Say(text=GRAVE))

    assert card is not None
    assert card["lines"] == []
    assert card["international"]["href"] == "https://findahelpline.com/"


@pytest.mark.parametrize("text", ["hello", "I am dying to see you", "I do not want to die."])
async def test_ordinary_words_call_for_no_card(text: str) -> None:
    assert await card_of(frame(text, country="GB")) is None


async def test_a_defect_of_the_screen_costs_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr(helping, "screen", broken)

    assert await card_of(frame(GRAVE)) is None


# --- of many long messages at once -----------------------------------------------------------

FILLER = "We talked of this and of that for a long time. " * 400
LONGEST = FILLER[: MAX_CHARACTERS - len(GRAVE) - 1] + " " + GRAVE


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of more than 1,000 characters in the order in which they were read."""
    read: list[str] = []

    def noted(text: str) -> Screening:
        if len(text) > 1_000:
            read.append(text)
        return screen(text)

    monkeypatch.setattr(helping, "screen", noted)
    return read


def level_and_words(aid: Aid, text: str) -> tuple[str, str]:
    start, end = aid.found.span or (0, 0)
    return aid.found.level, text[start:end]


async def test_a_flood_of_long_messages_comes_before_nobody_and_loses_none(
    whole: list[str],
) -> None:
    theirs = f"{FILLER[:1_200]} {GRAVE} {FILLER[:1_200]}"  # nothing at its ends

    *flood, other = await asyncio.gather(
        *(helping.aid_of(frame(LONGEST, country="GB"), person=1) for _ in range(30)),
        helping.aid_of(frame(theirs, country="GB"), person=2),
    )

    assert whole == [LONGEST, theirs]
    assert (other.card or {})["lines"][0]["name"] == "Samaritans"
    assert all(aid.card for aid in flood)
    [said] = {level_and_words(aid, LONGEST) for aid in flood}
    assert said[0] == "crisis"
    assert said[1] in GRAVE


async def test_of_all_together_only_so_much_waits(whole: list[str]) -> None:
    asked = [helping.aid_of(frame(LONGEST), person=person) for person in range(20)]

    aids = await asyncio.gather(*asked)
    again = await helping.aid_of(frame(LONGEST), person=20)

    assert all(aid.card for aid in [*aids, again])
    assert len(whole) == 8 + 1, "and there is room again when they were read"


async def test_who_is_young_may_say_so_at_the_other_end_of_a_text(whole: list[str]) -> None:
    young = f"I'm 14. {LONGEST}"

    card, plain = helping.card_now(frame(young)), helping.card_now(frame(LONGEST))

    assert card is not None
    assert plain is not None
    assert ("youth" in card["audiences"], whole) == (True, [])
    assert "youth" not in plain.get("audiences", [])


@pytest.mark.process
async def test_the_card_is_there_while_the_model_hangs(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    model.play(says(Stall()))

    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit(GRAVE, "t1", props=UK)
        await me.wait(lambda: len(me.view("t1").events) >= 2)

    started, card = me.view("t1").events[:2]
    assert started["type"] == "RUN_STARTED"
    assert (card["type"], card["name"]) == ("CUSTOM", "kindline.help")
    assert card["value"]["cardId"] == run_id
    assert card["value"]["lines"][0]["name"] == "Samaritans"


@pytest.mark.process
async def test_a_reload_shows_the_card_after_its_message(
    app: AppServer, headers: dict[str, str], directory: None
) -> None:
    async with ChatClient(app.url, headers) as me:
        await me.submit(GRAVE, "t1", message_id="m1", props=UK)
        await me.finished("t1")
    async with ChatClient(app.url, headers, "?threadId=t1") as me:
        await me.wait(lambda: me.view("t1").snapshots == 1)

    [snapshot] = [f for f in me.frames if f.get("type") == "snapshot"]
    [notice, told] = snapshot["notices"]
    assert (notice["id"], notice["afterMessageId"]) == ("1-2", "m1")
    assert (notice["name"], notice["value"]["country"]) == ("kindline.help", "GB")
    assert (told["id"], told["name"]) == ("1-3", "kindline.disclosure")


@pytest.mark.process
async def test_a_busy_thread_refuses_with_help_in_the_refusal(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as me:
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        await me.submit("just wait", "t1", props=UK)
        plain = await refused(me, "thread_busy")
        me.refusals.clear()
        run_id = await me.submit(GRAVE, "t1", props=UK)
        card = help_in(await refused(me, "thread_busy"))
        gate.open()
        await me.finished("t1")

    assert help_in(plain) is None
    assert card is not None
    assert (card["cardId"], card["lines"][0]["name"]) == (run_id, "Samaritans")


@pytest.mark.process
async def test_a_rate_limit_never_silences_help(
    transactional_db: None, directory: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    limits = {"SUBMITS_BURST": "1", "SUBMITS_PER_MINUTE": "1"}
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, **limits) as server:
        headers = await asyncio.to_thread(client_token, server)
        async with ChatClient(server.url, headers) as me:
            await me.submit("hello", "t1")
            await me.submit(GRAVE, "t2", props=UK)
            refusal = await refused(me, "rate_limited")

    assert refusal["metadata"]["kindline"]["retryAfterMs"] > 0
    assert help_in(refusal) is not None


@pytest.mark.process
async def test_a_message_that_is_too_long_is_refused_with_help(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with ChatClient(app.url, headers) as me:
        await me.submit(GRAVE + " and so on" * 2_000, "t1", props=UK)
        refusal = await refused(me, "invalid_input")

    assert help_in(refusal) is not None


@pytest.mark.process
async def test_with_storage_gone_the_refusal_brings_help_and_says_when_to_come_again(
    transactional_db: None, directory: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    async with tcp_proxy(database_url()) as (postgres, url):
        own = {"OPENAI_BASE_URL": model.base_url, "DATABASE_URL": url}
        async with AppServer(server_log, **own) as server:
            headers = await asyncio.to_thread(client_token, server)
            async with ChatClient(server.url, headers) as me:
                postgres.leave()
                await me.submit(GRAVE, "t1", props=UK)
                await me.wait(lambda: bool(me.refusals))
            postgres.away = False

    about = me.refusals[0]["metadata"]["kindline"]
    assert me.refusals[0]["code"] == "storage_unavailable"
    assert (about["retryable"], about["retryAfterMs"]) == (True, 2_000)
    assert about["help"]["lines"][0]["name"] == "Samaritans"


@pytest.mark.process
async def test_help_does_not_wait_for_a_storage_that_has_gone_mute(
    transactional_db: None, directory: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    """The bridge gives up after ten seconds; the card comes after a scaled one."""
    async with tcp_proxy(database_url()) as (postgres, url):
        own = {"OPENAI_BASE_URL": model.base_url, "DATABASE_URL": url}
        async with AppServer(server_log, **own) as server:
            headers = await asyncio.to_thread(client_token, server)
            async with ChatClient(server.url, headers) as me:
                postgres.freeze()
                await me.submit("hello", "t1", props=UK)
                await me.submit(GRAVE, "t1", props=UK)
                await me.wait(lambda: bool(me.refusals))
                first = me.refusals[0]
                postgres.leave()
            postgres.away = False

    assert first["code"] == "storage_unavailable"
    assert help_in(first) is not None


async def test_help_comes_over_http_though_storage_is_away_at_the_door(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("x")

    monkeypatch.setattr(accounts_queries, "identify", away)
    message = {"id": "m", "role": "user", "content": GRAVE}
    asked = {"threadId": "t", "runId": "r", "messages": [message]}

    answer = await async_client.post("/api/v1/agui", asked, content_type="application/json")

    told = answer.json()
    assert (answer.status_code, told["code"], told["retryable"]) == (
        503,
        "storage_unavailable",
        True,
    )
    assert told["help"]["level"] == "crisis"


def asked(**said: Any) -> dict[str, Any]:
    message = {"id": "m", "role": "user", "content": GRAVE}
    return {"threadId": "t", "runId": "r", "messages": [message], **said}


async def test_who_is_not_signed_in_is_refused_over_http_with_help(
    async_client: AsyncClient, transactional_db: None
) -> None:
    answer = await async_client.post("/api/v1/agui", asked(), content_type="application/json")

    told = answer.json()
    assert (answer.status_code, told["code"], told["retryable"]) == (401, "unauthenticated", False)
    assert told["help"]["level"] == "crisis"


async def test_of_a_strangers_huge_body_nothing_is_read(
    async_client: AsyncClient, transactional_db: None
) -> None:
    body = asked(state="x" * 300_000)

    answer = await async_client.post("/api/v1/agui", body, content_type="application/json")

    assert (answer.status_code, "help" in answer.json()) == (401, False)


# What a client of one's own may send besides a message; each is wrong, and the message readable.
UNFIT: list[dict[str, Any]] = [
    {"forwardedProps": {"kindline": {"ifBusy": "queue"}}},
    {"forwardedProps": {"kindline": {"country": 44}}},
    {"forwardedProps": {"kindline": {"\ud800": 1}}},
    {"forwardedProps": []},
    {"\ud800": "half a surrogate"},
    {"runId": "\ud800"},
    {"runId": "a b"},
]


@pytest.mark.process
@pytest.mark.parametrize("said", UNFIT)
async def test_a_message_that_is_wrong_beside_its_words_is_refused_with_help(
    said: dict[str, Any], app: AppServer, headers: dict[str, str]
) -> None:
    async with ChatClient(app.url, headers) as me:
        await me.send(json.dumps(asked(**said)))
        refusal = await refused(me, "invalid_input")
        await me.submit("and the next is heard", "t1")
        view = await me.finished("t1")

    assert help_in(refusal) is not None
    assert refusal["metadata"]["kindline"]["retryable"] is False
    assert view.outcome == "success"


@pytest.mark.process
@pytest.mark.parametrize("said", UNFIT)
async def test_it_is_so_over_http(
    said: dict[str, Any], app: AppServer, headers: dict[str, str]
) -> None:
    body = json.dumps(asked(**said)).encode()
    told = {**headers, "Content-Type": "application/json"}
    with pytest.raises(urllib.error.HTTPError) as answer:
        await asyncio.to_thread(http, "POST", f"{app.url}/api/v1/agui", headers=told, body=body)

    refusal = json.loads(answer.value.read())
    answer.value.close()
    assert (answer.value.code, refusal["code"]) == (422, "invalid_input")
    assert refusal["help"]["level"] == "crisis"


@pytest.mark.process
async def test_whose_token_was_revoked_is_given_help_before_the_socket_closes(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with ChatClient(app.url, headers) as me:
        await me.submit("hi", "t1")
        await me.finished("t1")
        await ClientToken.objects.aupdate(revoked_at=timezone.now())
        await me.submit(GRAVE, "t1", props=UK)
        refusal = await refused(me, "unauthenticated")
        assert me.socket is not None
        await me.socket.wait_closed()

    assert help_in(refusal) is not None
    assert refusal["metadata"]["kindline"]["retryable"] is True
    assert me.socket.close_code == 4401


@pytest.mark.parametrize("reason", ["message", "moderation", "reply", "model_down"])
async def test_an_american_browser_in_berlin_is_asked_and_not_sent_to_988(
    reason: helping.Reason,
) -> None:
    place = {"country": None, "timeZone": "Europe/Berlin", "locale": "en-US"}

    card = helping.offer(card_id="r1", place=place, level="crisis", reason=reason)

    assert (card["country"], card["choices"]) == (None, ["DE", "US"])
    assert "988" not in json.dumps(card)
    assert (card["reason"], card["level"]) == (reason, "crisis")
