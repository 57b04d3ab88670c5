from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from pytest_django import Settings

from realtime.accounts.middleware import forwarded_proto

SECURE = {"X-Forwarded-Proto": "https"}


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize(("peer", "status"), [("10.0.0.1", 200), ("10.0.0.2", 301)])
def test_only_a_trusted_proxy_says_that_a_page_is_secure(peer: str, status: int) -> None:
    answer = Client(REMOTE_ADDR=peer).get("/robots.txt", headers=SECURE)

    assert answer.status_code == status


async def test_async_servers_believe_no_stranger_either(async_client: AsyncClient) -> None:
    answer = await async_client.get("/robots.txt", headers=SECURE)

    assert answer.status_code == 301


def test_a_unix_socket_is_the_proxys() -> None:
    request = HttpRequest()
    request.META["HTTP_X_FORWARDED_PROTO"] = "https"

    forwarded_proto(lambda _: HttpResponse())(request)

    assert request.is_secure()


def test_nobody_is_believed_where_no_proxy_is_named(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []

    answer = Client(REMOTE_ADDR="10.0.0.1").get("/robots.txt", headers=SECURE)

    assert answer.status_code == 301


def test_an_entry_that_is_no_address_stops_the_start(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["proxy.internal"]

    with pytest.raises(ImproperlyConfigured, match=r"TRUSTED_PROXIES: .*proxy\.internal"):
        forwarded_proto(lambda _: HttpResponse())
