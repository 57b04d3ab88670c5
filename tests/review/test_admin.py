"""The reviewer's way: from a reply in the transcript to an example, and out again."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from realtime.accounts import consenting
from realtime.accounts.models import User
from realtime.chat.models import Message, Thread
from realtime.corpus.models import Exchange
from realtime.review import operations
from realtime.review.models import ReviewedReply
from realtime.review.operations import Words
from tests.review.talk import somebody, talk

pytestmark = pytest.mark.django_db(transaction=True)
ADD = reverse("admin:review_reviewedreply_add")
LIST = reverse("admin:review_reviewedreply_changelist")
OFFER = "Use as an example"
LEFT = {
    "question": "My husband [name] and I argue a lot. How do we stop?",
    "answer": "That sounds lonely. What happens right before you two argue?",
    "topics": "love, loneliness, love",
    "nobody": "on",
}


def member(*permissions: str, name: str = "member") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("reviewer"))
    return client


@pytest.fixture
def reply() -> Message:
    return talk(somebody())


@pytest.fixture
def picked(reply: Message) -> ReviewedReply:
    words = Words("A question.", "An answer to it.")
    by = User.objects.create_user("earlier")
    return operations.pick(message_id=reply.pk, words=words, by=by)


def transcript(desk: Client) -> str:
    url = reverse("admin:chat_thread_change", args=[Thread.objects.get().pk])
    return desk.get(url).content.decode()


def change_page(kept: ReviewedReply) -> str:
    return reverse("admin:review_reviewedreply_change", args=[kept.pk])


def keep(desk: Client, reply: Message, **changes: str) -> HttpResponse:
    answer = desk.post(f"{ADD}?message={reply.pk}", LEFT | changes)
    assert isinstance(answer, HttpResponse)
    return answer


# --- beside the reply ----------------------------------------------------------------------------


def test_one_click_leads_from_a_reply_to_its_form(desk: Client, reply: Message) -> None:
    page = transcript(desk)

    assert page.count(OFFER) == 1
    assert f'href="{ADD}?message={reply.pk}"' in page


def test_a_reply_that_was_picked_says_so(desk: Client, picked: ReviewedReply) -> None:
    page = transcript(desk)

    assert OFFER not in page
    assert f'href="{change_page(picked)}"' in page


def test_without_consent_nothing_is_offered(desk: Client) -> None:
    talk(somebody(allows=False))

    assert OFFER not in transcript(desk)


def test_it_takes_a_permission_of_its_own(reply: Message) -> None:
    reads = member("view_thread")
    picks = member("view_thread", "add_reviewedreply", name="picks")
    blind = member("add_reviewedreply", name="blind")

    assert OFFER not in transcript(reads)
    assert OFFER in transcript(picks)
    address = f"{ADD}?message={reply.pk}"
    assert reads.get(address).status_code == 403
    assert blind.get(address).status_code == 403
    assert picks.get(address).status_code == 200
    assert keep(reads, reply).status_code == keep(blind, reply).status_code == 403
    assert Client().get(address).status_code == 302
    assert not ReviewedReply.objects.exists()


# --- the form ------------------------------------------------------------------------------------


def test_both_texts_are_redacted_already_and_show_what_was_found(
    desk: Client, reply: Message
) -> None:
    page = desk.get(f"{ADD}?message={reply.pk}").content.decode()

    assert "My husband [name] and I argue a lot." in page
    assert "even beside [name]." in page  # the question had introduced him
    assert page.count('<mark title="name">John</mark>') == 2
    assert "even beside John" not in page.replace('<mark title="name">', "<")


def test_what_the_reviewer_left_is_kept_and_learnt_from(desk: Client, reply: Message) -> None:
    answer = keep(desk, reply)

    assert answer.status_code == 302
    kept = ReviewedReply.objects.get()
    assert (kept.question, kept.answer) == (LEFT["question"], LEFT["answer"])
    assert kept.topics == ["love", "loneliness"]
    assert kept.reviewer is not None
    assert kept.reviewer.username == "reviewer"
    assert Exchange.objects.get().answer == LEFT["answer"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nobody": ""}, "Read both texts and confirm it."),
        ({"question": ""}, "This field is required."),
        ({"answer": "Call [help line] and tell them, [name]."}, "without any in brackets"),
        ({"question": "My husband John left me."}, "This may still tell who it is: “John”."),
        ({"answer": "Write to me at ann@example.org."}, "“ann@example.org”"),
        ({"question": "I want to kill myself."}, "This seems to tell of danger (crisis)."),
        ({"answer": "x" * 8_001}, "at most 8000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_of_it_is_lost(
    desk: Client, reply: Message, changes: dict[str, str], said: str
) -> None:
    answer = keep(desk, reply, **changes)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert LEFT["topics"] in answer.content.decode()
    assert not ReviewedReply.objects.exists()


def test_rules_may_be_overruled(desk: Client, reply: Message) -> None:
    changes = {"question": "My father is called Angst by us all.", "certain": "on"}

    assert keep(desk, reply, **changes).status_code == 302
    assert ReviewedReply.objects.get().question == changes["question"]


def test_the_word_to_overrule_them_is_only_asked_for_when_needed(
    desk: Client, reply: Message
) -> None:
    asked = 'type="checkbox" name="certain"'

    assert asked not in keep(desk, reply, nobody="").content.decode()
    assert asked in keep(desk, reply, question="My son Tim left.").content.decode()


@pytest.mark.parametrize("address", [ADD, f"{ADD}?message=x", f"{ADD}?message={'0' * 32}"])
def test_there_is_no_example_of_nothing(desk: Client, address: str) -> None:
    for answer in (desk.get(address, follow=True), desk.post(address, LEFT, follow=True)):
        assert "Nothing was kept." in answer.content.decode()
    assert not ReviewedReply.objects.exists()


def test_who_took_it_back_meanwhile_is_heard(desk: Client, reply: Message) -> None:
    desk.get(f"{ADD}?message={reply.pk}")
    consenting.withdraw(user_id=reply.thread.owner_id)

    assert keep(desk, reply).headers["Location"] == LIST
    assert not ReviewedReply.objects.exists()


def test_and_at_the_very_last_moment(
    desk: Client, reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = operations.pick

    def late(**given: object) -> ReviewedReply:
        consenting.withdraw(user_id=reply.thread.owner_id)
        return pick(**given)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(operations, "pick", late)

    assert keep(desk, reply).headers["Location"] == LIST
    assert not ReviewedReply.objects.exists()


# --- later ---------------------------------------------------------------------------------------


def test_an_example_can_be_changed_and_tells_who_wrote_what(
    desk: Client, picked: ReviewedReply
) -> None:
    answer = desk.post(change_page(picked), LEFT)

    assert answer.status_code == 302
    page = desk.get(change_page(picked)).content.decode()
    assert "A question." in page
    assert "earlier" in page
    assert "love, loneliness" in page
    assert Exchange.objects.get().question == LEFT["question"]


def test_an_example_can_be_taken_out(desk: Client, picked: ReviewedReply) -> None:
    answer = desk.post(change_page(picked), {"_remove": "1"}, follow=True)

    assert "The example was taken out" in answer.content.decode()
    assert not Exchange.objects.exists()
    page = desk.get(change_page(picked)).content.decode()
    assert "taken out by a reviewer by reviewer" in page
    assert "<textarea" not in page
    again = desk.post(change_page(picked), {"_remove": "1"}, follow=True)
    assert "Nothing was kept." in again.content.decode()


def test_several_can_be_taken_out_at_once(desk: Client, picked: ReviewedReply) -> None:
    form = {"action": "remove", "_selected_action": [str(picked.pk)]}

    answer = desk.post(LIST, form, follow=True)

    assert "1 example(s) taken out" in answer.content.decode()
    assert "0 examples stand" in answer.content.decode()


def test_who_may_only_look_changes_nothing(picked: ReviewedReply) -> None:
    looks = member("view_reviewedreply")

    assert "A question." in looks.get(change_page(picked)).content.decode()
    assert looks.post(change_page(picked), LEFT).status_code == 403
    looks.post(change_page(picked), {"_remove": "1"})
    picked.refresh_from_db()
    assert (picked.question, picked.ended_at) == ("A question.", None)


def test_nothing_is_deleted_here(desk: Client, picked: ReviewedReply) -> None:
    url = reverse("admin:review_reviewedreply_delete", args=[picked.pk])

    assert desk.post(url, {"post": "yes"}).status_code == 403


def test_the_list_counts_what_stands_and_finds_what_ended(
    desk: Client, picked: ReviewedReply
) -> None:
    assert "1 example stands, 1 may be used now." in " ".join(
        desk.get(LIST).content.decode().split()
    )
    consenting.withdraw(user_id=picked.thread.owner_id)

    ended = desk.get(LIST, {"state": "ended"}).content.decode()
    assert "no longer allowed by its person" in ended
    assert "no longer allowed by its person" in desk.get(LIST, {"state": "all"}).content.decode()
    assert change_page(picked) not in desk.get(LIST).content.decode()


def test_who_did_what_is_logged_without_a_word_of_it(desk: Client, reply: Message) -> None:
    keep(desk, reply)
    kept = ReviewedReply.objects.get()
    desk.post(change_page(kept), LEFT | {"question": "Another lighthouse."})
    desk.post(change_page(kept), {"_remove": "1"})

    entries = LogEntry.objects.order_by("pk")
    assert [entry.user.get_username() for entry in entries] == ["reviewer"] * 3
    told = "".join(entry.object_repr + entry.change_message for entry in entries)
    assert "Taken out." in told
    assert "lighthouse" not in told
    assert "argue" not in told


def test_a_person_with_examples_can_be_deleted_in_the_admin(
    desk: Client, picked: ReviewedReply
) -> None:
    url = reverse("admin:accounts_user_delete", args=[picked.thread.owner_id])

    assert desk.post(url, {"post": "yes"}).status_code == 302
    assert not ReviewedReply.objects.exists()
    assert not Exchange.objects.exists()
