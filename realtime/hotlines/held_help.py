"""The card that a page holds from its first byte on, for when its line to the server is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.places import zones_of_country


def held_help(directory: Directory, *, guess: str | None, now: datetime) -> dict[str, Any]:
    """Give `help`, the card for the region that the browser's language names, and its `zones`.

    A language alone is no sign of a place: the lines count where the device's time zone is one of
    `zones`, else the region is only a choice to offer. Whether a line is open is not said, for the
    page may lie open for hours.
    """
    code = directory.country_code(guess)
    told = directory.find(HotlineQuery(code, guessed=True), now=now).as_json()
    for line in told["lines"]:
        line["openNow"] = None
    return {"zones": zones_of_country(code) if code else (), "help": told}
