"""What the room counts, for the yearly report: cards, lines and notices, with nobody's name to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from realtime.chat import bridge
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


def noticed(notices: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Count notices that were just stored, by name and value."""
    for name, value in notices:
        if name == "kindline.help":
            _card(value, reason=str(value.get("reason") or ""))
        elif name == "kindline.disclosure":
            country = str(value.get("country") or "")
            tally.add(What.DISCLOSED, [str(value["reason"])], country=country)


def refused_with(help: dict[str, Any] | None) -> None:
    """Count the help of a refusal: the same message may be refused many times."""
    if help is not None and tally.first(f"refused {help.get('cardId')}"):
        _card(help, reason="refused")


def looked_up(found: dict[str, Any]) -> None:
    """Count what the tool told the model, which the page shows as a card."""
    help_shown(found, reason="tool")


def screened(*, level: str, category: str, country: str | None) -> None:
    """Count a message that is not harmless."""
    tally.add(What.SCREENED, [level], country=country or "", reason=category)


def replaced(*, rule: str, country: str | None) -> None:
    """Count a passage of a reply that was taken out."""
    tally.add(What.REPLACED, [rule], country=country or "")


def _card(value: dict[str, Any], *, reason: str) -> None:
    country = str(value.get("country") or "")
    tally.add(What.CARD, [str(value.get("level") or "")], country=country, reason=reason)
    help_shown(value, reason=reason)
