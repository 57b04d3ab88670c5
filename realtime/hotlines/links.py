"""From a contact to something one tap can open; pure."""

from __future__ import annotations

import re
from urllib.parse import quote

_KEYWORD = re.compile(r"text (\w+)")


def dialled(value: str) -> str:
    """Strip what is only for the eye: `(02) 8804-4673` is dialled `0288044673`."""
    return re.sub(r"[^\d+*#]", "", value)


def tel(value: str) -> str:
    # A raw # would start a fragment; service codes such as #8103 need it escaped (RFC 3966).
    return "tel:" + dialled(value).replace("#", "%23")


def href(kind: str, value: str, e164: str, note: str) -> str | None:
    """Give the link for a contact: tel:, sms:, mailto: or the page itself."""
    if kind in ("phone", "tty"):
        return tel(e164 or value)
    if kind == "sms":
        return _sms(e164 or value, note)
    if kind == "whatsapp":
        # wa.me takes full numbers only; a national one would reach somebody else.
        number = e164 or (value if value.startswith("+") else "")
        return f"https://wa.me/{dialled(number).lstrip('+')}" if number else None
    if kind == "email":
        return "mailto:" + quote(value, safe="@+")
    return value if value.startswith(("https://", "http://")) else None


def _sms(number: str, note: str) -> str:
    keyword = _KEYWORD.fullmatch(note)
    # "?&body=" is read by both Android (?) and iOS (&).
    return f"sms:{dialled(number)}" + (f"?&body={quote(keyword.group(1))}" if keyword else "")
