"""What a person sends, on its way to a run: read, checked, submitted, handed on."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.conf import settings
from django.db import IntegrityError

from realtime.chat import bridge, disclosing, helping, offers, operations, protocol, queries
from realtime.chat.answering import active_model, known
from realtime.chat.helping import Aid, Card
from realtime.chat.hub import Hub
from realtime.chat.levels import KnownLevels
from realtime.chat.limits import Limits
from realtime.chat.log import Logged
from realtime.chat.operations import Submission
from realtime.chat.protocol import (
    Inbound,
    KindlineProps,
    RunAgentInput,
    Say,
    check_id,
    check_word,
    clean,
    message_text,
)
from realtime.chat.refusals import Refusal
from realtime.chat.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Intake:
    """`answers` is False where no model is configured: submits are refused till one is promoted.

    `levels` is also told by the runs of this process what they raise.
    """

    hub: Hub
    supervisor: Supervisor
    limits: Limits
    answers: bool
    levels: KnownLevels = field(default_factory=KnownLevels)

    async def submit(self, submission: Submission, *, address: str | None = None) -> Logged:
        """Store a screened message and start its run. Raises Refusal or StorageUnavailable.

        Who tells of either adds the help it calls for.
        `address` is what the client is counted by besides its person (`door.*_limit_key`).
        """
        if not self.answers and not await self._promoted():
            words = "No model answers here. Help is at /help."
            raise Refusal("upstream_unavailable", words, help=await self._help(submission))
        if (country := disclosing.closed_to(submission.place)) is not None:
            words = f"This chat is not offered in {country}. Help is at /help, for everyone."
            raise Refusal("forbidden", words, help=_lines_there(submission))
        await self._count(submission, address)
        try:
            logged = await bridge.run(operations.submit, submission=submission)
        except IntegrityError:  # the same runId in another thread at the same moment
            raise Refusal("invalid_input", "That runId stands for another message.") from None
        self.levels.learn(
            owner_id=submission.owner_id, thread_id=submission.thread_id, level=logged.level
        )
        if logged.ended is not None:
            self._ended(logged.ended)
        self.hub.deliver(logged)
        if logged.frames:
            self._have_it_answered(logged, submission)
        return logged

    def known_help(self, frame: Inbound, *, owner_id: int, thread_id: str) -> Card | None:
        """Help for a message that is not taken, by what is remembered here of its conversation."""
        level = self.levels.of(owner_id=owner_id, thread_id=thread_id)
        return helping.card_in_vain(frame, level=level)

    async def _promoted(self) -> bool:
        """Whether somebody chose a model meanwhile, if that can be known."""
        if known.promoted:
            return True
        with contextlib.suppress(bridge.StorageUnavailable):
            return await bridge.run(active_model) is not None
        return False

    async def _help(self, submission: Submission) -> Card | None:
        """The same where nothing hinders to look it up."""
        if submission.aid.card is not None:
            return submission.aid.card
        try:
            level = await bridge.run(
                queries.level_of, owner_id=submission.owner_id, thread_id=submission.thread_id
            )
        except bridge.StorageUnavailable:
            return None
        if level == "none":
            return None
        return offers.in_vain(level=level, run_id=submission.run_id, place=submission.place)

    async def _count(self, submission: Submission, address: str | None) -> None:
        wait_s = await self.limits.submit_wait_s(
            person=submission.owner_id, address=address, run_id=submission.run_id
        )
        if wait_s:
            message = "That was a lot at once. Your message will be sent again in a moment."
            raise Refusal("rate_limited", message, retry_after_ms=math.ceil(wait_s * 1_000))

    def _have_it_answered(self, logged: Logged, submission: Submission) -> None:
        if self.supervisor.claim_soon(logged.run_id):
            return
        self.hub.tell_work()
        if self.supervisor.crowded:
            text = protocol.status(
                thread_id=submission.thread_id, run_id=submission.run_id, state="queued"
            )
            self.hub.hint(owner_id=logged.owner_id, thread_id=logged.thread_id, text=text)

    async def stop(self, *, owner_id: int, run_id: str) -> None:
        """End a run, whoever owns it. Nothing happens to one that is over or not theirs."""
        logged = await bridge.run(operations.stop, owner_id=owner_id, run_id=run_id)
        if logged is not None:
            self._ended(logged)

    def _ended(self, logged: Logged) -> None:
        self.supervisor.forget(logged.run_id)
        self.hub.deliver(logged)

    async def delete_thread(self, *, owner_id: int, thread_id: str) -> None:
        """Delete a conversation; its runs end and everybody who watches sees it empty."""
        active = await bridge.run(operations.delete_thread, owner_id=owner_id, thread_id=thread_id)
        self.levels.forget(owner_id=owner_id, thread_id=thread_id)
        for run_id in active:
            self.supervisor.forget(run_id)
        self.hub.reset(owner_id=owner_id, thread_id=thread_id)


def _lines_there(submission: Submission) -> Card:
    """Whoever is turned away leaves with help, whatever they wrote."""
    card = submission.aid.card
    return card or helping.offer(
        card_id=submission.run_id, place=submission.place, level="concern", reason="model_down"
    )


def read_submission(frame: RunAgentInput, *, owner_id: int, aid: Aid) -> Submission:
    """The trailing user message of a RunAgentInput; the rest of its history is not trusted.

    `aid` is what it calls for (`helping.aid_of`).
    Raises FrameError for ids that cannot be, Refusal for a message that cannot be answered.
    """
    thread_id = check_id(frame.thread_id, name="threadId")
    run_id = check_id(frame.run_id, name="runId")
    props = frame.forwarded_props.kindline if frame.forwarded_props else None
    if not frame.messages or frame.messages[-1].role != "user":
        raise Refusal("invalid_input", "The last message must be the user's.")
    last = frame.messages[-1]
    if not isinstance(last.id, str):
        raise Refusal("invalid_input", "The message needs an id.")
    return Submission(
        owner_id=owner_id,
        thread_id=thread_id,
        run_id=run_id,
        message_id=check_id(last.id, name="the message's id"),
        text=_checked_text(message_text(last.content)),
        place={
            "country": check_word(props.country, name="country") if props else None,
            "timeZone": check_word(props.time_zone, name="timeZone") if props else None,
            "locale": check_word(props.locale, name="locale") if props else None,
        },
        if_busy=(props.if_busy if props else None) or "reject",
        replaces=_checked_replaces(props),
        aid=aid,
    )


def read_say(frame: Say, *, owner_id: int, thread_id: str, aid: Aid) -> Submission:
    """A `say`: the server makes the ids; with an `id` the same frame again is the same message."""
    message_id = check_id(frame.id, name="id") if frame.id is not None else str(uuid4())
    run_id = str(uuid5(NAMESPACE_URL, f"{thread_id}/{message_id}"))
    return Submission(
        owner_id=owner_id,
        thread_id=check_id(thread_id, name="threadId"),
        run_id=run_id,
        message_id=message_id,
        text=_checked_text(frame.text),
        place={"country": None, "timeZone": None, "locale": None},
        aid=aid if aid.card is None else Aid(aid.found, aid.card | {"cardId": run_id}),
    )


def _checked_replaces(props: KindlineProps | None) -> str | None:
    if props is None or props.replaces is None:
        return None
    return check_id(props.replaces, name="replaces")


def _checked_text(text: str) -> str:
    if not text.strip():
        raise Refusal("invalid_input", "The message has no text.")
    text = clean(text)
    if len(text.encode()) > settings.MAX_MESSAGE_BYTES:
        raise Refusal(
            "invalid_input",
            f"The message is too long: {settings.MAX_MESSAGE_BYTES:,} bytes of text fit in one.",
        )
    return text
