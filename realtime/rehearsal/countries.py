"""Finds the country somebody names, by its English name or its code in capitals."""

from __future__ import annotations

import re
from collections.abc import Collection

from babel import Locale

_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
_ALSO_CALLED = {
    "america": "US", "britain": "GB", "bosnia": "BA", "czech republic": "CZ", "england": "GB",
    "great britain": "GB", "holland": "NL", "hong kong": "HK", "ivory coast": "CI",
    "northern ireland": "GB", "palestine": "PS", "scotland": "GB", "the states": "US",
    "turkey": "TR", "u.k.": "GB", "u.s.": "US", "u.s.a.": "US", "uae": "AE", "uk": "GB",
    "usa": "US", "wales": "GB",
}  # fmt: skip
_BY_NAME = {
    name.casefold(): code
    for code, name in Locale("en").territories.items()
    if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
} | _ALSO_CALLED
_CODES = frozenset(_BY_NAME.values())
# Longest first: Guinea-Bissau is not Guinea.
_NAMES = re.compile(
    r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(_BY_NAME, key=len, reverse=True))) + r")(?!\w)"
)


def named_country(text: str, *, offered: Collection[str] = ()) -> str | None:
    """The country named in `text`, if it is among the `offered` codes (none: all are)."""
    name = _NAMES.search(text.casefold())
    code = _BY_NAME[name[0]] if name else _bare_code(text)
    return code if code and (not offered or code in offered) else None


def is_only_a_country(text: str) -> bool:
    bare = text.strip(" \t\r\n.!?,")
    return bare.casefold() in _BY_NAME or bare in _CODES


def _bare_code(text: str) -> str | None:
    """A code in capitals, where not all is shouted: IN and ME are words then."""
    if text.isupper() and not is_only_a_country(text):
        return None
    return next((word for word in re.findall(r"\b[A-Z]{2}\b", text) if word in _CODES), None)
