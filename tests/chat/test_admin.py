from __future__ import annotations

import html
from typing import Any, get_args

import pytest
from django.test import Client
from django.urls import reverse

from realtime.accounts.models import User
from realtime.chat import agui, log, operations
from realtime.chat.activating import activate_model, roll_back
from realtime.chat.grounding import Why
from realtime.chat.models import ActiveModel, Run, Thread
from realtime.chat.reading import NOT_SHOWN
from tests.support.runs import START_TEXT, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)

CALL = agui.ToolCallStart(
    tool_call_id="c1", tool_call_name="find_hotlines", parent_message_id="m1"
)


@pytest.fixture
def reviewer() -> Client:
    """Somebody who may see everything; there are no lesser roles yet."""
    client = Client()
    client.force_login(User.objects.create_superuser("reviewer"))
    return client


@pytest.fixture
def thread() -> Thread:
    """A conversation with words, a tool call with its result, and a notice."""
    person = User.objects.create(username="alice")
    operations.submit(submission=asking(person, "Where are the lighthouses?", run_id="r1"))
    claim = claim_one()
    append(
        claim,
        START_TEXT,
        agui.TextMessageContent(message_id="m1", delta="Let me look for lighthouses."),
        agui.TextMessageEnd(message_id="m1"),
        CALL,
        agui.ToolCallArgs(tool_call_id="c1", delta='{"needs":["gambling"]}'),
        agui.ToolCallEnd(tool_call_id="c1"),
        agui.ToolCallResult(
            message_id="x1", tool_call_id="c1", content='{"lines":["beacon"]}', role="tool"
        ),
        notices=[log.NoticeRow(2, "m1", "kindline.help", {"cardId": "card-7"})],
    )
    operations.stop(owner_id=person.pk, run_id="r1")
    return Thread.objects.get()


