from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from pytest_django import Settings

from config.health import healthz
from realtime.chat import engine
from realtime.chat.engine import build_engine
from realtime.chat.timings import Timings
from tests.support.server import AppServer, http


def test_it_is_answered_whatever_host_is_asked_for(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["kindline.example"]

    answer = client.get("/healthz", headers={"host": "10.1.2.3:8000"})

    assert (answer.status_code, answer.content) == (200, b"ok")
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_answered_before_the_redirect_to_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200
    assert client.get("/help").status_code == 301


async def test_a_process_that_leaves_says_so(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = build_engine(model=None, conninfo="", timings=Timings(), max_turns=1)
    monkeypatch.setattr(engine, "_installed", leaving)
    assert (await async_client.get("/healthz")).status_code == 200

    await leaving.leave()

    assert (await async_client.get("/healthz")).status_code == 503


def test_it_opens_no_session_and_needs_no_database(client: Client) -> None:
    # Without the `db` fixture pytest-django refuses every query.
    answer = client.get("/healthz", headers={"cookie": "sessionid=abc"})

    assert answer.status_code == 200
    assert not answer.cookies


def test_nothing_is_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    client.get("/healthz")

    assert caplog.records == []


async def test_it_answers_async_servers_as_well(async_client: AsyncClient) -> None:
    answer = await async_client.head("/healthz")

    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/healthz"), ("GET", "/healthz/more")])
def test_other_requests_pass_on(method: str, path: str) -> None:
    request = HttpRequest()
    request.method, request.path = method, path

    answer = healthz(lambda _: HttpResponse("passed"))(request)

    assert isinstance(answer, HttpResponse)
    assert answer.content == b"passed"


@pytest.mark.process
def test_a_server_is_healthy_while_postgres_and_redis_are_away(server_log: Path) -> None:
    away = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    with AppServer(server_log, **away) as server:
        assert http("GET", f"{server.url}/healthz", headers={}) == b"ok"
