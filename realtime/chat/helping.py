"""What a message calls for: screened as it comes, help from the directory in memory, no I/O."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from django.utils import timezone

from realtime.chat import bridge, protocol
from realtime.chat.protocol import Inbound, RunAgentInput, Say, clean, message_text
from realtime.chat.refusals import Refusal
from realtime.chat.toolbox import person_place
from realtime.hotlines import help_files
from realtime.hotlines.facts import HotlineQuery
from realtime.hotlines.places import PersonPlace
from realtime.hotlines.queries import (
    current_directory,
    directory_in_memory,
    stored_directory,
)
from realtime.safety.screen import MAX_CHARACTERS, screen

logger = logging.getLogger(__name__)

# Screening takes a millisecond for some hundred characters: more is read off the event loop, one
# text after the other, where it keeps no other work of a thread waiting.
_SHORT = 2_000
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="screen")
_NEEDS = {"self-harm": ("self-harm", "crisis"), "danger": ("crisis", "domestic-violence")}
_ANY_CRISIS = ("suicide", "crisis")

Card = dict[str, Any]


async def card_of(frame: Inbound) -> Card | None:
    """The value of `kindline.help` that a frame's message calls for; None for nearly all.

    Whatever else is wrong with the frame.
    """
    if len(_text_of(frame)) <= _SHORT:
        return card_now(frame)
    return await asyncio.get_running_loop().run_in_executor(_reader, card_now, frame)


def card_now(frame: Inbound, *, most: int = MAX_CHARACTERS) -> Card | None:
    """The same at once, of the first `most` characters."""
    try:
        return _card(clean(_text_of(frame)[:most]), _card_id(frame), _place_of(frame))
    except Exception as error:  # a defect here must not cost the message, or its refusal
        logger.error("a message could not be screened: %s", type(error).__name__)
        return None


def _text_of(frame: Inbound) -> str:
    match frame:
        case RunAgentInput():
            return message_text(frame.messages[-1].content) if frame.messages else ""
        case Say():
            return frame.text
        case _:
            return ""


def _card_id(frame: Inbound) -> str:
    return clean(frame.run_id) if isinstance(frame, RunAgentInput) else str(uuid4())


def _place_of(frame: Inbound) -> dict[str, str | None]:
    given = frame.forwarded_props if isinstance(frame, RunAgentInput) else None
    props = given.kindline if given else None
    if props is None:
        return {}
    return {"country": props.country, "timeZone": props.time_zone, "locale": props.locale}


def refused(frame: Inbound, refusal: Refusal, *, thread_id: str, help: Card | None) -> str:
    """The refusal of a request, with the help that its text calls for."""
    return protocol.refusal(
        code=refusal.code,
        message=refusal.message,
        thread_id=clean(thread_id),
        run_id=clean(getattr(frame, "run_id", "")),
        retryable=refusal.retry_after_ms > 0,
        retry_after_ms=refusal.retry_after_ms,
        active_run_id=refusal.active_run_id,
        help=help,
    )


async def keep_directory(*, every_s: float) -> None:
    """Hold the directory ready, and at most so old, for when storage cannot be asked.

    What changed is also written to the help pages' files.
    """
    while True:
        try:
            await bridge.run(current_directory)
            await asyncio.to_thread(_keep_pages)
        except bridge.StorageUnavailable:
            pass
        except Exception as error:  # the last good one serves, and this goes on asking
            logger.error("the directory could not be read: %s", type(error).__name__)
        await asyncio.sleep(every_s)


def _keep_pages() -> None:
    """The help pages too, without haste: replies are written in this process meanwhile."""
    if directory := stored_directory():
        help_files.write_pages(directory, pause_s=0.002)


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
