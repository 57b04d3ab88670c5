from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.door import (
    request_credentials,
    socket_admitted,
    socket_credentials,
    socket_limit_key,
)
from realtime.accounts.identity import Identity

GUEST = Identity(user_id=1, method="cookie", expires_at=timezone.now())


def scope(*, scheme: str = "ws", peer: str = "203.0.113.9", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return {
        "type": "websocket",
        "scheme": scheme,
        "client": (peer, 4711),
        "headers": list(named.items()),
        "subprotocols": ["kindline.v1", "bearer.t0ken"],
    }


def test_a_handshake_shows_its_credentials() -> None:
    shown = socket_credentials(scope(cookie="sessionid=abc", origin="http://localhost"))

    assert (shown.session_key, shown.token) == ("abc", "t0ken")
    assert (shown.origin, shown.subprotocol) == ("http://localhost", "kindline.v1")


def test_a_socket_from_our_own_page_is_admitted() -> None:
    assert socket_admitted(scope(host="localhost:8000", origin="http://localhost:8000"), GUEST)


def test_a_socket_from_another_port_is_not() -> None:
    here = scope(host="localhost:8000", origin="http://localhost:9000")

    assert not socket_admitted(here, GUEST)


def test_a_page_that_rebinds_its_name_to_us_is_not() -> None:
    assert not socket_admitted(scope(host="evil.example", origin="http://evil.example"), GUEST)


def test_a_trusted_proxy_tells_that_the_page_is_secure(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    told = {"host": "localhost", "origin": "https://localhost", "x_forwarded_proto": "https"}

    assert socket_admitted(scope(peer="10.0.0.1", **told), GUEST)
    assert not socket_admitted(scope(peer="203.0.113.9", **told), GUEST)


def test_a_token_without_an_origin_is_admitted() -> None:
    program = Identity(user_id=1, method="token", expires_at=timezone.now())

    assert socket_admitted(scope(host="localhost"), program)
    assert not socket_admitted(scope(host="localhost", origin="http://evil.example"), program)


def test_a_socket_is_counted_by_the_address_a_trusted_proxy_tells(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    told = {"x_forwarded_for": "198.51.100.7"}

    assert socket_limit_key(scope(peer="10.0.0.1", **told)) == "198.51.100.7"
    assert socket_limit_key(scope(peer="203.0.113.9", **told)) == "203.0.113.9"


def test_a_ticket_stands_in_the_address_of_a_socket_and_only_there(rf: RequestFactory) -> None:
    shown = socket_credentials({**scope(), "query_string": b"threadId=t1&ticket=abc"})
    asked = request_credentials(rf.post("/api/v1/ws-ticket?ticket=abc"))

    assert shown.ticket == "abc"
    assert asked.ticket is None


@pytest.mark.parametrize("query", [b"ticket=", b"ticket=a&ticket=b"])
def test_an_empty_or_a_doubled_ticket_is_a_wrong_one(query: bytes) -> None:
    assert socket_credentials({**scope(), "query_string": query}).ticket == ""


def test_a_ticket_needs_no_origin_but_not_a_foreign_one() -> None:
    guest = replace(GUEST, method="ticket")
    bound = replace(guest, allowed_origins=("https://app.example",))

    assert socket_admitted(scope(host="localhost"), guest)
    assert socket_admitted(scope(host="localhost", origin="http://localhost"), guest)
    assert not socket_admitted(scope(host="localhost", origin="http://evil.example"), guest)
    assert socket_admitted(scope(host="localhost", origin="https://app.example"), bound)
    assert not socket_admitted(scope(host="localhost", origin="http://localhost"), bound)
