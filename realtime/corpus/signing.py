"""Takes the names of those who answered off the ends of their answers; pure."""

from __future__ import annotations

import re

_REACH = 160  # characters from the end that may be a signature
_TITLES = (
    "LMFTA?|R?MFT|LPCC?|LPC-S|LPCMH|LI?CSW|LMSW|LSCSW|LISW|LCPC|LMHCA?|NCC|DBH|DCC|CASAC|LMAC|CCTP|"
    r"RCC|RP|RN|MSW|MSC|MA|MS|M\.?Ed|M\.?A|M\.?S|Ph\.?D|Psy\.?D|Ed\.?D|JD|LP"
)
_DASHES = "~\u2013\u2014-"
_CREDENTIALS = re.compile(
    rf"(?:\n|(?<=[.!?,{_DASHES}])|\s[{_DASHES}]+\s?|\s)"
    r"(?:Dr\.? )?(?:[A-Z][a-zß-ÿ'\u2019-]+[ .]{1,2}|[A-Z]\. ){1,3}[A-Z][a-zß-ÿ'\u2019-]+,? "
    rf"(?:(?:{_TITLES})(?:-\w)?\.?(?:, ?| |$))+\s*\Z"
)
_NAME = re.compile(r"[A-Z][a-zß-ÿ]{2,}")
_NO_NAMES = {"Counseling", "Counselor", "Therapist", "Licensed", "The", "And", "Mrs", "Couples"}
_WORD = re.compile(r"[\w'\u2019]+")
_EDGE = f" \t\n*,/\u2022{_DASHES}"
_OPENS = f'.!?,\n)"\u201d:*{_DASHES}'


def unsigned(answer: str, writer: str) -> tuple[str, bool]:
    """Take a signature off, and say whether there was one; `writer`: as a file tells who wrote it.

    Without a writer only a name with a degree is known to be a signature.
    """
    end = max(0, len(answer) - _REACH)
    found = _CREDENTIALS.search(answer, end)
    at = found.start() if found else _by_name(answer, end, names_of(writer))
    if at is None:
        return answer, False
    return answer[:at].rstrip(_EDGE), True


def names_of(writer: str) -> list[str]:
    """`Sherry Katz, LCSWCouples and ...`: Sherry, Katz."""
    before = re.split(r"[,(]|(?<=[a-z])(?=[A-Z])", writer, maxsplit=1)[0]
    return [name for name in _NAME.findall(before) if name not in _NO_NAMES][:3]


def still_named(answer: str, writer: str) -> bool:
    """Whether first and last name of the writer stand in an answer together."""
    names = names_of(writer)
    return len(names) > 1 and bool(
        re.search(rf"{re.escape(names[0])}\W+(?:\w+\W+)?{re.escape(names[-1])}\b", answer)
    )


def _by_name(answer: str, start: int, names: list[str]) -> int | None:
    """Where the writer's first name begins, if nothing but a signature follows it."""
    if not names:
        return None
    place = answer.rfind(names[0], start)
    if place < 0:
        return None
    rest = _WORD.findall(answer, place)
    if all(_signs(word, names) for word in rest) and _opens(answer, place):
        dr = re.search(r"\bDr\.? \Z", answer[:place])
        return dr.start() if dr else place
    return None


def _signs(word: str, names: list[str]) -> bool:
    """A name, an initial or a degree."""
    return word in names or len(word) == 1 or sum(sign.isupper() for sign in word) > 1


def _opens(answer: str, place: int) -> bool:
    """Whether a sentence or a greeting ends before the name: `luck, Sarah`, `well. -Sarah`."""
    before = re.sub(r"\bDr\.? \Z", "", answer[:place]).rstrip(" ")
    return not before or before[-1] in _OPENS
