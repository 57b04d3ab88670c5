"""A beacon of the page: a line was tapped. It tells which, and nothing of who."""

from __future__ import annotations

import secrets
from collections import Counter
from time import monotonic
from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from realtime.accounts import door
from realtime.accounts.api import ErrorOut
from realtime.accounts.errors import ApiError, origin_refused
from realtime.hotlines.directory import Directory
from realtime.hotlines.queries import directory_in_memory
from realtime.hotlines.tallying import EMERGENCY, INTERNATIONAL, What, tally

router = Router(tags=["help"])
PER_MINUTE = 60
_REFUSALS = {403: ErrorOut, 422: ErrorOut, 429: ErrorOut}


class TapIn(Schema):
    """`line` is an id of the directory, `emergency` or `international`."""

    line: str
    country: str | None = None
    kind: Literal["phone", "sms", "chat", "whatsapp", "email", "web", "tty"]
    reason: Literal["message", "moderation", "reply", "model_down", "refused", "tool", "page"] = (
        "page"
    )


@router.post("/help/tapped", auth=None, response={204: None, **_REFUSALS}, summary="Count a tap")
def count_tap(request: HttpRequest, tap: TapIn) -> Status[None]:
    """Count that a line was tapped. No cookie is read, no address kept; no page needs the answer.

    `line`, `kind` and `country` as the card had them: `lines[].id` with the kind of one of its
    contacts, or `emergency` (`phone`) or `international` (`web`).
    """
    if not door.request_admitted(request, method="token"):
        raise origin_refused("This page's Origin is not allowed here.")
    if not _pace.allows(door.request_limit_key(request)):
        message = "Too many taps in a minute."
        raise ApiError(status=429, code="rate_limited", message=message, retry_after_s=60)
    if not _known(directory_in_memory(), tap):
        message = "The directory knows no such way to such a line there."
        raise ApiError(status=422, code="invalid_input", message=message)
    tally.add(What.TAPPED, [tap.line], country=tap.country or "", reason=tap.reason, by=tap.kind)
    return Status(204, None)


def _known(directory: Directory, tap: TapIn) -> bool:
    """Whether a card can offer that: there are no more rows than ways to reach help."""
    country = directory.countries.get(tap.country or "")
    if country is None and tap.country is not None:
        return False
    if tap.line == INTERNATIONAL:
        return tap.kind == "web"
    if tap.line == EMERGENCY:
        return tap.kind == "phone" and bool(country and country.emergency_as_json())
    line = next((line for line in directory.lines if line.id == tap.line), None)
    if line is None or tap.kind not in {contact.kind for contact in line.contacts}:
        return False
    return line.international or tap.country in line.countries


class _Pace:
    """Counts each address for the current minute, by a hash that means nothing afterwards."""

    def __init__(self) -> None:
        self._minute = 0
        self._key = b""
        self._taps: Counter[int] = Counter()

    def allows(self, address: str) -> bool:
        minute = int(monotonic() // 60)
        if minute != self._minute:
            self._minute, self._key, self._taps = minute, secrets.token_bytes(16), Counter()
        of_whom = hash((self._key, address))
        self._taps[of_whom] += 1
        return self._taps[of_whom] <= PER_MINUTE


_pace = _Pace()
