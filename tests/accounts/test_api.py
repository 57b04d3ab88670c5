from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from config.api import api
from realtime.accounts.models import ClientToken, User
from tests.accounts.conftest import HOST, enter

pytestmark = pytest.mark.django_db


def post_tokens(client: Client, body: str | bytes = "", **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = client.post("/api/v1/tokens", body, content_type="application/json", headers=named)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_program_gets_a_token_of_a_new_guest(program: Client) -> None:
    answer = post_tokens(program)

    assert answer.status_code == 201
    told = json.loads(answer.content)
    assert set(told) == {"token", "expiresAt"}
    assert datetime.fromisoformat(told["expiresAt"]) > timezone.now() + timedelta(days=29)
    assert answer["Cache-Control"] == "no-store"


def test_a_token_never_speaks_for_the_one_with_the_cookie(browser: Client) -> None:
    enter(browser)
    there = User.objects.get()

    answer = post_tokens(browser, "{}")

    assert answer.status_code == 201
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert ClientToken.objects.get().user != there


def test_the_origins_of_a_token_are_kept_in_one_spelling(program: Client) -> None:
    post_tokens(program, '{"allowedOrigins": ["https://App.example:443"]}')

    assert ClientToken.objects.get().allowed_origins == ["https://app.example"]


def test_a_foreign_page_cannot_spend_its_visitors_tokens(browser: Client) -> None:
    answer = post_tokens(browser, Origin="http://evil.example")

    assert answer.status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"0", 400),
        (b'"x"', 400),
        (b"[" * 100_000, 400),
        (b'{"allowedOrigins": "https://app.example"}', 422),
        (b'{"allowedOrigins": [1]}', 422),
        (b'{"allowedOrigins": ["https://app.example/path"]}', 422),
        (b'{"allowedOrigins": ["\\ud800"]}', 422),
        (b'{"allowedOrigins": ["\\u0000"]}', 422),
        (json.dumps({"allowedOrigins": ["https://app.example"] * 21}).encode(), 422),
        (b" " * 3_000_000, 413),
    ],
)
def test_a_wrong_body_is_refused_in_json(program: Client, body: bytes, status: int) -> None:
    answer = post_tokens(program, body)

    assert answer.status_code == status
    assert set(json.loads(answer.content)) == {"code", "message"}
    assert not User.objects.exists()


def test_unknown_keys_are_ignored(program: Client) -> None:
    assert post_tokens(program, '{"later": true}').status_code == 201


def test_guests_and_tokens_share_one_hourly_limit(browser: Client, settings: Settings) -> None:
    settings.GUESTS_PER_HOUR = 2
    enter(browser)
    post_tokens(browser)

    answer = post_tokens(browser)

    refusal = json.loads(answer.content)
    assert (answer.status_code, refusal["code"]) == (429, "rate_limited")
    assert 0 < refusal["retryAfterMs"] <= 3_600_000
    assert 0 < int(answer["Retry-After"]) <= 3600


def test_a_stranger_cannot_leave_the_limit_by_a_header(
    program: Client, settings: Settings
) -> None:
    settings.GUESTS_PER_HOUR = 1
    post_tokens(program, X_Forwarded_For="198.51.100.1")

    answer = post_tokens(program, X_Forwarded_For="198.51.100.2")

    assert answer.status_code == 429


def test_people_behind_a_trusted_proxy_are_counted_apart(
    program: Client, address: str, settings: Settings
) -> None:
    settings.GUESTS_PER_HOUR, settings.TRUSTED_PROXIES = 1, ["10.0.0.0/8"]
    proxied = Client(headers={"Host": HOST}, REMOTE_ADDR="10.0.0.1")
    other = address.replace("2001:db8", "2001:db9")

    statuses = [
        post_tokens(proxied, X_Forwarded_For=each).status_code
        for each in (address, other, address)
    ]

    assert statuses == [201, 201, 429]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/guest/", "/api/v2/guest", "/api/x"])
def test_an_unknown_address_is_answered_in_json(browser: Client, path: str) -> None:
    answer = browser.post(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_silent_database_is_answered_in_json(rf: RequestFactory) -> None:
    request: HttpRequest = rf.post("/api/v1/guest")

    answer = api.on_exception(request, OperationalError("the connection is closed"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert json.loads(answer.content)["code"] == "storage_unavailable"


def test_a_fault_of_ours_is_answered_without_its_text(rf: RequestFactory) -> None:
    answer = api.on_exception(rf.post("/api/v1/guest"), RuntimeError("secret"))

    assert answer.status_code == 500
    assert b"secret" not in answer.content
