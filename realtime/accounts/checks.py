"""Settings of the door that would be wrong in silence, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from realtime.accounts.addresses import parse_networks
from realtime.accounts.handshake import clean_origin


@register()
def check_door(**_: Any) -> list[CheckMessage]:
    wrong: list[CheckMessage] = [
        Error(f"ALLOWED_ORIGINS: {each!r} is no origin; say https://example.org", id="accounts.E1")
        for each in settings.ALLOWED_ORIGINS
        if clean_origin(each) is None
    ]
    try:
        parse_networks(settings.TRUSTED_PROXIES)
    except ValueError as error:
        wrong.append(Error(f"TRUSTED_PROXIES: {error}", id="accounts.E2"))
    return wrong
