"""What people meet when something goes wrong; real servers stand in test_trouble.py."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from django.test import AsyncClient, Client
from pytest_django import Settings

from tests.support.troubled_urls import SECRET

pytestmark = pytest.mark.urls("tests.support.troubled_urls")

TROUBLES = {
    "/fail/bad": 400,
    "/fail/closed": 403,
    "/fail/gone": 404,
    "/no/such/page": 404,
    "/fail/big": 413,
    "/fail/broken": 500,
}


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def is_page(content: bytes) -> bool:
    """A page of ours: the way to help and to the chat, nothing of the inside."""
    body = content.decode()
    return (
        '<a class="help" href="/help">Help</a>' in body
        and '<a href="/">Go to the chat</a>' in body
        and SECRET not in body
        and "Traceback" not in body
    )


@pytest.mark.parametrize(("path", "status"), TROUBLES.items())
def test_each_trouble_has_a_page_with_the_help_link(
    visitor: Client, path: str, status: int
) -> None:
    answer = visitor.get(path)

    assert answer.status_code == status
    assert is_page(answer.content)


def test_a_refused_method_has_a_page_and_still_says_what_is_allowed(visitor: Client) -> None:
    visitor.handler.enforce_csrf_checks = False

    answer = visitor.post("/read")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert is_page(answer.content)


def test_a_form_without_its_token_asks_to_try_once_more(visitor: Client) -> None:
    answer = visitor.post("/form")

    assert answer.status_code == 403
    assert is_page(answer.content)
    assert "Please try once more" in answer.content.decode()


def test_a_strange_host_gets_a_page_that_does_not_repeat_it(visitor: Client) -> None:
    answer = visitor.get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert is_page(answer.content)
    assert "evil.example" not in answer.content.decode()


def test_the_policy_lets_in_the_page_s_own_style_and_nothing_else(visitor: Client) -> None:
    answer = visitor.get("/fail/broken")
    style = re.findall(r"<style>(.*?)</style>", answer.content.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()

    policy = answer["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", TROUBLES)
def test_a_page_loads_and_runs_nothing(visitor: Client, path: str) -> None:
    body = visitor.get(path).content.decode()

    assert "<script" not in body
    assert not re.search(r"\s(style|src|on\w+)=", body)
    assert re.findall(r'<link rel="(\w+)" href="(\w+):', body) == [("icon", "data")]


def test_what_was_asked_for_is_not_repeated(visitor: Client) -> None:
    answer = visitor.get("/<b>typo?country=<b>typo")

    assert "typo" not in answer.content.decode()


@pytest.mark.django_db
def test_no_page_of_trouble_sets_a_cookie(visitor: Client) -> None:
    answer = visitor.get("/cookie")

    assert is_page(answer.content)
    assert not answer.cookies


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/fail/bad", 400, "invalid_input"),
        ("/api/v1/fail/closed", 403, "forbidden"),
        ("/api/v1/fail/gone", 404, "not_found"),
        ("/api/", 404, "not_found"),
        ("/api/v1/fail/big", 413, "invalid_input"),
        ("/api/v1/fail/broken", 500, "internal"),
    ],
)
def test_programs_are_refused_in_json(visitor: Client, path: str, status: int, code: str) -> None:
    answer = visitor.get(path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRET not in answer.json()["message"]


def test_a_method_the_api_does_not_know_is_refused_in_json(visitor: Client) -> None:
    answer = visitor.delete("/api/v1/tokens")

    assert (answer.status_code, answer.json()["code"]) == (405, "invalid_input")


class TestWhileDeveloping:
    """DEBUG is on under ./dev run, and that is where a newcomer's typos happen."""

    @pytest.fixture(autouse=True)
    def debug(self, settings: Settings) -> None:
        settings.DEBUG = True

    def test_an_unknown_address_has_the_page(self, visitor: Client) -> None:
        answer = visitor.get("/hlep")

        assert answer.status_code == 404
        assert is_page(answer.content)

    def test_a_missing_slash_is_still_added(self, visitor: Client) -> None:
        assert visitor.get("/admin").headers["Location"] == "/admin/"

    @pytest.mark.django_db
    def test_a_view_s_own_page_stays(self, visitor: Client) -> None:
        answer = visitor.get("/admin/enter/spent")

        assert answer.status_code == 404
        assert "This link does not work" in answer.content.decode()

    @pytest.mark.parametrize("path", ["/fail/bad", "/fail/broken"])
    def test_the_developers_page_leads_to_help_too(self, visitor: Client, path: str) -> None:
        answer = visitor.get(path, headers={"Accept": "text/html"})

        assert SECRET.encode() in answer.content
        assert b'<a href="/help">Help</a>' in answer.content
        assert answer["Content-Length"] == str(len(answer.content))


async def test_it_is_the_same_under_an_asynchronous_server(async_client: AsyncClient) -> None:
    answer = await async_client.get("/no/such/page")

    assert answer.status_code == 404
    assert is_page(answer.content)


def test_browsers_find_an_icon_and_crawlers_find_the_door_closed(visitor: Client) -> None:
    icon, robots = visitor.get("/favicon.ico"), visitor.get("/robots.txt")

    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml")
    assert robots.content == b"User-agent: *\nDisallow: /\n"
