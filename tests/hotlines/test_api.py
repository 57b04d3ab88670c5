"""The directory for programs: over HTTP, without a session, and without what stands behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from timeit import repeat
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from jsonschema import Draft202012Validator

from config.api import api
from realtime.hotlines import answers
from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.facts import Check
from tests.hotlines.samples import NOW, a_directory, a_line

DOCUMENT = api.get_openapi_schema(path_prefix="/api/v1/")
HOTLINES, OFFLINE = "/api/v1/hotlines", "/api/v1/hotlines/offline/{country}"


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[None]:
    """Postgres is gone, for all of these tests: the directory is what the process holds."""
    monkeypatch.setattr("realtime.hotlines.queries._PAUSE_S", 3600.0)

    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def client(settings: Any) -> Client:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    return Client(headers={"Host": "127.0.0.1"})


def promised(path: str, status: int) -> Draft202012Validator:
    schema = DOCUMENT["paths"][path]["get"]["responses"][status]["content"]["application/json"]
    return Draft202012Validator({**schema["schema"], "components": DOCUMENT["components"]})


def ids(client: Client, asked: str) -> list[str]:
    return [line["id"] for line in client.get(f"{HOTLINES}?{asked}").json()["lines"]]


def test_a_country_and_a_specialty_give_the_cards_lines(
    client: Client, packaged: Directory
) -> None:
    answer = client.get(HOTLINES, {"country": "GB", "specialty": "suicide"})

    card = packaged.find(HotlineQuery("GB", ("suicide",)), now=NOW).as_json()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert [line["id"] for line in answer.json()["lines"][:2]] == ["gb-samaritans", "gb-shout"]
    assert {**answer.json(), "lines": []} == {**card, "lines": []}


def test_the_answer_is_as_the_document_promises(client: Client) -> None:
    for country in ("GB", "TR", "BE"):
        promised(HOTLINES, 200).validate(client.get(HOTLINES, {"country": country}).json())


def test_who_speaks_the_language_or_takes_the_channel_comes_first(client: Client) -> None:
    dutch = ids(client, "country=BE&specialty=suicide&language=nl")
    written = ids(client, "country=GB&specialty=general-emotional-support&channel=sms")

    assert dutch[:2] == ["be-zelfmoordlijn", "be-cps"]
    assert written[:2] == ["gb-shout", "gb-samaritans"]


def test_lines_for_a_group_come_when_it_is_named(client: Client) -> None:
    assert "us-veterans-crisis-line" not in ids(client, "country=US&limit=50")
    assert "us-veterans-crisis-line" in ids(client, "country=US&audience=veterans")


def test_more_than_five_are_given_when_asked_for(client: Client) -> None:
    assert len(ids(client, "country=IN&limit=50")) > 5
    assert len(ids(client, "country=IN")) == 5


def test_usual_names_and_cases_are_understood(client: Client) -> None:
    asked = {"country": "uk", "language": "pt_br"}

    assert client.get(HOTLINES, asked).json()["country"] == "GB"


def test_without_a_country_there_is_only_the_international_directory(client: Client) -> None:
    answer = client.get(HOTLINES).json()

    assert (answer["country"], answer["lines"], answer["emergency"]) == (None, [], None)
    assert answer["international"]["href"] == "https://findahelpline.com/"


@pytest.mark.parametrize(
    ("asked", "name", "known"),
    [
        ("country=XX", "country", "GB"),
        ("country=GB&specialty=weather", "specialty", "suicide"),
        ("country=GB&specialty=suicide&specialty=weather", "specialty", "crisis"),
        ("country=GB&audience=cats", "audience", "veterans"),
        ("country=GB&language=klingonese", "language", "cy"),
        ("country=GB&channel=pigeon", "channel", "sms"),
        ("country=GB&need=suicide", "parameter", "specialty"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(
    client: Client, asked: str, name: str, known: str
) -> None:
    answer = client.get(f"{HOTLINES}?{asked}")

    assert answer.status_code == 422
    promised(HOTLINES, 422).validate(answer.json())
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["message"].startswith(f"{name}: not known here")
    assert known in answer.json()["known"]


@pytest.mark.parametrize("asked", ["limit=0", "limit=51", "limit=many", f"country={'x' * 100}"])
def test_what_cannot_be_is_refused(client: Client, asked: str) -> None:
    answer = client.get(f"{HOTLINES}?{asked}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"


@pytest.mark.parametrize("path", [f"{HOTLINES}?country=GB", OFFLINE.format(country="GB")])
def test_an_answer_that_did_not_change_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    other = client.get(path, headers={"If-None-Match": '"other"'})

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert again.content == b""
    assert again["ETag"] == first["ETag"]
    assert "public" in first["Cache-Control"]
    assert "Cookie" not in first.get("Vary", "")
    assert not first.cookies


def test_an_offline_copy_has_the_first_lines_their_dates_and_the_words(client: Client) -> None:
    answer = client.get(OFFLINE.format(country="gb"))

    copy = answer.json()
    assert answer["ETag"] == f'"{copy["version"]}"'
    assert copy["lines"][0]["id"] == "gb-samaritans"
    assert copy["lines"][0]["freshness"].startswith("listed by ")
    assert copy["texts"]["danger"] == "In danger right now? Call 999."
    assert copy["texts"]["noCrisisLine"] is None
    assert {line["openNow"] for line in copy["lines"]} == {None}


def test_every_country_has_a_small_offline_copy(packaged: Directory) -> None:
    shape = promised(OFFLINE, 200)

    for code in packaged.countries:
        content, _ = answers.offline_copy(packaged, code, now=NOW)
        shape.validate(json.loads(content))
        assert len(content) < 8_000, code


def test_an_offline_copy_owns_up_where_no_crisis_line_is_known(client: Client) -> None:
    texts = client.get(OFFLINE.format(country="TR")).json()["texts"]

    assert "no suicide or crisis line for Türkiye" in texts["noCrisisLine"]
    assert texts["danger"] == "In danger right now? Call 112."


def test_the_copy_of_no_country_is_refused_with_those_there_are(client: Client) -> None:
    answer = client.get(OFFLINE.format(country="XX"))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "GB" in answer.json()["known"]


def test_a_copys_version_is_another_when_its_lines_change() -> None:
    line = a_line(pair="two")
    checked = a_line(pair="two", checked=Check(NOW.date(), "by phone"))

    content, version = answers.offline_copy(a_directory(line), "GB", now=NOW)
    new, other = answers.offline_copy(a_directory(checked), "GB", now=NOW)
    assert version != other
    assert json.loads(content)["lines"][0]["checkedOn"] is None
    assert json.loads(new)["lines"][0]["checkedOn"] == "2026-11-23"
    assert (
        answers.offline_copy(a_directory(checked), "FR", now=NOW)[1]
        == (answers.offline_copy(a_directory(line), "FR", now=NOW)[1])
    )


def test_an_answer_costs_little(packaged: Directory) -> None:
    def ask() -> None:
        packaged.find(HotlineQuery("US", ("suicide",)), now=NOW, most=50).as_json()

    assert min(repeat(ask, number=10, repeat=5)) / 10 < 0.02
