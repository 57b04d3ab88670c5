"""Servers in trouble: as deployed, with neither Postgres nor Redis to be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.server import AppServer
from tests.support.troubled_urls import SECRET

pytestmark = pytest.mark.process

NOWHERE = {
    "DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
DEPLOYED = {"DEBUG": "0", "ALLOWED_HOSTS": "127.0.0.1", "SECURE_SSL_REDIRECT": "0"}


@pytest.fixture(scope="module")
def deployed(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    troubled = {"DJANGO_SETTINGS_MODULE": "tests.support.troubled_settings"}
    with AppServer(log, **troubled, **DEPLOYED, **NOWHERE) as server:
        yield server


@pytest.fixture(scope="module")
def alone(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A server under DEBUG, for which no static files were collected, without its stack."""
    with AppServer(tmp_path_factory.mktemp("alone") / "server.log", **NOWHERE) as server:
        yield server


def ask(server: AppServer, path: str, **headers: str) -> tuple[HTTPResponse, str]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=20)) as line:
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer, answer.read().decode()


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/fail/broken", 500, "Something broke here"),
        ("/no/such/page", 404, "There is no page here"),
        ("/ws/v1/chat", 404, "There is no page here"),
        ("/fail/closed", 403, "This page is closed to you"),
    ],
)
def test_a_deployed_server_answers_trouble_with_a_page(
    deployed: AppServer, path: str, status: int, title: str
) -> None:
    answer, body = ask(deployed, path, Cookie="sessionid=stale; csrftoken=stale")

    assert (answer.status, answer.getheader("Set-Cookie")) == (status, None)
    assert f"<h1>{title}</h1>" in body
    assert 'href="/help"' in body
    assert SECRET not in body


def test_an_unknown_socket_is_refused_without_an_uproar(deployed: AppServer) -> None:
    before = deployed.log.read_text().count("Traceback")

    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{deployed.port}/ws/v2/none", proxy=None)

    assert refused.value.response.status_code == 403
    assert deployed.log.read_text().count("Traceback") == before


def test_a_wrong_host_is_told_in_one_line(deployed: AppServer) -> None:
    before = deployed.log.read_text()

    answer, _ = ask(deployed, "/", Host="evil.example")

    told = deployed.log.read_text().removeprefix(before)
    assert answer.status == 400
    assert "evil.example" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("path", ["/", "/help?country=GB"])
def test_help_is_shown_where_no_static_files_were_collected(
    deployed: AppServer, path: str
) -> None:
    answer, body = ask(deployed, path, **{"Accept-Language": "en-GB"})

    assert answer.status == 200
    assert 'href="tel:999"' in body


@pytest.mark.parametrize("path", ["/", "/help?country=GB"])
def test_help_needs_neither_postgres_nor_redis(alone: AppServer, path: str) -> None:
    answer, body = ask(alone, path, **{"Accept-Language": "en-GB"})

    assert answer.status == 200
    assert 'href="tel:999"' in body
    assert "Samaritans" in body
