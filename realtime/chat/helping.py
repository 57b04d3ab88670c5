"""What a message calls for: screened as it comes, help from the directory in memory, no I/O."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from uuid import uuid4

from django.utils import timezone

from realtime.chat import bridge, protocol, tallies
from realtime.chat.protocol import Inbound, RunAgentInput, Say, clean, message_text
from realtime.chat.refusals import Refusal
from realtime.chat.toolbox import YOUNG, audiences_of, person_place
from realtime.chat.turnstile import Turnstile
from realtime.hotlines import help_files
from realtime.hotlines.codes import base_language, languages_of
from realtime.hotlines.facts import HotlineQuery
from realtime.hotlines.queries import (
    current_directory,
    directory_in_memory,
    stored_directory,
)
from realtime.safety.ready import make_ready
from realtime.safety.rules import Level
from realtime.safety.sayings import says_under_18
from realtime.safety.screen import MAX_CHARACTERS, NOTHING, Screening, rises, screen

logger = logging.getLogger(__name__)

# Screening takes a millisecond for some hundred characters: more is read off the event loop, one
# text after the other, where it keeps no other work of a thread waiting. Before anybody's stands
# at most one longest text (a tenth of a second; a hostile one more) of each of a few others.
_SHORT = 500
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="screen")
_long = Turnstile(_reader, of_one=MAX_CHARACTERS, in_all=8 * MAX_CHARACTERS)
_NEEDS = {"self-harm": ("self-harm", "crisis"), "danger": ("crisis", "domestic-violence")}
_ANY_CRISIS = ("suicide", "crisis")

Card = dict[str, Any]
Reason = Literal["message", "moderation", "reply", "model_down"]
Place = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Aid:
    """What a message calls for: what was found in it, and for a crisis the value of a card."""

    found: Screening = NOTHING
    card: Card | None = None


NO_AID = Aid()


async def begin() -> None:
    """Have ready what the first message is read with."""
    await asyncio.get_running_loop().run_in_executor(_reader, make_ready)


async def aid_of(frame: Inbound, *, person: int) -> Aid:
    """What a frame's message calls for, which is nothing for nearly all.

    Whatever else is wrong with the frame. Of a long text its ends alone are read where too much of
    this person, or of all, waits to be read.
    """
    size = min(len(_text_of(frame)), MAX_CHARACTERS)
    if size <= _SHORT:
        return _aid_now(frame)
    whole = await _long.run(partial(_aid_now, frame), person=person, size=size)
    return whole or _aid_now(frame, ends=_SHORT)


def card_now(frame: Inbound, *, ends: int = _SHORT) -> Card | None:
    """The card at once, of so many of the first and of the last characters."""
    return _aid_now(frame, ends=ends).card


def _aid_now(frame: Inbound, *, ends: int = MAX_CHARACTERS) -> Aid:
    try:
        texts = _ends(clean(_text_of(frame)), ends)
        found = _gravest(texts)
        if found.level != "crisis":
            return Aid(found)
        young = YOUNG if any(says_under_18(text) for text in texts.values()) else {}
        place = _place_of(frame) | young
        return Aid(found, offer(card_id=_card_id(frame), found=found, place=place))
    except Exception as error:  # a defect here must not cost the message, or its refusal
        logger.error("a message could not be screened: %s", type(error).__name__)
        return NO_AID


def _ends(text: str, most: int) -> dict[int, str]:
    """What is read of a text, by its place there: all of it, or these many at either end."""
    text = text[:MAX_CHARACTERS]
    if len(text) <= 2 * most:
        return {0: text}
    return {0: text[:most], len(text) - most: text[-most:]}


def _gravest(texts: dict[int, str]) -> Screening:
    gravest = NOTHING
    for at, text in texts.items():
        found = screen(text)
        if rises(found.level, above=gravest.level):
            start, end = found.span or (0, 0)
            gravest = replace(found, span=(at + start, at + end) if found.span else None)
    return gravest


def card_in_vain(frame: Inbound, *, level: Level) -> Card | None:
    """For a message that is not taken, in a conversation of this level."""
    if level == "none" or not _text_of(frame):
        return None
    try:
        card_id, place = _card_id(frame), _place_of(frame)
        return offer(card_id=card_id, place=place, level=level, reason="model_down")
    except Exception as error:  # as above
        logger.error("no help could be looked up: %s", type(error).__name__)
        return None


def offer(
    *,
    card_id: str,
    place: Place,
    found: Screening = NOTHING,
    level: Level | None = None,
    reason: Reason = "message",
) -> Card:
    """The value of `kindline.help`: lines for where the person is, from the directory in memory.

    `level` where it is not that of what was found.
    """
    needs = _NEEDS.get(found.category or "", _ANY_CRISIS)
    about = {"cardId": card_id, "level": level or found.level, "reason": reason}
    return about | _help(place, needs)


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


def _place_of(frame: Inbound) -> Place:
    given = frame.forwarded_props if isinstance(frame, RunAgentInput) else None
    props = given.kindline if given else None
    if props is None:
        return {}
    return {"country": props.country, "timeZone": props.time_zone, "locale": props.locale}


def refused(frame: Inbound, refusal: Refusal, *, thread_id: str, help: Card | None) -> str:
    """The refusal of a request, with the help that its text calls for."""
    tallies.refused_with(help)
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


def _help(told: Place, needs: tuple[str, ...]) -> Card:
    directory = directory_in_memory()
    place = directory.place_of(person_place(told))
    query = HotlineQuery(
        country=place.country,
        needs=needs,
        audiences=audiences_of(directory, told),
        language=_language(told, place.country),
        guessed=place.guessed,
        choices=place.choices,
    )
    return directory.find(query, now=timezone.now()).as_json()


def _language(told: Place, country: str | None) -> str | None:
    """That of the device where people of the country speak it: in Belgium it decides the line."""
    language = base_language(told.get("locale") or "")
    return language if language in map(base_language, languages_of(country or "")) else None
