from __future__ import annotations

import pytest
from django.test import Client

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
