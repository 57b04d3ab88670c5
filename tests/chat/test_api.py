from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from realtime.accounts import operations as accounts
from realtime.accounts.models import User
from realtime.chat import operations
from realtime.chat.models import Thread
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> tuple[Client, User]:
    """A custom client with its token, and who it stands for."""
    issued = accounts.create_client_token()
    bearer = {"Authorization": f"Bearer {issued.token}", "Host": "127.0.0.1"}
    return Client(headers=bearer), User.objects.get(pk=issued.user_id)


@pytest.mark.parametrize("thread_id", ["t1", "a/b", "..", "%2e", "a?b", "x" * 128])
def test_any_thread_that_can_be_made_can_be_deleted(
    person: tuple[Client, User], thread_id: str
) -> None:
    client, owner = person
    operations.submit(submission=asking(owner, thread_id=thread_id))

    path = "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in thread_id)
    answer = client.delete(f"/api/v1/threads/{path}")

    assert answer.status_code == 204
    assert not Thread.objects.exists()


@pytest.mark.parametrize("path", ["%00", "%20", "x" * 129, "%c3%bc"])
def test_an_id_that_cannot_be_is_a_clear_refusal(person: tuple[Client, User], path: str) -> None:
    answer = person[0].delete(f"/api/v1/threads/{path}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"


def test_somebody_elses_thread_looks_like_none_and_stays(person: tuple[Client, User]) -> None:
    other = User.objects.create(username="bob")
    operations.submit(submission=asking(other))

    assert person[0].delete("/api/v1/threads/t1").status_code == 204
    assert Thread.objects.exists()


def test_without_credentials_nothing_is_deleted() -> None:
    assert Client(headers={"Host": "127.0.0.1"}).delete("/api/v1/threads/t1").status_code == 401


def test_threads_are_listed_newest_activity_first(person: tuple[Client, User]) -> None:
    client, owner = person
    for thread_id in ("t1", "t2", "t3"):
        operations.submit(submission=asking(owner, thread_id=thread_id, run_id=f"of {thread_id}"))
    operations.stop(owner_id=owner.pk, run_id="of t1")

    listed = client.get("/api/v1/threads").json()

    assert [each["threadId"] for each in listed["threads"]] == ["t1", "t3", "t2"]
    assert [each["active"] for each in listed["threads"]] == [
        None,
        {"runId": "of t3"},
        {"runId": "of t2"},
    ]
    assert listed["next"] is None


def test_pages_of_the_list_hold_each_thread_once(
    person: tuple[Client, User], settings: Settings
) -> None:
    settings.RUNS_PER_PERSON = 10
    client, owner = person
    made = {f"t{number}" for number in range(5)}
    for thread_id in made:
        operations.submit(submission=asking(owner, thread_id=thread_id))

    met, before = [], ""
    while before is not None:
        page = client.get(f"/api/v1/threads?limit=2{before and '&before='}{before}").json()
        met += [each["threadId"] for each in page["threads"]]
        before = page["next"]

    assert sorted(met) == sorted(made)


@pytest.mark.parametrize("before", ["x", "é", "MQ", "MjAyNi0wMS0wMSAx"])
def test_a_place_in_the_list_that_nobody_gave_is_refused(
    person: tuple[Client, User], before: str
) -> None:
    answer = person[0].get("/api/v1/threads", {"before": before})

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"


def test_nobody_elses_threads_are_listed_or_read(person: tuple[Client, User]) -> None:
    other = User.objects.create(username="bob")
    operations.submit(submission=asking(other, run_id="r1"))
    operations.stop(owner_id=other.pk, run_id="r1")

    assert person[0].get("/api/v1/threads").json()["threads"] == []
    assert person[0].get("/api/v1/threads/t1").json()["messages"] == []


def test_a_conversation_is_read_up_to_what_is_being_written(person: tuple[Client, User]) -> None:
    client, owner = person
    operations.submit(submission=asking(owner, "hi", run_id="r1", message_id="m1"))
    operations.stop(owner_id=owner.pk, run_id="r1")
    operations.submit(submission=asking(owner, "again", run_id="r2"))

    answer = client.get("/api/v1/threads/t1")

    assert answer.json() == {
        "threadId": "t1",
        "cursor": "1-2",
        "messages": [{"id": "m1", "role": "user", "content": "hi"}],
        "notices": [],
        "active": {"runId": "r2"},
    }
    assert answer["Cache-Control"] == "no-store"


def test_a_conversation_that_is_none_is_empty(person: tuple[Client, User]) -> None:
    read = person[0].get("/api/v1/threads/nothing").json()

    assert (read["cursor"], read["messages"], read["active"]) == ("0-0", [], None)
