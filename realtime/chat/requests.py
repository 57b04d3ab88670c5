"""What one client asks: done in order, in a task of its own, while frames go on being read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from django.conf import settings

from realtime.chat import bridge, helping, protocol
from realtime.chat.codes import CloseCode
from realtime.chat.failures import log_failure
from realtime.chat.follower import Place
from realtime.chat.following import TOO_MANY, Following
from realtime.chat.guarded import GuardedSocket, spawn
from realtime.chat.helping import Aid, Card
from realtime.chat.intake import read_say, read_submission
from realtime.chat.operations import Submission
from realtime.chat.protocol import FrameError
from realtime.chat.refusals import Refusal, storage_unavailable

MAX_WAITING = 64

Request = protocol.RunAgentInput | protocol.Say | protocol.Abort


@dataclass(slots=True, eq=False)
class _Asked:
    """A request, and the help that its text calls for, which is looked for once."""

    frame: Request
    aid: asyncio.Future[Aid]


@dataclass(slots=True)
class Requests:
    """`complain` is told of a frame that cannot be served.

    `address` is what the client is counted by besides its person.
    """

    socket: GuardedSocket
    following: Following
    complain: Callable[[FrameError], None]
    address: str | None
    said_thread_id: str = field(default_factory=lambda: str(uuid4()))  # for a `say` without one
    _waiting: asyncio.Queue[_Asked | None] = field(default_factory=asyncio.Queue)
    _unanswered: set[_Asked] = field(default_factory=set)

    def ask(self, frame: Request) -> None:
        if self._waiting.qsize() >= MAX_WAITING:
            self.refuse_hasty(frame)
            return
        asked = self._asked(frame)
        self._waiting.put_nowait(asked)
        self._unanswered.add(asked)
        spawn(self._help_if_late(asked), self.socket.tasks)

    def stop(self) -> None:
        """What was asked is still done: only the answer has nowhere to go."""
        self._waiting.put_nowait(None)

    async def work(self) -> None:
        """Outlives the socket until all it asked is done: a stop sent in leaving is a stop."""
        while (asked := await self._waiting.get()) is not None:
            try:
                await self._serve(asked)
            except Exception as error:  # one broken request must not end the others
                log_failure("a request", error)
                await self._apologise(asked)
            finally:
                self._unanswered.discard(asked)

    async def _serve(self, asked: _Asked) -> None:
        owner_id = self.socket.person
        try:
            if not await self.socket.still_known(await self._goodbye(asked)):
                return
            match asked.frame:
                case protocol.Abort() as frame:
                    protocol.check_id(frame.run_id, name="runId")
                    await self.socket.engine.intake.stop(owner_id=owner_id, run_id=frame.run_id)
                case protocol.RunAgentInput() as frame:
                    aid = await asked.aid
                    await self._submit(read_submission(frame, owner_id=owner_id, aid=aid))
                case protocol.Say() as frame:
                    thread_id, aid = frame.thread_id or self.said_thread_id, await asked.aid
                    await self._submit(
                        read_say(frame, owner_id=owner_id, thread_id=thread_id, aid=aid)
                    )
        except FrameError as error:
            await self._turn_down(asked, error)
        except Refusal as refusal:
            if refusal.code == "unauthenticated":  # deleted since the look above
                self.socket.end(CloseCode.UNAUTHENTICATED, await self._goodbye(asked))
            else:
                await self._refuse(asked, refusal)
        except bridge.StorageUnavailable:
            await self._refuse(asked, storage_unavailable())

    async def _turn_down(self, asked: _Asked, error: FrameError) -> None:
        """A message is refused, finally and with the help it calls for; else the frame was bad."""
        if isinstance(asked.frame, protocol.Abort):
            self.complain(error)
        else:
            await self._refuse(asked, Refusal("invalid_input", str(error)))

    async def _submit(self, submission: Submission) -> None:
        if submission.thread_id not in self.following and self.following.full:
            raise Refusal("invalid_input", TOO_MANY.capitalize() + ".")
        logged = await self.socket.engine.intake.submit(submission, address=self.address)
        if submission.thread_id not in self.following and not self.socket.ended:
            self.following.follow(submission.thread_id, Place(logged.start, announced=True))

    async def _help_if_late(self, asked: _Asked) -> None:
        """Whoever is in danger does not wait for storage: help comes before the answer does."""
        await asyncio.sleep(self.socket.engine.timings.help_s)
        help = None if asked.aid.done() else helping.card_now(asked.frame)
        help = help or (await asyncio.shield(asked.aid)).card or self._known_help(asked.frame)
        if asked in self._unanswered and help is not None:
            self._say_no(asked.frame, storage_unavailable(), help)

    def refuse_unfit(self, frame: Request, error: FrameError) -> None:
        """It can be read and not be taken."""
        self._refuse_unasked(frame, Refusal("invalid_input", str(error)))

    def refuse_hasty(self, frame: Request) -> None:
        busy = "Too many requests at once. Please wait a moment."
        self._refuse_unasked(frame, Refusal("rate_limited", busy, retry_after_ms=1_000))

    def _refuse_unasked(self, frame: Request, refusal: Refusal) -> None:
        """Not heard, but read for what it calls for."""
        spawn(self._refuse(self._asked(frame), refusal), self.socket.tasks)

    async def _apologise(self, asked: _Asked) -> None:
        try:
            await self._refuse(asked, Refusal("internal", "Something went wrong here."))
        except Exception as error:
            log_failure("a refusal", error)

    async def _goodbye(self, asked: _Asked) -> str:
        """What to say to who is not known any more: nothing, unless there is help to give."""
        card = (await asyncio.shield(asked.aid)).card
        if card is None:
            return ""
        again = Refusal("unauthenticated", "Please sign in again.", retry_after_ms=1_000)
        return self._no(asked.frame, again, card)

    async def _refuse(self, asked: _Asked, refusal: Refusal) -> None:
        self._say_no(asked.frame, refusal, (await asyncio.shield(asked.aid)).card or refusal.help)

    def _say_no(self, frame: Request, refusal: Refusal, help: Card | None) -> None:
        self.socket.outbox.reply(self._no(frame, refusal, help))

    def _no(self, frame: Request, refusal: Refusal, help: Card | None) -> str:
        thread_id = frame.thread_id or self.said_thread_id
        help = help or self._known_help(frame)
        return helping.refused(frame, refusal, thread_id=thread_id, help=help)

    def _known_help(self, frame: Request) -> Card | None:
        """What the conversation calls for, if this process remembers it."""
        return self.socket.engine.intake.known_help(
            frame,
            owner_id=self.socket.person,
            thread_id=frame.thread_id or self.said_thread_id,
        )

    def _asked(self, frame: Request) -> _Asked:
        """Without what nobody will read of it: sixty-four of them may wait."""
        if not isinstance(frame, protocol.Abort):
            frame = protocol.shortened(frame, settings.MAX_MESSAGE_BYTES + 1)
        aid = helping.aid_of(frame, person=self.socket.person)
        return _Asked(frame, asyncio.ensure_future(aid))
