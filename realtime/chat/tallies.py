"""What the room counts for the yearly report: cards, lines, notices, with nobody's name to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from django.utils import timezone

from realtime.chat import bridge
from realtime.hotlines.facts import HotlineQuery
from realtime.hotlines.queries import directory_in_memory
from realtime.hotlines.tallying import What, help_shown, tally

logger = logging.getLogger(__name__)


async def keep_tally(*, every_s: float) -> None:
    """Store now and then what this process counted."""
    while True:
        await asyncio.sleep(every_s)
        await store_tally()


async def store_tally() -> None:
    try:
        await bridge.run(tally.flush)
    except bridge.StorageUnavailable:
        pass
    except Exception as error:  # it is counted on, and tried again
        logger.error("counts could not be stored: %s", type(error).__name__)


class Appended(Protocol):
    """`log.Append`, as far as it is counted."""

    country: str | None

    @property
    def notices(self) -> Sequence[_Notice]: ...
    @property
    def flags(self) -> Sequence[_Flag]: ...


class _Notice(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> dict[str, Any]: ...


class _Flag(Protocol):
    @property
    def level(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def detector(self) -> str: ...


def appended(append: Appended) -> None:
    """Count the notices and flags of an append that was just committed."""
    country = append.country or ""
    for notice in append.notices:
        if notice.name == "kindline.help":
            country = str(notice.value.get("country") or country)
            _card(notice.value, reason=str(notice.value.get("reason") or ""))
        elif notice.name == "kindline.disclosure":
            tally.add(What.DISCLOSED, [str(notice.value["reason"])], country=country)
    for flag in append.flags:
        if flag.detector in ("screen", "moderation"):
            tally.add(What.SCREENED, [flag.level], country=country, reason=flag.category)
        elif flag.detector == "reply":
            tally.add(What.REPLACED, [flag.category], country=country)


def refused_with(help: dict[str, Any] | None) -> None:
    """Count the help of a refusal: the same message may be refused many times."""
    if help is not None and tally.first(f"refused {help.get('cardId')}"):
        _card(help, reason="refused")


def help_page(country: str | None) -> None:
    """Count the first lines of the page for a country in any spelling; without one it has none."""
    directory = directory_in_memory()
    code = directory.country_code(country)
    if code is not None:
        found = directory.find(HotlineQuery(code), now=timezone.now())
        help_shown(found.as_json(), reason="page")


def looked_up(found: dict[str, Any]) -> None:
    """Count what the tool told the model, which the page shows as a card."""
    help_shown(found, reason="tool")


def _card(value: dict[str, Any], *, reason: str) -> None:
    country = str(value.get("country") or "")
    tally.add(What.CARD, [str(value.get("level") or "")], country=country, reason=reason)
    help_shown(value, reason=reason)
