from __future__ import annotations

import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from realtime.chat.demo.operations import make_thread
from realtime.chat.models import Thread

pytestmark = pytest.mark.django_db(transaction=True)


def demo(*words: str) -> list[str]:
    said = StringIO()
    call_command("demo", *words, stdout=said)
    return said.getvalue().splitlines()


def test_the_demo_says_what_it_made_where_to_read_and_how_to_remove() -> None:
    made, read, remove = demo()

    assert made.startswith("made 10 synthetic threads: plain, tool-call, two-tool-calls, stopped")
    assert read.endswith("/admin/chat/thread/?synthetic__exact=1")
    assert remove == "remove: ./dev demo --remove"
    assert logging.getLogger("realtime.agent.loop").isEnabledFor(logging.WARNING)  # as before


def test_beside_a_server_it_gives_the_address_and_a_link_that_opens_it(
    settings: Settings,
) -> None:
    settings.DEBUG = True

    _, read, admin, _ = demo("--base-url", "http://127.0.0.1:8000")

    assert read == "read: http://127.0.0.1:8000/admin/chat/thread/?synthetic__exact=1"
    path = admin.removeprefix("admin: http://127.0.0.1:8000")
    assert Client().get(path).status_code == 200


def test_a_demo_replaces_the_one_before() -> None:
    make_thread(client_thread_id="demo-plain")

    made = demo()[0]

    assert made.startswith("made 10 synthetic threads, in place of 1: ")
    assert Thread.objects.filter(client_thread_id="demo-plain").count() == 1


def test_removing_says_how_many_rows_went() -> None:
    make_thread(client_thread_id="demo-plain")

    [said] = demo("--remove")

    assert said == (
        "removed all that was synthetic: "
        "threads 1, guests 1, messages 0, runs 0, events 0, notices 0"
    )
    assert not Thread.objects.exists()


def test_removing_nothing_says_so() -> None:
    assert demo("--remove") == ["there are no synthetic threads"]
