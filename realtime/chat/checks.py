"""Settings of what people are told that would be wrong in silence, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from realtime.hotlines.codes import country_names
from realtime.safety.policy import POLICIES


@register()
def check_places(**_: Any) -> list[CheckMessage]:
    places, countries = ", ".join(POLICIES), country_names()
    return [
        *(
            Error(f"POLICY_PLACES: {place!r} has no policy; say some of {places}", id="chat.E1")
            for place in settings.POLICY_PLACES
            if place not in POLICIES
        ),
        *(
            Error(f"CLOSED_COUNTRIES: {code!r} is no country; say GB,IE,US", id="chat.E2")
            for code in settings.CLOSED_COUNTRIES
            if code not in countries
        ),
    ]


@register(deploy=True)
def check_operator(**_: Any) -> list[CheckMessage]:
    if settings.OPERATOR_CONTACT:
        return []
    hint = "Set OPERATOR_CONTACT to an e-mail address or a page: /safety shows it."
    return [Warning("People cannot reach who runs this service.", hint=hint, id="chat.W1")]
