"""What an operator should know before people come, as Django system checks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.db import Error as DatabaseError
from django.utils import timezone

from realtime.hotlines import codes, queries
from realtime.hotlines.auditing import Finding, audit
from realtime.hotlines.verifying import enabled_countries

_SHOWN = 10
_HINT = "Call each line, then say so under Hotlines, To verify, in the admin (docs/hotlines.md)."


@register()
def check_countries(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"HOTLINE_COUNTRIES: {code!r} is no country; say GB,IE,US", id="hotlines.E1")
        for code in settings.HOTLINE_COUNTRIES
        if code not in codes.country_names()
    ]


@register(deploy=True)
def check_leads(**_: Any) -> list[CheckMessage]:
    """Warn until a person checked the first line of every enabled country."""
    try:
        facts = queries.facts_now()
    except DatabaseError as error:
        why = f"the database does not answer ({type(error).__name__})"
        return [Info(f"Whether lead lines were checked is not known: {why}.", id="hotlines.I1")]
    found = audit(
        facts,
        enabled=enabled_countries(facts, settings.HOTLINE_COUNTRIES),
        now=timezone.now(),
        lasts=timedelta(days=settings.HOTLINE_CHECK_DAYS),
    )
    unchecked = _places(found, "lead-unchecked")
    missing = _places(found, "lead-missing")
    wrong = _places(found, "bad-lead")
    return [
        *_warning("W1", "Nobody checked the lead lines of", unchecked, _HINT),
        *_warning("W2", "There is no lead line for", missing, "Choose one under Countries."),
        *_warning("W3", "The lead line is not one for", wrong, "See manage.py check_hotlines."),
    ]


def _places(found: Iterable[Finding], kind: str) -> list[str]:
    return sorted({one.where for one in found if one.kind == kind})


def _warning(name: str, words: str, places: list[str], hint: str) -> list[CheckMessage]:
    if not places:
        return []
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    shown = ", ".join(places[:_SHOWN])
    return [Warning(f"{words} {shown}{more}.", hint=hint, id=f"hotlines.{name}")]
