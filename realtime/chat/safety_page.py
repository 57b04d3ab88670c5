"""The page that says what this service does for people's safety, and what not: from its settings.

Nothing of it is written by hand for one installation, and nothing asks the database: it is as
true, and as near, as the running process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from realtime.accounts import consenting
from realtime.agent.prompt import PROMPT_VERSION
from realtime.chat import disclosing
from realtime.chat.answering import configured_model, is_moderated, is_rehearsal, known
from realtime.chat.cards import QUIET, QUIET_MESSAGES
from realtime.chat.promise import promise
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Line
from realtime.hotlines.queries import directory_in_memory
from realtime.provider.config import ProviderConfig
from realtime.safety import disclosure, policy, rules
from realtime.safety.disclosure import Intervals

_LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "others": "some words of others",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """How the directory of this process stands."""

    countries: int
    with_crisis_line: list[str]
    lines: int
    checked: int
    last_check: str


@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_safety())


def render_safety() -> str:
    """The page as plain HTML, without script."""
    config, own = known.model, configured_model()
    context = {
        "model": _model(config),
        # A promoted model changes nothing of it: the settings say who looks too.
        "moderated": own is not None and is_moderated(own),
        "screen": {"version": screen_version(), "languages": languages()},
        "quiet": {"minutes": int(QUIET.total_seconds() // 60), "messages": QUIET_MESSAGES},
        "notice": disclosure.wording("start", kind=disclosing.kind(config), locale="en"),
        "intervals": _readable(disclosing.rules_in(None).intervals),
        "prompt": PROMPT_VERSION,
        "learning": _learning(),
        "days": promise.held_days,
        "tells_of_days": promise.held_days > 0,
        "lines": _lines(directory_in_memory()),
        "places": [p.name for p in policy.POLICIES.values() if p.place in settings.POLICY_PLACES],
        "policies": policy.POLICIES.values(),
        "closed": _names(settings.CLOSED_COUNTRIES),
        "operator": {"name": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT},
        "contact_href": contact_href(settings.OPERATOR_CONTACT),
    }
    return render_to_string("chat/safety.html", context)


@cache
def screen_version() -> str:
    """The first letters of a digest of all pattern files: another screen, another version."""
    digest = hashlib.sha256()
    for path in sorted(rules.FOLDER.glob("*.json")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def languages() -> list[str]:
    names = {_LANGUAGES.get(path.stem, path.stem) for path in rules.FOLDER.glob("*.json")}
    return sorted(names, key=lambda name: (name.islower(), name))


def contact_href(contact: str) -> str | None:
    """A link for an address or a page; None for anything else, which is shown as it is."""
    if contact.startswith(("https://", "http://")):
        return contact
    return f"mailto:{contact}" if contact.count("@") == 1 and " " not in contact else None


def _model(config: ProviderConfig | None) -> dict[str, Any] | None:
    if config is None:
        return None
    return {
        "name": config.resolved_model,
        "host": config.host,
        "demo": is_rehearsal(config),
    }


def _learning() -> dict[str, Any] | None:
    """What may be agreed to; None where nobody is asked."""
    if not settings.LEARN_FROM_CHATS:
        return None
    version = consenting.WORDS_VERSION
    return {"title": consenting.TITLE, "words": consenting.WORDS, "version": version}


def _readable(intervals: Intervals) -> dict[str, str]:
    return {
        "use": _every_hours(intervals.use_s),
        "minor": _every_hours(intervals.minor_use_s),
        "idle": _days(intervals.idle_s / 86400),
    }


def _every_hours(seconds: float) -> str:
    hours = seconds / 3600
    return "hour" if hours == 1 else f"{hours:g} hours"


def _days(number: float) -> str:
    return "1 day" if number == 1 else f"{number:g} days"


def _lines(directory: Directory) -> Lines:
    dates = [line.checked.on for line in directory.lines if line.checked is not None]
    crisis = {
        code
        for line in directory.lines
        if _for_crisis(directory, line)
        for code in line.countries
        if code in directory.countries
    }
    return Lines(
        countries=len({code for line in directory.lines for code in line.countries}),
        with_crisis_line=sorted(directory.countries[code].name for code in crisis),
        lines=len(directory.lines),
        checked=len(dates),
        last_check=max(dates).isoformat() if dates else "",
    )


def _for_crisis(directory: Directory, line: Line) -> bool:
    return any(directory.needs[need].urgent for need in line.needs)


def _names(codes: list[str]) -> list[str]:
    countries = directory_in_memory().countries
    return [countries[code].name if code in countries else code for code in codes]
