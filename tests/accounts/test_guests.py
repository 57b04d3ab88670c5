"""POST /guest: who gets in by cookie, and how long the cookie lives."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from http.cookies import Morsel

import pytest
from django.conf import settings as site
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.models import User
from tests.accounts.conftest import enter

pytestmark = pytest.mark.django_db

DAY_S = 24 * 3600


def told(client: Client, body: str = "") -> dict[str, object]:
    answer: dict[str, object] = json.loads(enter(client, body).content)
    return answer


def cookie(client: Client) -> Morsel[str]:
    morsel: Morsel[str] = client.cookies[site.SESSION_COOKIE_NAME]
    return morsel


def lives_on_the_server() -> timedelta:
    end: datetime = Session.objects.get().expire_date
    return end - timezone.now()


def test_a_browser_becomes_a_guest(browser: Client) -> None:
    answer = enter(browser)

    assert answer.status_code == 200
    assert json.loads(answer.content) == {"kind": "guest", "kept": False}
    assert answer["Cache-Control"] == "no-store"
    assert User.objects.get().kind == User.Kind.GUEST


def test_the_session_cookie_is_hidden_from_scripts_and_stays_at_home(browser: Client) -> None:
    enter(browser)

    assert cookie(browser)["httponly"]
    assert cookie(browser)["samesite"] == "Lax"


def test_a_guest_ends_with_the_browser_and_after_two_days_away(browser: Client) -> None:
    enter(browser)

    assert (cookie(browser)["max-age"], cookie(browser)["expires"]) == ("", "")
    assert timedelta(days=1.99) < lives_on_the_server() <= timedelta(days=2)


def test_a_kept_guest_lives_as_long_as_the_conversations(
    browser: Client, settings: Settings
) -> None:
    settings.RETENTION_DAYS = 7

    assert told(browser, '{"keep": true}') == {"kind": "guest", "kept": True}

    assert cookie(browser)["max-age"] == 7 * DAY_S
    assert timedelta(days=6.99) < lives_on_the_server() <= timedelta(days=7)


def test_without_an_end_of_conversations_a_kept_guest_lives_as_long_as_browsers_allow(
    browser: Client, settings: Settings
) -> None:
    settings.RETENTION_DAYS = 0

    enter(browser, '{"keep": true}')

    assert cookie(browser)["max-age"] == 400 * DAY_S


def test_a_guest_can_choose_to_be_kept_later(browser: Client) -> None:
    enter(browser)

    assert told(browser, '{"keep": true}')["kept"] is True

    assert cookie(browser)["max-age"] == 30 * DAY_S
    assert User.objects.count() == 1


def test_a_kept_guest_can_turn_back(browser: Client) -> None:
    enter(browser, '{"keep": true}')

    assert told(browser, '{"keep": false}')["kept"] is False

    assert cookie(browser)["max-age"] == ""
    assert lives_on_the_server() <= timedelta(days=2)
    assert User.objects.count() == 1


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("body", ["", "{}", "null", '{"keep": null}'])
def test_a_visit_without_a_word_on_it_leaves_the_choice(
    browser: Client, keep: bool, body: str
) -> None:
    enter(browser, json.dumps({"keep": keep}))

    assert told(browser, body)["kept"] is keep


@pytest.mark.parametrize(("keep", "days"), [(True, 30), (False, 2)])
def test_a_guest_who_comes_back_stays_the_same_and_lives_on(
    browser: Client, keep: bool, days: int
) -> None:
    enter(browser, json.dumps({"keep": keep}))
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    User.objects.update(last_login=timezone.now() - timedelta(days=1))

    enter(browser)

    assert lives_on_the_server() > timedelta(days=days - 0.01)
    last_visit = User.objects.get().last_login
    assert last_visit is not None
    assert last_visit > timezone.now() - timedelta(minutes=1)


def test_a_guest_whose_session_ended_becomes_a_new_one_who_is_not_kept(browser: Client) -> None:
    enter(browser, '{"keep": true}')
    Session.objects.all().delete()

    assert told(browser)["kept"] is False
    assert User.objects.count() == 2


@pytest.mark.parametrize("body", ["", '{"keep": false}'])
def test_an_account_stays_itself_and_logged_in_as_it_was(browser: Client, body: str) -> None:
    browser.force_login(User.objects.create_user("alice"))

    assert told(browser, body) == {"kind": "account", "kept": True}

    assert cookie(browser)["max-age"] == site.SESSION_COOKIE_AGE
    assert lives_on_the_server() > timedelta(days=29)


def test_coming_back_costs_nothing(browser: Client, settings: Settings) -> None:
    settings.GUESTS_PER_HOUR = 1

    statuses = [enter(browser).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"true", 400),
        (b'{"keep": "yes"}', 422),
        (b'{"keep": 1}', 422),
        (b'{"keep": {}}', 422),
    ],
)
def test_a_wrong_body_is_refused_and_makes_nobody(
    browser: Client, body: bytes, status: int
) -> None:
    answer = enter(browser, body)

    assert answer.status_code == status
    assert set(json.loads(answer.content)) == {"code", "message"}
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8000", "http://127.0.0.1:9000"]
)
def test_a_foreign_page_cannot_make_a_guest(browser: Client, origin: str) -> None:
    answer = enter(browser, Origin=origin)

    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "forbidden")
    assert not User.objects.exists()


def test_an_allowed_origin_can_make_a_guest(browser: Client, settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://partner.example"]

    assert enter(browser, Origin="https://partner.example").status_code == 200


def test_a_client_without_an_origin_is_sent_to_the_tokens(program: Client) -> None:
    answer = enter(program)

    assert answer.status_code == 403
    assert "/api/v1/tokens" in json.loads(answer.content)["message"]
