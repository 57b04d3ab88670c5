"""What a message calls for: screened as it comes, help from the directory in memory, no I/O."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import uuid4

from django.utils import timezone

from realtime.chat import bridge, protocol
from realtime.chat.protocol import (
    Inbound,
    KindlineProps,
    RunAgentInput,
    Say,
    clean,
    message_text,
)
from realtime.chat.refusals import Refusal
from realtime.chat.toolbox import person_place
from realtime.hotlines.facts import HotlineQuery
from realtime.hotlines.places import PersonPlace
from realtime.hotlines.queries import current_directory, directory_in_memory
from realtime.safety.screen import screen

logger = logging.getLogger(__name__)

# Screening takes a millisecond for some hundred characters: more is read off the event loop.
_SHORT = 2_000
_NEEDS = {"self-harm": ("self-harm", "crisis"), "danger": ("crisis", "domestic-violence")}
_ANY_CRISIS = ("suicide", "crisis")

Card = dict[str, Any]


def card_now(frame: RunAgentInput) -> Card | None:
    """What the frame's message calls for, where no loop runs."""
    text, place = _message(frame)
    try:
        return _card(clean(text), frame.run_id, place)
    except Exception as error:  # as below
        logger.error("a message could not be screened: %s", type(error).__name__)
        return None


def _message(frame: RunAgentInput) -> tuple[str, dict[str, str | None]]:
    text = message_text(frame.messages[-1].content) if frame.messages else ""
    props = frame.forwarded_props.kindline if frame.forwarded_props else None
    return text, {} if props is None else _place(props)


async def card_for(*, text: str, run_id: str, place: dict[str, str | None]) -> Card | None:
    """The value of `kindline.help` that a message calls for; None for nearly all."""
    try:
        if len(text) <= _SHORT:
            return _card(text, run_id, place)
        return await asyncio.to_thread(_card, text, run_id, place)
    except Exception as error:  # a defect here must not cost the message, or its refusal
        logger.error("a message could not be screened: %s", type(error).__name__)
        return None


async def card_of(frame: Inbound) -> Card | None:
    """The same for a frame, whatever else is wrong with it."""
    match frame:
        case RunAgentInput():
            text, place = _message(frame)
            return await card_for(text=clean(text), run_id=frame.run_id, place=place)
        case Say():
            return await card_for(text=clean(frame.text), run_id=str(uuid4()), place={})
        case _:
            return None


async def refused(frame: Inbound, refusal: Refusal, *, thread_id: str) -> str:
    """The refusal of a request, with the help that its text calls for."""
    return protocol.refusal(
        code=refusal.code,
        message=refusal.message,
        thread_id=clean(thread_id),
        run_id=clean(getattr(frame, "run_id", "")),
        retryable=refusal.retry_after_ms > 0,
        retry_after_ms=refusal.retry_after_ms,
        active_run_id=refusal.active_run_id,
        help=await card_of(frame),
    )


async def keep_directory(*, every_s: float) -> None:
    """Hold the directory ready, and at most so old, for when storage cannot be asked."""
    while True:
        try:
            await bridge.run(current_directory)
        except bridge.StorageUnavailable:
            pass
        except Exception as error:  # the last good one serves, and this goes on asking
            logger.error("the directory could not be read: %s", type(error).__name__)
        await asyncio.sleep(every_s)


def _place(props: KindlineProps) -> dict[str, str | None]:
    return {"country": props.country, "timeZone": props.time_zone, "locale": props.locale}


def _card(text: str, run_id: str, place: dict[str, str | None]) -> Card | None:
    found = screen(text)
    if found.level != "crisis":
        return None
    needs = _NEEDS.get(found.category or "", _ANY_CRISIS)
    about = {"cardId": run_id, "level": found.level, "reason": "message"}
    return about | _help(person_place(place), needs)


def _help(person: PersonPlace, needs: tuple[str, ...]) -> Card:
    directory = directory_in_memory()
    place = directory.place_of(person)
    query = HotlineQuery(
        country=place.country, needs=needs, guessed=place.guessed, choices=place.choices
    )
    return directory.find(query, now=timezone.now()).as_json()
