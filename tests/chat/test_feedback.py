"""A person's word on a card: kept for reviewers, without any effect."""

from __future__ import annotations

import pytest
from django.test import Client

from realtime.accounts import operations as accounts
from realtime.accounts.models import User
from realtime.chat import operations
from realtime.chat.helping import Aid
from realtime.chat.models import CardFeedback, SafetyFlag, Thread
from realtime.chat.operations import Submission
from realtime.chat.reading import Shown, reading_of
from realtime.chat.refusals import Refusal
from realtime.safety.screen import Screening
from tests.support.runs import PLACE, asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> tuple[Client, User]:
    issued = accounts.create_client_token()
    bearer = {"Authorization": f"Bearer {issued.token}", "Host": "127.0.0.1"}
    return Client(headers=bearer), User.objects.get(pk=issued.user_id)


def shown_a_card(owner: User) -> None:
    card = {"cardId": "r1", "level": "crisis", "reason": "message", "country": "GB", "lines": []}
    aid = Aid(Screening("crisis", "suicide", (0, 2)), card)
    operations.submit(submission=Submission(owner.pk, "t1", "r1", "m1", "hm", PLACE, aid=aid))


def judge(client: Client, verdict: str = "does_not_fit", card: str = "r1") -> int:
    body = {"threadId": "t1", "cardId": card, "verdict": verdict}
    return client.post("/api/v1/help/feedback", body, "application/json").status_code


def test_the_last_verdict_is_kept_and_changes_no_level(person: tuple[Client, User]) -> None:
    client, owner = person
    shown_a_card(owner)

    assert [judge(client), judge(client, "fits"), judge(client)] == [204] * 3

    assert CardFeedback.objects.get().verdict == "does_not_fit"
    assert SafetyFlag.objects.get().closed_at is None
    assert Thread.objects.get().level == "crisis"


def test_a_reviewer_reads_it_beside_the_card(person: tuple[Client, User]) -> None:
    client, owner = person
    shown_a_card(owner)
    judge(client)

    [turn] = reading_of(Thread.objects.get()).turns
    [card] = [item for item in turn.items if isinstance(item, Shown)]

    assert ("the person", "says that it does not fit") in card.about


def test_a_card_that_was_not_shown_there_cannot_be_judged(person: tuple[Client, User]) -> None:
    client, owner = person
    shown_a_card(owner)

    assert judge(client, card="r2") == 404
    assert judge(client, verdict="boring") == 422


def test_a_card_that_came_in_a_refusal_is_not_kept_and_cannot_be_judged(
    person: tuple[Client, User],
) -> None:
    client, owner = person
    operations.submit(submission=asking(owner, run_id="r0"))
    with pytest.raises(Refusal) as busy:
        shown_a_card(owner)
    assert (busy.value.help or {})["cardId"] == "r1"

    body = {"threadId": "t1", "cardId": "r1", "verdict": "does_not_fit"}
    answer = client.post("/api/v1/help/feedback", body, "application/json")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "not kept" in answer.json()["message"]
    assert not CardFeedback.objects.exists()
    operations.stop(owner_id=owner.pk, run_id="r0")
    shown_a_card(owner)  # the same message again, which is taken now
    assert judge(client) == 204


def test_a_card_of_somebody_else_looks_like_none(person: tuple[Client, User]) -> None:
    shown_a_card(User.objects.create(username="bob"))

    assert judge(person[0]) == 404
    assert judge(Client(headers={"Host": "127.0.0.1"})) == 401
    assert not CardFeedback.objects.exists()
