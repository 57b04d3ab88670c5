"""A text's shadow: what stands in it, whatever it is written with; pure.

One sign for one sign, so that a place in the shadow is a place in the text: letters without
accents and case, ASCII digits, one kind of space, dash and quote. What the eye does not see, and
what Markdown takes for emphasis, is left out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html import unescape

# Marks of Indian scripts are vowels, and so letters; those of others are accents.
INDIC = "\u0900-\u0903\u093a-\u093b\u093e-\u094f\u0955-\u0957\u0962-\u0963"
LETTER = rf"(?:[^\W\d_]|[{INDIC}])"

_NOTHING = "\0"
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});")
_BEGUN_ENTITY = re.compile(r"&(?:#(?:\d{0,7}|[xX][0-9a-fA-F]{0,6})?|[A-Za-z]{0,8}\d{0,2})?\Z")
_INDIC = re.compile(f"[{INDIC}]")
_SIGNS = (
    dict.fromkeys("*_~`\\", _NOTHING)
    | dict.fromkeys("’‘ʼ´＇", "'")
    | dict.fromkeys("„«", "“")
    | dict.fromkeys("»", "”")
    | dict.fromkeys("·•∙・", "·")
    | dict.fromkeys("—―", "—")
    | {_NOTHING: _NOTHING, "\n": "\n", "\u2028": "\n", "\u2029": "\n", "\u2212": "-", "✕": "x"}
)


class _Table(dict[int, str]):
    """Filled as signs turn up; as large as Unicode at most."""

    def __missing__(self, code: int) -> str:
        self[code] = sign = _SIGNS.get(chr(code)) or _plain(chr(code))
        return sign


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind in ("Mn", "Me", "Cf", "Cs"):
        return char if _INDIC.match(char) else _NOTHING
    if kind in ("Zs", "Cc"):
        return " "
    if kind == "Pd":
        return "-"
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    same = unicodedata.normalize("NFKD", char)
    if any(each.isdigit() for each in same):
        return "0"  # ⑩, ½: one sign must stay one sign, and it is no digit of a number we know
    same = "".join(each for each in same.casefold() if unicodedata.category(each) != "Mn")
    return same[0] if same and same[0].isprintable() else char


_table = _Table()


@dataclass(frozen=True, slots=True)
class Shadow:
    """The shadow of a text from `base` on; no `places` where nothing was left out."""

    plain: str
    base: int
    places: list[int] = field(default_factory=list)
    wide: dict[int, int] = field(default_factory=dict)  # signs of HTML: where they end

    def place(self, at: int) -> int:
        """Where in the text the sign at `at` stands; for the end of the shadow, the text's end."""
        return self.places[at] if self.places else self.base + at

    def place_after(self, at: int) -> int:
        """Where in the text the sign before `at` ends."""
        place = self.place(at - 1)
        return self.wide.get(place, place + 1)

    def at(self, place: int) -> int:
        """The first sign that stands at a place of the text or after it."""
        if not self.places:
            return max(0, place - self.base)
        low, high = 0, len(self.places) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.places[middle] >= place else (middle + 1, high)
        return low


def shadow(text: str, base: int = 0) -> Shadow:
    """The shadow of a text, or of the part of one that begins at `base`."""
    wide: dict[int, int] = {}
    if "&" in text:
        wide = {base + m.start(): base + m.end() for m in _ENTITY.finditer(text)}
        text = _ENTITY.sub(_as_long, text)
    plain = text.translate(_table)
    if _NOTHING not in plain:
        return Shadow(plain, base)
    places = [base + at for at, sign in enumerate(plain) if sign != _NOTHING]
    return Shadow(plain.replace(_NOTHING, ""), base, [*places, base + len(text)], wide)


def readable_end(text: str) -> int:
    """Where the text ends for now: before what may become a sign of HTML (`&#5` of `&#57;`)."""
    begun = _BEGUN_ENTITY.search(text, max(0, len(text) - 12))
    return begun.start() if begun else len(text)


def _as_long(entity: re.Match[str]) -> str:
    sign = unescape(entity[0])
    return sign.ljust(len(entity[0]), _NOTHING)[: len(entity[0])]
