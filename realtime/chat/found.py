"""What a look-up of the directory found, as stored in a result or a notice, made readable.

Old rows keep the shape of their day, so that nothing here may be taken for granted; pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_KINDS = {
    "phone": "Call",
    "tty": "Text phone",
    "sms": "Text",
    "whatsapp": "WhatsApp",
    "chat": "Chat",
    "email": "Email",
    "web": "Web",
}


@dataclass(frozen=True, slots=True)
class FoundLine:
    name: str
    organisation: str
    lead: bool
    contacts: list[str]
    hours: str
    regions: str
    source: str
    conflicts: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`emergency`: services with their numbers; `message`: what the model was told of it all."""

    country: str
    lines: list[FoundLine]
    emergency: list[str]
    international: str
    message: str


def found_in(value: dict[str, Any]) -> Found | None:
    """Read a result of `find_hotlines` or a `kindline.help` notice; None for anything else."""
    if not isinstance(value.get("lines"), list):
        return None
    return Found(
        country=_text(value, "countryName") or _text(value, "country"),
        lines=[_line(line) for line in _dicts(value["lines"])],
        emergency=[
            f"{_text(entry, 'service')}: {_text(entry, 'number')}"
            for entry in _dicts(_dict(value.get("emergency")).get("numbers"))
        ],
        international=_text(_dict(value.get("international")), "href"),
        message=_text(value, "message"),
    )


def _line(line: dict[str, Any]) -> FoundLine:
    return FoundLine(
        name=_text(line, "name") or _text(line, "id"),
        organisation=_text(line, "organisation"),
        lead=line.get("lead") is True,
        contacts=[_contact(contact) for contact in _dicts(line.get("contacts"))],
        hours=_text(line, "hours"),
        regions=_text(line, "regions"),
        source=_text(line, "freshness"),
        conflicts=bool(line.get("conflicts")),
    )


def _contact(contact: dict[str, Any]) -> str:
    kind, value, note = (_text(contact, name) for name in ("kind", "value", "note"))
    words = f"{_KINDS.get(kind, kind)}: {value}" if kind else value
    return f"{words} ({note})" if note else words


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    return text if isinstance(text, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
