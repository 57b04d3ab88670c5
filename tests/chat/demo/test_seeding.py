from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from realtime.agent.model import ModelText
from realtime.chat import agui, queries
from realtime.chat.demo.talks import all_talks
from realtime.chat.models import Message, Notice, Run, RunEvent, Thread
from realtime.chat.transcript import Transcript
from realtime.hotlines.queries import current_directory
from tests.chat.demo.threads import ENDINGS, endings, named
from tests.support.agui_check import check_event

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("seeded")
def test_each_thread_shows_what_it_is_named_for() -> None:
    assert endings() == ENDINGS
    assert not Thread.objects.filter(synthetic=False).exists()


@pytest.mark.usefixtures("seeded")
def test_folding_each_log_gives_the_stored_messages() -> None:
    for run in Run.objects.all():
        folded = Transcript().apply_all(queries.log_of(run_id=run.id))
        if run.state != Run.State.COMPLETED:
            folded.cut()

        stored = Message.objects.filter(run_id=run.id).exclude(role="user")

        assert [(m.client_msg_id, m.role, m.parts, m.complete) for m in folded.rows()] == [
            (m.client_msg_id, m.role, m.content, m.status == "complete") for m in stored
        ]


@pytest.mark.usefixtures("seeded")
def test_each_log_is_whole_and_ag_ui() -> None:
    for run in Run.objects.all():
        events = RunEvent.objects.filter(run_id=run.id).order_by("seq")

        assert [event.seq for event in events] == list(range(1, run.last_seq + 1))
        assert (events[0].kind, len(events)) == ("RUN_STARTED", run.last_seq)
        assert isinstance(agui.decode(events.reverse()[0].payload), agui.TERMINAL)
        for event in events:
            check_event(json.loads(event.payload))


@pytest.mark.usefixtures("seeded")
def test_the_card_in_the_log_is_the_notice_and_comes_before_the_reply() -> None:
    notice = Notice.objects.get()

    events = queries.log_of(run_id=notice.run_id)
    [shown] = [event for event in events if isinstance(event, agui.Custom)]
    assert (notice.name, notice.value) == (shown.name, shown.value)
    assert (notice.seq, notice.thread) == (2, named("help-card"))
    assert events.index(shown) == notice.seq - 1
    question = Message.objects.get(run_id=notice.run_id, role="user")
    assert notice.after_message == question.client_msg_id


@pytest.mark.usefixtures("seeded")
def test_a_stopped_and_an_interrupted_reply_keep_their_words_as_partial() -> None:
    partial = Message.objects.filter(status="partial").select_related("thread")

    assert {m.thread.client_thread_id: m.content[0]["text"][-9:] for m in partial} == {
        "demo-stopped": "rite down",
        "demo-interrupted": "matter on",
    }


@pytest.mark.usefixtures("seeded")
def test_asking_again_supersedes_the_first_reply() -> None:
    first, second, _ = Run.objects.filter(thread=named("superseded"))

    gone = Message.objects.exclude(superseded_by=None)

    assert [(m.run_id, m.role, m.superseded_by) for m in gone] == [
        (first.id, "assistant", second.id)
    ]


@pytest.mark.usefixtures("seeded")
def test_two_calls_stand_in_one_reply_and_each_has_its_result() -> None:
    talk = Message.objects.filter(thread=named("two-tool-calls"))

    asked = next(m for m in talk if any(p["type"] == "tool_call" for p in m.content))

    calls = [part["id"] for part in asked.content if part["type"] == "tool_call"]
    answered = [m.content[0]["toolCallId"] for m in talk.filter(role="tool")]
    assert len(calls) == 2
    assert sorted(answered) == sorted(calls)


@pytest.mark.usefixtures("seeded")
def test_every_line_shown_is_the_directorys() -> None:
    known = {line.id for line in current_directory().lines}
    results = [m.content[0] for m in Message.objects.filter(role="tool")]
    found = [json.loads(part["content"]) for part in results if part["ok"]]

    shown = [line["id"] for help in [*found, Notice.objects.get().value] for line in help["lines"]]

    assert len(found) == 5
    assert len(shown) > 5
    assert set(shown) <= known


def test_no_reply_names_a_number_by_itself() -> None:
    replies = [r for talk in all_talks() for e in talk.exchanges for r in e.replies]
    said = "".join(step.text for r in replies for step in r if isinstance(step, ModelText))

    assert "dog-shaped" in said
    assert not re.search(r"\d{3}|\+\d", said)


@pytest.mark.usefixtures("seeded")
def test_the_threads_lie_in_the_last_week_and_their_turns_in_order() -> None:
    now = timezone.now()

    for thread in Thread.objects.all():
        runs = list(Run.objects.filter(thread=thread))
        times = [t for r in runs for t in (r.created_at, r.started_at, r.finished_at) if t]
        assert now - timedelta(days=7) < thread.created_at == times[0]
        assert times == sorted(times)
        assert times[-1] < now
        assert len(times) == 3 * len(runs)
        said = Message.objects.filter(thread=thread).order_by("ord", "idx")
        assert all(times[0] <= m.created_at <= times[-1] for m in said)
