"""A person who allows it, and what they and the agent said, as rows."""

from __future__ import annotations

from uuid import uuid4

from realtime.accounts import consenting
from realtime.accounts.models import User
from realtime.accounts.operations import create_guest
from realtime.chat import agui, operations
from realtime.chat.models import Message, Thread
from realtime.chat.transcript import Transcript
from tests.support.runs import append, asking, claim_one

QUESTION = "My husband John and I argue a lot. How do we stop?"
ANSWER = "That sounds lonely, even beside John. What happens right before you two argue?"


def somebody(*, allows: bool = True) -> User:
    person = create_guest()
    if allows:
        consenting.give(user_id=person.pk, words=consenting.WORDS_VERSION)
    return person


def talk(person: User, question: str = QUESTION, answer: str = ANSWER, **ids: str) -> Message:
    """One whole turn; the row of its reply."""
    submission = asking(person, question, **ids)
    operations.submit(submission=submission)
    reply = str(uuid4())
    words: list[agui.AguiEvent] = [
        agui.TextMessageStart(message_id=reply, role="assistant"),
        agui.TextMessageContent(message_id=reply, delta=answer),
        agui.TextMessageEnd(message_id=reply),
    ]
    finished = agui.RunFinished(thread_id=submission.thread_id, run_id=submission.run_id)
    messages = Transcript().apply_all(words).rows()
    append(claim_one(), *words, finished, state="completed", messages=messages)
    return Message.objects.get(client_msg_id=reply)


def thread_of(person: User) -> Thread:
    return Thread.objects.get(owner=person)