def changelist(client: Client, model: str, **query: str) -> str:
    answer = client.get(reverse(f"admin:chat_{model}_changelist"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_transcript_shows_words_calls_results_runs_and_notices(
    reviewer: Client, thread: Thread
) -> None:
    page = reviewer.get(reverse("admin:chat_thread_change", args=[thread.pk])).content.decode()

    for expected in (
        "Where are the lighthouses?",
        "Let me look for lighthouses.",
        "find_hotlines",
        "gambling",
        "beacon",
        "kindline.help",
        "card-7",
        "cancelled",
    ):
        assert expected in page


@pytest.mark.parametrize(
    "said", ['{"a":"\\ud800"}', '{"\\udfff":1}', '{"lines":[{"name":"\\ud800"}]}']
)
def test_half_a_surrogate_pair_does_not_break_a_transcript(reviewer: Client, said: str) -> None:
    operations.submit(submission=asking(User.objects.create(username="bob"), run_id="r1"))
    done = agui.ToolCallResult(message_id="x1", tool_call_id="c1", content=said, role="tool")
    arguments = agui.ToolCallArgs(tool_call_id="c1", delta=said)
    append(claim_one(), CALL, arguments, agui.ToolCallEnd(tool_call_id="c1"), done)
    operations.stop(owner_id=User.objects.get(username="bob").pk, run_id="r1")

    url = reverse("admin:chat_thread_change", args=[Thread.objects.get().pk])
    answer = reviewer.get(url)

    assert answer.status_code == 200
    assert "\ufffd" in answer.content.decode()


@pytest.mark.parametrize("words", ["lighthouses", "LIGHTHOUSES", "alice", "beacon"])
def test_a_thread_is_found_by_what_was_said_and_by_whom(
    reviewer: Client, thread: Thread, words: str
) -> None:
    assert str(thread.pk) in changelist(reviewer, "thread", q=words)


def test_a_thread_is_not_found_by_other_words(reviewer: Client, thread: Thread) -> None:
    assert str(thread.pk) not in changelist(reviewer, "thread", q="submarine")


@pytest.mark.parametrize("words", ['"', "\\", "%", "'", "\x00", "ü", "x" * 5_000])
def test_no_search_breaks_the_list(reviewer: Client, thread: Thread, words: str) -> None:
    changelist(reviewer, "thread", q=words)


def test_a_run_shows_its_log(reviewer: Client, thread: Thread) -> None:
    run = Run.objects.get()

    page = reviewer.get(reverse("admin:chat_run_change", args=[run.pk])).content.decode()

    assert "RUN_STARTED" in page
    assert "TOOL_CALL_RESULT" in page


@pytest.mark.parametrize("model", ["thread", "run"])
def test_nothing_can_be_added_changed_or_deleted(
    reviewer: Client, thread: Thread, model: str
) -> None:
    key = thread.pk if model == "thread" else Run.objects.get().pk

    assert reviewer.get(reverse(f"admin:chat_{model}_add")).status_code == 403
    change = reverse(f"admin:chat_{model}_change", args=[key])
    assert reviewer.post(change, {"client_thread_id": "x"}).status_code == 403
    assert reviewer.post(reverse(f"admin:chat_{model}_delete", args=[key])).status_code == 403


def test_what_people_wrote_cannot_become_markup(reviewer: Client) -> None:
    person = User.objects.create(username="bob")
    operations.submit(submission=asking(person, "<script>alert(1)</script>"))

    url = reverse("admin:chat_thread_change", args=[Thread.objects.get().pk])
    page = reviewer.get(url).content.decode()

    assert "<script>alert(1)" not in page


def test_strangers_see_nothing(thread: Thread) -> None:
    answer = Client().get(reverse("admin:chat_thread_change", args=[thread.pk]))

    assert answer.status_code == 302


def answered(**what: Any) -> str:
    """Record it on the run of the thread; give the words of the reviewer's page."""
    run = Run.objects.get()
    Run.objects.filter(pk=run.pk).update(model="m-1", prompt_version="system-2", **what)
    page = Client()
    page.force_login(User.objects.create_superuser("rita"))
    url = reverse("admin:chat_thread_change", args=[run.thread_id])
    return page.get(url).content.decode()


def test_a_reviewer_sees_what_the_model_was_shown_and_which_it_was(thread: Thread) -> None:
    chosen = activate_model(name="m-1", base_url="https://tuned.example/v1", source="a test")
    found = {
        "exchange": 7,
        "score": 0.51234,
        "question": "What <b>helps</b> at night?",
        "answer": "Writing it down.",
        "attribution": "example written for this project",
    }

    page = answered(
        base_url="https://tuned.example/v1",
        active_model_id=chosen.pk,
        grounding_version="examples-1/0123456789ab",
        retrieved=[found],
    )

    assert "What the model was shown" in page
    for words in ("tuned.example/v1", "system-2", "examples-1/0123456789ab", "0.512"):
        assert words in page
    assert "What &lt;b&gt;helps&lt;/b&gt; at night?" in page
    assert "Writing it down." in page
    assert "example written for this project" in page
    assert reverse("admin:chat_activemodel_change", args=[chosen.pk]) in page


@pytest.mark.parametrize("why", [*get_args(Why), "a reason of a later release"])
def test_a_reviewer_reads_why_the_model_was_shown_nothing(thread: Thread, why: str) -> None:
    page = answered(retrieved=why)

    assert f"No exchange of others: {NOT_SHOWN.get(why, why)}." in html.unescape(page)


def test_every_reason_has_words() -> None:
    assert set(NOT_SHOWN) == set(get_args(Why))


def test_a_run_of_before_says_nothing_of_it(thread: Thread) -> None:
    page = answered()

    assert "What the model was shown" in page
    assert "No exchange of others" not in page


def test_the_history_of_models_is_there_to_be_read_only(reviewer: Client) -> None:
    for name in ("first", "second"):
        activate_model(name=name, source="a test", checks={"invented contacts": 0})
    roll_back()
    newest = ActiveModel.objects.order_by("id").last()
    assert newest is not None

    rows = changelist(reviewer, "activemodel")
    url = reverse("admin:chat_activemodel_change", args=[newest.pk])
    page = reviewer.get(url).content.decode()

    assert rows.count("icon-yes") == 1  # one answers now, and none was forced
    assert rows.count(">first<") == 2  # once as what the roll-back went to
    assert rows.count(">second<") == 1
    assert "Rolled back from second." in page
    assert "invented contacts" in page
    assert 'name="_save"' not in page
    assert reviewer.post(url, {"name": "other"}).status_code == 403
    assert reviewer.get(reverse("admin:chat_activemodel_add")).status_code == 403
    assert (
        reviewer.get(reverse("admin:chat_activemodel_delete", args=[newest.pk])).status_code == 403
    )
