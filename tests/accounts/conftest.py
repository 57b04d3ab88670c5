from __future__ import annotations

import secrets

import pytest
from django.http import HttpResponse
from django.test import Client

HOST = "127.0.0.1:8000"
HERE = f"http://{HOST}"


@pytest.fixture
def address() -> str:
    """An address nobody else counts against, though all tests share one Redis."""
    return f"2001:db8:{secrets.randbits(16):x}:{secrets.randbits(16):x}::1"


@pytest.fixture
def browser(address: str) -> Client:
    return Client(headers={"Host": HOST, "Origin": HERE}, REMOTE_ADDR=address)


@pytest.fixture
def program(address: str) -> Client:
    """A client that is no browser: it sends no Origin."""
    return Client(headers={"Host": HOST}, REMOTE_ADDR=address)


def enter(client: Client, body: str | bytes = "", **headers: str) -> HttpResponse:
    """POST /guest as the page does."""
    answer = client.post("/api/v1/guest", body, content_type="application/json", headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer
