"""The contacts an agent may name: numbers in all their forms, and addresses; pure.

A number is known by its digits alone. One that is known in national and international form may
be written with its country's code (+44, 0044, 011 44), with or without the zero for calls within
the country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from realtime.safety.shadow import shadow

# The codes of ITU-T E.164 that have one or two digits; all others have three.
_TWO = frozenset(
    map(
        str,
        (
            *(20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59)),
            *(*range(60, 67), 81, 82, 84, 86, *range(90, 96), 98),
        ),
    )
)
_TRUNKS = {"1": "1", "7": "8", "36": "06"}  # what is dialled within the country; elsewhere 0
KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_NUMBER = re.compile(r"\+?\(?\d(?:[ ().+*#/-]{0,3}\d)*(?:(?:-[A-Za-z]{1,9}){1,3}\b)?")
_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w.+-]+@)?(?:[\w-]+\.)+[a-z][\w-]+(?:/[^\s\"'<>\\]*)?", re.IGNORECASE
)
_WHATSAPP = re.compile(r"(?:wa\.me/|whatsapp\.com/send\?phone=)(\d+)")
LONGEST = 16  # digits; E.164 has 15


@dataclass(frozen=True, slots=True)
class Allowed:
    """`numbers` are digits; `addresses` are hosts with their paths, and mail addresses."""

    numbers: frozenset[str] = field(default_factory=frozenset)
    addresses: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Allowed:
        """All that is a contact in texts we trust: directory entries, tool results, cards."""
        numbers, addresses = set[str](), set[str]()
        for text in texts:
            rest = _ADDRESS.sub(" ", text)
            for match in _ADDRESS.finditer(text):
                addresses.add(address(match[0]))
                if number := _WHATSAPP.search(match[0]):
                    rest += " +" + number[1]
            for match in _NUMBER.finditer(shadow(rest).plain):
                numbers.update(forms(match[0]))
        return cls(frozenset(numbers), frozenset(addresses))

    def __or__(self, other: Allowed) -> Allowed:
        return Allowed(self.numbers | other.numbers, self.addresses | other.addresses)

    def has_number(self, digits: str, letters: str = "") -> bool:
        """Whether these digits, and letters of a keypad after them, are one of the numbers."""
        whole = digits + letters.translate(KEYS)
        if whole in self.numbers:
            return True
        # Words on a keypad may be longer than the number: what comes after is not dialled.
        cut = (whole[:n] for n in range(max(10, len(digits) + 3), len(whole)))
        return bool(letters) and any(each in self.numbers for each in cut)

    def has_address(self, text: str) -> bool:
        """Whether an address is one of these, or the bare host or the front page of one."""
        asked = address(text)
        if asked in self.addresses or not asked:
            return True
        host, slash, path = asked.partition("/")
        if host in ("wa.me", "api.whatsapp.com"):
            return self.has_number(re.sub(r"\D", "", path))
        if "@" in asked:
            return False
        if not slash:
            return any(each.partition("/")[0] == host for each in self.addresses)
        return host in self.addresses  # a page of a site that is listed as a whole


def address(text: str) -> str:
    """An address as it is compared: without scheme, `www.`, query and what Markdown eats."""
    text = re.sub(r"^(?:mailto:|[a-z]+://)+", "", shadow(text).plain)
    text = re.split(r"[?#]", text, maxsplit=1)[0].strip(".,;:!/")
    return text.removeprefix("www.")


def forms(number: str) -> Iterator[str]:
    """The digits of a number in all the forms that lead to it: `+44 ...` also as `0044 ...`."""
    plain = re.sub(r"[^\da-z]", "", number.casefold())
    digits = plain.translate(KEYS)
    if len(digits) > LONGEST or len(digits) < 3:
        return
    yield digits
    if not number.lstrip(" (").startswith("+"):
        return
    code = calling_code(digits)
    national = digits[len(code) :]
    trunk = _TRUNKS.get(code, "0")
    own = {national, trunk + national}
    yield from own
    for prefix in ("", "00", "011"):
        yield from (prefix + code + each for each in (national, "0" + national))


def calling_code(digits: str) -> str:
    if digits[:1] in ("1", "7"):
        return digits[:1]
    return digits[:2] if digits[:2] in _TWO else digits[:3]
