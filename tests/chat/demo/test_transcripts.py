"""What a reviewer reads of each synthetic thread."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from realtime.accounts.models import User
from realtime.chat.models import Message, Thread
from tests.chat.demo.threads import ENDINGS, named

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def reviewer(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("reviewer"))
    return client


def page_of(reviewer: Client, name: str) -> str:
    """The page's markup, with single spaces."""
    answer = reviewer.get(reverse("admin:chat_thread_change", args=[named(name).pk]))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))


def badges(page: str) -> list[str]:
    return re.findall(r'class="badge[^>]*>([^<]+)<', page)


@pytest.mark.parametrize("name", ENDINGS)
def test_every_thread_is_labelled_and_shows_all_its_words(reviewer: Client, name: str) -> None:
    page = page_of(reviewer, name)

    assert '<strong class="synthetic-badge">synthetic</strong> Written for the demo' in page
    for message in Message.objects.filter(thread=named(name)).exclude(role="tool"):
        for part in message.content:
            words = part["text"] if part["type"] == "text" else part["name"]
            assert re.sub(r"\s+", " ", words) in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", ["answered"] * 4),
        ("stopped", ["stopped", "cut off here", "answered"]),
        ("interrupted", ["interrupted", "cut off here"]),
        ("superseded", ["answered", "replaced by a later reply", "answered", "answered"]),
        ("failed-before-a-word", ["failed"]),
    ],
)
def test_badges_say_what_became_of_each_reply(
    reviewer: Client, name: str, shown: list[str]
) -> None:
    assert badges(page_of(reviewer, name)) == shown


def test_a_look_up_shows_tool_arguments_and_the_lines_found(reviewer: Client) -> None:
    page = page_of(reviewer, "tool-call")

    assert "Looked up with <code>find_hotlines</code>" in page
    assert '<dt>needs</dt><dd dir="auto">bereavement</dd>' in page
    assert '<th scope="row"><bdi>Marie Curie Support Line</bdi>' in page
    assert "1 line found" in badges(page)
    assert '<details class="raw">' in page


def test_two_look_ups_of_one_reply_stand_one_after_the_other(reviewer: Client) -> None:
    page = page_of(reviewer, "two-tool-calls")

    needs = re.findall(r'<dt>needs</dt><dd dir="auto">([^<]+)<', page)
    assert needs == ["gambling", "general-emotional-support"]
    assert page.index("National Gambling Helpline") < page.index("<bdi>Samaritans")


def test_a_refused_look_up_shows_what_the_model_was_told(reviewer: Client) -> None:
    page = page_of(reviewer, "long")

    assert "refused" in badges(page)
    assert "The model was told: needs.0: Input should be" in page


def test_the_help_card_stands_with_its_lines_between_question_and_reply(
    reviewer: Client,
) -> None:
    page = page_of(reviewer, "help-card")

    question, card = page.index("I don't feel safe"), page.index("<strong>Help card</strong>")
    lines, reply = page.index("<bdi>Samaritans"), page.index("Thank you for telling me")
    assert question < card < lines < reply
    assert '<dt>level</dt><dd dir="auto">concern</dd>' in page


def test_a_replaced_reply_leads_to_the_one_that_replaced_it(reviewer: Client) -> None:
    page = page_of(reviewer, "superseded")

    assert 'class="said said-assistant replaced"' in page
    assert 'href="#turn-2">replaced by a later reply' in page
    assert "Turn 2: the same message, asked again" in page


def test_a_long_thread_has_a_way_to_each_turn_and_folds_its_look_ups(reviewer: Client) -> None:
    page = page_of(reviewer, "long")

    targets = re.findall(r'<a href="#(turn-\d+)"', page)
    assert targets == [f"turn-{number}" for number in range(1, 23)]
    assert all(f'id="{target}"' in page for target in targets)
    assert '<details class="lookup" open>' not in page


def test_what_people_wrote_finds_its_own_direction(reviewer: Client) -> None:
    page = page_of(reviewer, "right-to-left")

    assert '<p class="said-text" dir="auto">مرحبا' in page


def test_no_transcript_needs_script_or_inline_style(reviewer: Client) -> None:
    inside = page_of(reviewer, "help-card").split('<div class="transcript">')[1]

    transcript = inside.split('<div class="submit-row">')[0]
    assert not re.search(r"<script|style=|\son\w+=", transcript)


def test_the_list_tells_synthetic_threads_apart(reviewer: Client) -> None:
    own = Thread.objects.create(
        owner=User.objects.get(username="reviewer"), client_thread_id="own"
    )
    address = reverse("admin:chat_thread_changelist")

    everything = reviewer.get(address).content.decode()
    living = reviewer.get(address, {"synthetic__exact": "0"}).content.decode()

    assert everything.count('<span class="synthetic-badge">synthetic</span>') == 10
    assert "synthetic-badge" not in living
    assert str(own.pk) in living
