"""What programs are told of help lines: answers to a query, and a country's offline copy; pure.

Both have the keys of the help card (`FoundHelp.as_json`), so whoever reads one reads all.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from realtime.hotlines import wording
from realtime.hotlines.directory import Directory, FoundHelp, FoundLine, HotlineQuery
from realtime.hotlines.facts import Country


def as_bytes(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def version_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def answer(found: FoundHelp) -> dict[str, Any]:
    """Give the card's answer, and with each line when it was checked and what stands beside it."""
    return found.as_json() | {"lines": [_line(line) for line in found.lines]}


def _line(found: FoundLine) -> dict[str, Any]:
    checked = found.line.checked
    return found.as_json() | {
        "checkedOn": checked.on.isoformat() if checked else None,
        "pairedWith": list(found.paired_with),
    }


@lru_cache(maxsize=512)
def offline_copy(directory: Directory, code: str, *, now: datetime) -> tuple[bytes, str]:
    """Give what a page keeps for the day it has no network, and its version.

    `now` chooses the first lines by years and must be a whole day, or each copy is another one.
    Whether a line is open is not said: it would be wrong an hour later.
    """
    country = directory.countries[code]
    found = directory.find(HotlineQuery(code), now=now)
    told = answer(found)
    for line in told["lines"]:
        line["openNow"] = None
    told["texts"] = _texts(directory, country, found)
    version = version_of(as_bytes(told))
    return as_bytes({"version": version, **told}), version


def _texts(directory: Directory, country: Country, found: FoundHelp) -> dict[str, str | None]:
    emergency = country.emergency_as_json()
    number = _first_number(emergency["numbers"]) if emergency else ""
    none_known = (
        f"We know no suicide or crisis line for {country.name}. Call the emergency number, or "
        f"look at {wording.INTERNATIONAL_NAME}: {wording.INTERNATIONAL_HREF}"
    )
    return {
        "title": "People you can reach now",
        "danger": f"In danger right now? Call {number or wording.NUMBER_UNKNOWN}.",
        "offline": "You are offline. Calls and texts still work. Chats and web pages do not.",
        "noCrisisLine": None if directory.has_crisis_line(found) else none_known,
        "mayHaveChanged": "A number may have changed since. If one does not work, try the next "
        "one or the emergency number.",
    }


def _first_number(numbers: list[dict[str, str]]) -> str:
    """The one for everything, else the ambulance's, else any: as the card chooses it."""
    by_service = {one["service"]: one["number"] for one in reversed(numbers)}
    return by_service.get("general") or by_service.get("ambulance") or numbers[0]["number"]
