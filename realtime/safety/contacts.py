"""Finds the contacts in a reply as it is written, and holds back no more than may become one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from realtime.safety.addresses import SIGNS, addresses
from realtime.safety.allowed import Allowed
from realtime.safety.digits import Group, NumberReader
from realtime.safety.figures import Run, Verdict
from realtime.safety.shadow import Shadow
from realtime.safety.tongues import NumberWords

REACH = 200  # characters before a place that are looked at with it
_LONGEST_NUMBER = 160  # characters
_LOOK_BACK = 100  # characters of some words
_KEYPAD = re.compile(r"[-. ]((?:[a-z]{1,9}-){0,2}[a-z]{1,9})(?![a-z0-9])")
_KEYPAD_BEGUN = re.compile(r"[-. ][a-z-]{0,24}\Z")
_TOLL_FREE = re.compile(r"(?:800|88\d|877|866|855|844|833|1300|1800|13)\Z")


@dataclass(frozen=True, slots=True)
class Spotted:
    """A contact that is not allowed, by places of the text."""

    start: int
    end: int
    kind: str  # number, link, or target: what a Markdown link leads to


class ContactReader:
    """`hold`: what stands before it holds no contact; `settled`: what need not be read again."""

    def __init__(self, words: NumberWords, allowed: Allowed) -> None:
        self.allowed = allowed
        self.settled = self.hold = 0
        self._words = words
        self._reader = NumberReader(words)
        self._told = 0  # addresses were spotted up to here
        self._judged = 0  # and numbers judged
        self._worth_a_look = re.compile(rf"{SIGNS}|{self._reader.atom}")

    def read(self, text: str, seen: Shadow, *, final: bool) -> list[Spotted]:
        """The contacts that were not told before; moves `hold` and `settled` on."""
        plain, start = seen.plain, seen.at(self.settled)
        if not self._worth_a_look.search(plain, start):
            self.hold = seen.place(len(plain))
            self.settled = seen.place(max(start, _settling(plain, len(plain))))
            return []
        spans, hold = addresses(text, seen, start, self.allowed, final=final)
        bare = _without(plain, [span[:2] for span in spans])[:hold]
        found = [_spotted(seen, *span) for span in spans if span[2]]
        found = [one for one in found if one.start >= self._told]
        self._told = max([self._told, *(one.end for one in found)])
        runs, hold = self._numbers(text, seen, bare, final=final)
        for run in runs:
            found += self._bad(text, seen, run)
        self.hold = seen.place(hold)
        self.settled = seen.place(max(start, _settling(plain, hold)))
        return found

    def _numbers(
        self, text: str, seen: Shadow, bare: str, *, final: bool
    ) -> tuple[list[Run], int]:
        """The runs that have ended, and where one may go on."""
        final = final and len(bare) == len(seen.plain)
        runs: list[Run] = []
        at = seen.at(max(self.settled, self._judged))
        while match := self._reader.run.search(bare, at):
            at = min(match.end(), match.start() + _LONGEST_NUMBER)
            groups = self._reader.groups(bare, match.start(), at)
            keypad = _keypad(text, seen, bare, groups, at)
            if keypad:
                groups[-1] = keypad
                at = keypad.end
            open_ended = not final and at >= match.end()
            if open_ended and self._goes_on(text, seen, bare, groups, at):
                return runs, _waits_from(match, groups, bare)
            run = Run(self._words, self.allowed, bare, groups, final)
            if groups and any(verdict is Verdict.UNSURE for _, _, verdict in run.parts):
                return runs, match.start()
            self._judged = seen.place_after(at)
            runs += [run] if groups else []
        return runs, len(bare)

    def _goes_on(self, text: str, seen: Shadow, bare: str, groups: list[Group], end: int) -> bool:
        if self._reader.is_open(bare, end):
            return True
        letters = _KEYPAD_BEGUN.match(bare, end)
        return bool(letters and groups) and _is_keypad(text, seen, groups, end, len(bare))

    def _bad(self, text: str, seen: Shadow, run: Run) -> Iterator[Spotted]:
        for first, after, verdict in run.parts:
            if verdict is Verdict.BAD:
                start, end = run.groups[first].start, run.groups[after - 1].end
                yield _as_written(text, seen, start, end)


def _spotted(seen: Shadow, start: int, end: int, kind: str) -> Spotted:
    """A target begins right after its bracket: what the shadow left out there leads on, too."""
    begin = seen.place_after(start) if kind == "target" else seen.place(start)
    return Spotted(begin, seen.place_after(end), kind)


def _without(plain: str, spans: list[tuple[int, int]]) -> str:
    """The text with what is an address struck out, letter for letter."""
    out, at = list[str](), 0
    for start, end in sorted(spans):
        out += [plain[at:start], "x" * (end - max(start, at))]
        at = max(at, end)
    return "".join([*out, plain[at:]])


def _waits_from(match: re.Match[str], groups: list[Group], bare: str) -> int:
    """Where a run begins that may go on; a lone "one" is let go, and taken back if need be."""
    word = len(groups) < 2 and not any(sign.isdigit() for sign in match[0])
    return len(bare) if word else match.start()


def _settling(plain: str, hold: int) -> int:
    """Where to begin next time: some words back, for `example dot org` and its like."""
    at = hold
    for _ in range(4):
        at = max(plain.rfind(" ", 0, at), hold - _LOOK_BACK, 0)
    return at


def _keypad(text: str, seen: Shadow, bare: str, groups: list[Group], end: int) -> Group | None:
    """Capital letters after a number, as on a telephone's keys."""
    letters = _KEYPAD.match(bare, end)
    if letters and groups and _is_keypad(text, seen, groups, end, letters.end()):
        told = letters[1].replace("-", "")
        if len(told) > 2:
            return Group(groups[-1].start, letters.end(1), groups[-1].digits, told)
    return None


def _is_keypad(text: str, seen: Shadow, groups: list[Group], end: int, last: int) -> bool:
    sign = seen.plain[end]
    if sign != "-" and not _TOLL_FREE.search(groups[-1].digits):
        return False
    signs = (text[seen.place(at)] for at in range(end + 1, last) if seen.plain[at] != "-")
    return all(sign.isupper() for sign in signs)


def _as_written(text: str, seen: Shadow, start: int, end: int) -> Spotted:
    """The span of a number with its plus, its brackets and the signs its last digit is made of."""
    while start > 0 and seen.plain[start - 1] in "+(":
        start -= 1
    inner = seen.plain[start:end]
    start += inner.startswith("(") and inner.count("(") > inner.count(")")
    after = seen.place_after(end)
    while after < len(text) and unicodedata.category(text[after]) in ("Mn", "Me", "Cf"):
        after += 1
    return Spotted(seen.place(start), after, "number")
