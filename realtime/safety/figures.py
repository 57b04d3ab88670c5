"""Which of the numbers in a reply are contacts; pure.

A run is digits, and words for digits, with no other word between. It is cut into segments, where
the signs between them allow that: a number of the list, an ordinary figure (a year, a time, a
count with its unit ...) or what is neither. Of these, seven digits are a phone number, five or
six are as well, and three or four only where something is said of calling, texting, dialling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import pairwise

from realtime.safety.allowed import KEYS, Allowed
from realtime.safety.digits import LOOSE, Group, digit_by_digit
from realtime.safety.ordinary import (
    ALL_DAY,
    ALWAYS,
    CLEAR,
    COUNT,
    EVEN_THERE,
    MONEY,
    SHARE,
    UNITED,
    YEARS,
    is_loose,
)
from realtime.safety.shadow import LETTER
from realtime.safety.tongues import NumberWords

MAX_GROUPS = 12  # of one number
REACH = 160  # characters in which a word of contact counts
_WORDS_AHEAD = 4
_INNER = r"(?:[^.!?\n]|\.(?=\d))"  # the dot of 24.9 ends no sentence
_AHEAD = re.compile(
    rf"{_INNER}*?(?:{LETTER}+[^\w.!?\n]+){{{_WORDS_AHEAD}}}|{_INNER}*(?:[!?\n]\s?|\.(?=\D)\s?)"
)
_LETTERS_BEFORE = re.compile(r"([a-z]{3,9}) ?\(\Z")
_SENTENCE = re.compile(r"[.!?]\s")


class Verdict(Enum):
    FINE = "fine"
    BAD = "bad"
    UNSURE = "unsure"  # more of the text is needed


# Groups that are bad, segments, and these as (first group, group after the last, verdict).
_Way = tuple[int, int, list[tuple[int, int, Verdict]]]


@dataclass(frozen=True)
class Run:
    """A run in its text; `final`: the text ends here for good."""

    words: NumberWords
    allowed: Allowed
    plain: str
    groups: list[Group]
    final: bool
    _verdicts: dict[tuple[int, int], tuple[Verdict, bool]] = field(default_factory=dict)

    @cached_property
    def parts(self) -> list[tuple[int, int, Verdict]]:
        """The segments as (first group, group after the last, verdict)."""
        if self._is_counting or self._is_list_of_small:
            return [(0, len(self.groups), Verdict.FINE)]
        self.groups[:] = digit_by_digit(self.groups, self.plain)
        size = len(self.groups)
        best: list[_Way | None] = [(0, 0, [])]
        for end in range(1, size + 1):
            best.append(min(self._ways(best, end), key=lambda way: way[:2], default=None))
        way = best[size]
        return [(0, size, self._doubted)] if way is None else way[2]

    def _ways(self, best: list[_Way | None], end: int) -> Iterator[_Way]:
        """Each way to end a segment here: fewest groups that are bad, then fewest segments."""
        for start in range(max(0, end - MAX_GROUPS), end):
            so_far = best[start]
            if so_far is None:
                continue
            verdict, firm = self._judged(start, end)
            bad, parts, before = so_far
            if before and not self._may_cut(before[-1], start, firm=firm, end=end):
                continue
            cost = 0 if verdict is Verdict.FINE else end - start
            yield bad + cost, parts + 1, [*before, (start, end, verdict)]

    def _may_cut(self, before: tuple[int, int, Verdict], at: int, *, firm: bool, end: int) -> bool:
        """Whether a number may end here and another begin: one must be known as a whole."""
        firm_before = self._judged(before[0], before[1])[1]
        if not (firm or firm_before):
            return self._is_list_of_small
        between = self.plain[self.groups[at - 1].end : self.groups[at].start]
        if LOOSE.search(between):
            return True
        known = [(before[0], at)] * firm_before + [(at, end)] * firm
        return any(self._is_clear(*one, between) for one in known)

    def _is_clear(self, start: int, end: int, between: str) -> bool:
        """Whether a segment stands out though nothing but a blank or a dash parts it from more."""
        told = self._told(start, end)
        if len(told) >= 5 and not self._is_figure(start, end):
            return True
        if between == " " and end - start == 1 and self.allowed.has_number(told):
            return True  # the 988 of "988 9am-5pm"
        first, last = self.groups[start], self.groups[end - 1]
        text = self.plain[first.start : last.end]
        counted = self.words.unit.match(self.plain, last.end) is not None and not self._direct
        return between == " " and (CLEAR.fullmatch(text) is not None or counted)

    def _judged(self, start: int, end: int) -> tuple[Verdict, bool]:
        """The verdict on a segment, and whether it is known as a whole."""
        if (start, end) not in self._verdicts:
            self._verdicts[start, end] = self._judge(start, end)
        return self._verdicts[start, end]

    def _judge(self, start: int, end: int) -> tuple[Verdict, bool]:
        digits = self._told(start, end)
        letters = self.groups[end - 1].letters
        if len(digits) >= 3 and self.allowed.has_number(digits, letters):
            return Verdict.FINE, True
        if self._is_figure(start, end) or self._spells_out(start, end):
            return Verdict.FINE, True
        if len(digits) + len(letters) < 3:
            return Verdict.FINE, False
        if len(digits) < 5 and not letters and not self.near_contact:
            return (Verdict.FINE if self._ahead_known else Verdict.UNSURE), False
        return self._doubted, False

    @property
    def _doubted(self) -> Verdict:
        return Verdict.BAD if self._ahead_known else Verdict.UNSURE

    def _told(self, start: int, end: int) -> str:
        return "".join(group.digits for group in self.groups[start:end])

    @cached_property
    def _before(self) -> str:
        start = self.groups[0].start
        text = self.plain[max(0, start - REACH) : start]
        ends = [match.end() for match in _SENTENCE.finditer(text)]
        return text[ends[-1] :] if ends and not _is_marker(text[ends[-1] - 4 : ends[-1]]) else text

    @cached_property
    def _ahead(self) -> str:
        match = _AHEAD.match(self._rest)
        return self._rest[: match.end()] if match else self._rest

    @cached_property
    def _ahead_known(self) -> bool:
        """Whether enough follows to see a unit, or a word of contact."""
        rest = self._rest
        return self.final or len(rest) >= REACH or _AHEAD.match(rest) is not None

    @cached_property
    def _rest(self) -> str:
        end = self.groups[-1].end
        return self.plain[end : end + REACH]

    @cached_property
    def near_contact(self) -> bool:
        around = self.words.contact.search(self._before) or self.words.after.search(self._ahead)
        return bool(around) or self._has_one_of_the_list

    @cached_property
    def _has_one_of_the_list(self) -> bool:
        size = len(self.groups)
        ends = [min(start + MAX_GROUPS, size) + 1 for start in range(size)]
        spans = ((start, end) for start in range(size) for end in range(start + 1, ends[start]))
        told = (self._told(*span) for span in spans)
        return any(len(digits) >= 5 and self.allowed.has_number(digits) for digits in told)

    @cached_property
    def _direct(self) -> bool:
        return bool(self.words.direct.search(self._before))

    def _text_before(self, start: int) -> str:
        return self.plain[max(0, self.groups[start].start - 40) : self.groups[start].start]

    def _is_labelled(self, start: int) -> bool:
        """Of `page 988`, and of B12."""
        before = self._text_before(start)
        return before[-1:].isalpha() or bool(self.words.label.search(before))

    def _is_figure(self, start: int, end: int) -> bool:
        """A time, a date, a sum, a count with its unit and the like."""
        first, last = self.groups[start], self.groups[end - 1]
        text, before = self.plain[first.start : last.end], self._text_before(start)
        spelled = first.digits if end - start == 1 else text
        sure = EVEN_THERE if self._direct else ALWAYS
        if sure.fullmatch(text) or (end - start == 1 and self._is_list_mark(first)):
            return True
        if ALL_DAY.search(before) and len(text) < 3:
            return True
        if UNITED.fullmatch(spelled) and self._has_unit(last.end, before):
            return True
        if YEARS.fullmatch(text):
            return not self._direct or bool(self.words.since.search(before))
        if self._direct:
            return False
        if COUNT.fullmatch(text) or (len(text) <= 4 and self._is_labelled(start)):
            return True
        return not self.near_contact and self._ahead_known and is_loose(text, before, self.words)

    def _has_unit(self, end: int, before: str) -> bool:
        unit = self.words.unit.match(self.plain, end)
        if unit and (self.final or unit.end() < len(self.plain)):  # else it may be a longer word
            # "Ruf 911 an": what is short is a unit in some language.
            return not self._direct or len(unit[0].strip(" -")) > 2
        return bool(SHARE.match(self.plain, end) or MONEY.search(before))

    def _spells_out(self, start: int, end: int) -> bool:
        """The 8255 of `TALK (8255)`."""
        letters = _LETTERS_BEFORE.search(self._text_before(start))
        return letters is not None and letters[1].translate(KEYS) == self._told(start, end)

    def _is_list_mark(self, group: Group) -> bool:
        line = self.plain[max(0, group.start - 40) : group.start].rpartition("\n")[2]
        after = self.plain[group.end : group.end + 2]
        return len(group.digits) < 3 and not line.strip(" (") and after[:1] in (".", ")", ":")

    @cached_property
    def _is_counting(self) -> bool:
        """1, 2, 3 or 5-4-3-2-1 or 10 20 30: steps of one size, and nobody is to be called."""
        if self._direct or len(self.groups) < 3 or any(len(g.digits) > 3 for g in self.groups):
            return False
        values = [int(group.digits) for group in self.groups]
        steps = {b - a for a, b in pairwise(values)}
        return len(steps) == 1 and 0 < abs(steps.pop()) <= 10

    @cached_property
    def _is_list_of_small(self) -> bool:
        """12, 45, 78: a list, unless somebody is to be called."""
        if self.near_contact or not self._ahead_known:
            return False
        gaps = [self.plain[a.end : b.start] for a, b in pairwise(self.groups)]
        small = all(len(group.digits) <= 3 for group in self.groups)
        return small and all(re.search(r"[,;\n]|\. ", gap) for gap in gaps)


def _is_marker(text: str) -> bool:
    """The end of a sentence, or the dot of a list's `1. `."""
    return bool(re.search(r"(?:^|\n)\s{0,3}\d{1,2}[.)]\s\Z", text))
