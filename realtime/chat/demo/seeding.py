"""Plays the synthetic threads through the room's real parts: turns, tools, flusher, forced ends.

Only the model is scripted. No supervisor and no hub run here: it must not answer living people,
and nobody follows these threads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from realtime.agent.testing import ScriptedModel
from realtime.chat import agui, bridge, leases
from realtime.chat.demo import operations
from realtime.chat.demo.script import Ending, Exchange, Talk
from realtime.chat.demo.talks import all_talks
from realtime.chat.flusher import Flusher
from realtime.chat.hub import Hub
from realtime.chat.leases import Claim
from realtime.chat.log import Logged
from realtime.chat.models import Thread
from realtime.chat.operations import Submission, stop
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.chat.turns import Turns
from realtime.hotlines.facts import HotlineQuery
from realtime.hotlines.queries import current_directory

PATIENCE_S = 30.0
WAITED = timedelta(seconds=1)
TYPING_S = 0.2  # a character
REPLYING_S = 0.8  # an event of the log
# Nobody waits for these replies, and a lost run need not outlive a lease first.
TIMINGS = replace(Timings(), flush_min_s=0.0, flush_max_s=0.005, backoff_s=0.0, lease_s=0.0)


async def seed() -> list[str]:
    """Make all synthetic threads; gives their names."""
    durable = _Durable()
    flusher = Flusher(bridge.conninfo(), durable.hear, TIMINGS)
    await flusher.start()
    try:
        return await asyncio.gather(*(_play(talk, flusher, durable) for talk in all_talks()))
    finally:
        await flusher.stop()


@dataclass(slots=True)
class _Durable:
    """The words of each run that are committed, as the flusher tells."""

    words: dict[UUID, str] = field(default_factory=dict)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, logged: Logged) -> None:
        for frame in logged.frames:
            event = agui.decode(frame.chunk)
            if isinstance(event, agui.TextMessageContent):
                self.words[logged.run_id] = self.words.get(logged.run_id, "") + event.delta
        self._heard.set()

    async def wait_for(self, run_id: UUID, words: str) -> None:
        while self.words.get(run_id) != words:
            self._heard.clear()
            await self._heard.wait()


async def _play(talk: Talk, flusher: Flusher, durable: _Durable) -> str:
    thread = await bridge.run(operations.make_thread, client_thread_id=f"demo-{talk.name}")
    at = timezone.now() - timedelta(days=talk.days_ago)
    message_id = ""
    for exchange in talk.exchanges:
        at += timedelta(minutes=exchange.after_min, seconds=TYPING_S * len(exchange.asked))
        message_id = message_id if exchange.again else str(uuid4())
        submission = _submission(thread, talk, exchange, message_id)
        async with asyncio.timeout(PATIENCE_S):
            run = await _answer(submission, exchange, flusher, durable)
        await bridge.run(operations.set_times, run_id=run.run_id, **_times(at, run))
    return talk.name


def _submission(thread: Thread, talk: Talk, exchange: Exchange, message_id: str) -> Submission:
    return Submission(
        owner_id=thread.owner_id,
        thread_id=thread.client_thread_id,
        run_id=str(uuid4()),
        message_id=message_id,
        text=exchange.asked,
        place={"country": talk.country, "timeZone": None, "locale": talk.locale},
    )


async def _answer(
    submission: Submission, exchange: Exchange, flusher: Flusher, durable: _Durable
) -> RunLog:
    """One run, from submit to its terminal event."""
    card = await bridge.run(_card, submission) if exchange.card else None
    claim = await bridge.run(operations.open_run, submission=submission, card=card)
    run = claim.run_log(renewed_at=asyncio.get_running_loop().time())
    model = ScriptedModel(*exchange.replies, name=operations.MODEL)
    turns = Turns(model, flusher, Hub(TIMINGS), TIMINGS, fixed=True)
    task = asyncio.create_task(turns.answer(claim, run))
    run.on_lost = task.cancel
    if exchange.ending is Ending.PLAYED:
        await task
        return run
    await durable.wait_for(run.run_id, exchange.held_words)
    await bridge.run(_end, claim, exchange.ending)
    run.close(lost=True)
    await asyncio.gather(task, return_exceptions=True)
    return run


def _end(claim: Claim, ending: Ending) -> None:
    """As the person, or as the sweep of another process would."""
    if ending is Ending.STOPPED:
        ended = stop(owner_id=claim.owner_id, run_id=claim.client_run_id)
    else:
        ended = leases.interrupt(run_id=claim.run_id)
    assert ended is not None


def _card(submission: Submission) -> dict[str, Any]:
    """What the directory has for a person in danger, as a notice shows it."""
    query = HotlineQuery(submission.place["country"], needs=("crisis",))
    found = current_directory().find(query, now=timezone.now())
    about = {"cardId": submission.run_id, "level": "concern", "reason": "message"}
    return about | found.as_json()


def _times(asked_at: datetime, run: RunLog) -> dict[str, datetime]:
    took = timedelta(seconds=2 + REPLYING_S * run.seq)
    started_at = asked_at + WAITED
    return {"asked_at": asked_at, "started_at": started_at, "ended_at": started_at + took}
