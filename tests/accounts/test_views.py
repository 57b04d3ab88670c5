from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from realtime.accounts.models import AdminLink, User
from realtime.accounts.operations import create_admin_link
from tests.accounts.conftest import HERE, HOST, enter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True  # pytest-django turns it off


def printed_link() -> str:
    out = StringIO()
    call_command("admin_link", "--base-url", HERE + "/", stdout=out)
    return out.getvalue().strip().removeprefix("admin: ").removeprefix(HERE)


def test_the_command_prints_a_link_that_opens_the_admin(browser: Client) -> None:
    answer = browser.post(printed_link(), follow=True)

    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200


def test_a_look_at_the_link_does_not_spend_it(browser: Client) -> None:
    link = printed_link()

    page = browser.get(link)

    assert b'<form method="post">' in page.content
    assert not AdminLink.objects.get().used_at
    assert "no-store" in page["Cache-Control"]


def test_the_page_warns_a_guest_that_the_chat_of_this_browser_ends(browser: Client) -> None:
    link = printed_link()
    assert b"leaves it for good" not in browser.get(link).content
    enter(browser)

    assert b"leaves it for good" in browser.get(link).content


def test_the_button_needs_the_token_of_its_page() -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Host": HOST})

    assert strict.post(printed_link()).status_code == 403


def test_the_button_of_the_page_works(browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Host": HOST, "Origin": HERE})
    link = printed_link()
    page = strict.get(link)
    token = page.content.decode().partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]

    assert strict.post(link, {"csrfmiddlewaretoken": token}).status_code == 302


def test_a_used_link_says_so_in_plain_words(browser: Client) -> None:
    link = printed_link()
    browser.post(link)

    for answer in (browser.get(link), browser.post(link)):
        assert answer.status_code == 404
        assert b"admin_link" in answer.content


def test_a_wrong_link_looks_like_a_used_one(browser: Client) -> None:
    assert browser.get("/admin/enter/nothing").status_code == 404
    assert browser.post("/admin/enter/nothing").status_code == 404


def test_without_debug_there_is_no_link(settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG"):
        call_command("admin_link")
    assert not User.objects.exists()


def test_without_debug_a_link_opens_nothing(browser: Client, settings: Settings) -> None:
    link = f"/admin/enter/{create_admin_link()}"
    settings.DEBUG = False

    assert browser.get(link).status_code == 404
    assert browser.post(link).status_code == 404
    assert AdminLink.objects.get().used_at is None
