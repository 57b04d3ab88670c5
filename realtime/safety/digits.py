"""The runs of digits, and of words for digits, in a text; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from realtime.safety.shadow import INDIC, LETTER
from realtime.safety.tongues import NumberWords

_HAN = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
# Between the digits of a number: anything but letters, what ends a sentence aloud, and money.
_BETWEEN = rf"[^\w{INDIC}\n!?%$€£₹¥=<>]"
_LINE = r"\n(?!\s{0,3}(?:\d{1,2}[.)]|[-•+])\s)"
_GAP = rf"(?:{_BETWEEN}|{_LINE}){{0,6}}"
# Where one number may end and another begin.
LOOSE = re.compile(r"[,;.:/]\s|\n|\s[(\[]|[)\]]\s|\s[-/|·–—+]\s|\s\w+\s|…")
_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together, or a word for some; `end` is where they end."""

    start: int
    end: int
    digits: str
    letters: str = ""


class NumberReader:
    """Finds the runs of a text and says which parts of them are contacts that are not allowed."""

    def __init__(self, words: NumberWords) -> None:
        self._words = words
        spoken = sorted({*words.digits, *words.times}, key=len, reverse=True)
        spelled = rf"(?<!{LETTER})(?:{'|'.join(map(re.escape, spoken))})(?!{LETTER})"
        self._values = words.digits | _HAN
        atom = rf"(?:\d+|{spelled}|[{''.join(_HAN)}])"
        self.atom = atom
        self._atom = re.compile(atom)
        links = r"(?<=[a-z]) (?:and|y|e|et|und|then|dash|hyphen) (?=[a-z])"
        self.run = re.compile(rf"[(\[]?\+?[(\[]?{atom}(?:(?:{links}|{_GAP}){atom})*")
        self._begun = frozenset(word[:n] for word in spoken for n in range(1, len(word) + 1))

    def groups(self, plain: str, start: int, end: int) -> list[Group]:
        found: list[Group] = []
        times = 1
        for match in self._atom.finditer(plain, start, end):
            text = match[0]
            if text in self._words.times:
                times = self._words.times[text]
                continue
            digits = self._values.get(text, text)
            found.append(Group(match.start(), match.end(), digits * times))
            times = 1
        return _with_tens(found, plain)

    def is_open(self, plain: str, end: int) -> bool:
        """Whether what follows a run may still belong to it: the text ends too soon to tell."""
        rest = plain[end : end + _LONGEST_WORD]
        inner = re.match(_GAP, rest)
        after = rest[inner.end() if inner else 0 :]
        if not after:
            return len(rest) <= 8
        return after in self._begun


def _with_tens(groups: list[Group], plain: str) -> list[Group]:
    """`eighty eight` is 88, and `one hundred twelve` is 112."""
    out: list[Group] = []
    for group in groups:
        before = out[-1] if out else None
        word = not plain[group.start].isdigit()
        if before and word and not plain[before.start].isdigit():
            size = len(group.digits)
            zeros = before.digits[-size:] == "0" * size and len(before.digits) > size
            if zeros and size < 3 and group.digits.strip("0"):
                joined = before.digits[:-size] + group.digits
                out[-1] = Group(before.start, group.end, joined)
                continue
            if group.digits == "00" and len(before.digits) == 1:
                out[-1] = Group(before.start, group.end, before.digits + "00")
                continue
        out.append(group)
    return out


def digit_by_digit(groups: list[Group], plain: str) -> list[Group]:
    """`9 8 8` and `nine eight eight` are one group."""
    out: list[Group] = []
    single = False  # whether the last group is made of such
    for group in groups:
        alone = len(group.digits) == 1 and not group.letters
        if alone and single and not LOOSE.search(plain[out[-1].end : group.start]):
            out[-1] = Group(out[-1].start, group.end, out[-1].digits + group.digits)
        else:
            out.append(group)
        single = alone
    return out
