"""What the agent says, on its way to the person: ordinary text passes at once; pure.

Two readers look at a reply as it comes: one for contacts (`contacts.py`), one for what an agent
must not say (`speech.py`). Each says how far the text is beyond doubt; only the rest waits. What
is condemned is replaced by a clause of its language. Where some of it had passed already, that is
taken back first.

What a person has in the end is a function of the whole reply: in which pieces it came makes no
difference to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from realtime.safety import tongues
from realtime.safety.allowed import Allowed
from realtime.safety.contacts import REACH, ContactReader
from realtime.safety.phrasing import WORD
from realtime.safety.shadow import readable_end, shadow
from realtime.safety.speech import SpeechReader

_MARKS = re.compile(r"[*_`~]+")
_HELP_PAGE = "/help"
_OTHERWISE = "en"


@dataclass(frozen=True, slots=True)
class Passed:
    """Text for the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """`text` stands for what was written at `start` to `end` of the model's message.

    `at` is its own place among the characters handed over.
    """

    text: str
    category: str
    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Retracted:
    """Of what was handed over so far only the first `keep` characters stand; more may follow."""

    keep: int


Outcome = Passed | Replaced | Retracted


@dataclass(frozen=True, slots=True)
class _Finding:
    start: int
    end: int
    category: str
    language: str  # empty: that of the reply
    key: str  # into the wording of the language


class ReplyFilter:
    """Filters one message. `allowed` are the contacts that may be named in it."""

    def __init__(self, allowed: Allowed) -> None:
        self._text = ""
        self._passed = 0  # so much of the text was handed over, or replaced
        self._handed = 0  # so many characters came of it
        self._edits: list[Replaced] = []
        self._waiting: list[_Finding] = []
        self._contacts = ContactReader(tongues.load().numbers, allowed)
        self._speech = SpeechReader(tongues.load())

    @property
    def replaced(self) -> tuple[Replaced, ...]:
        """What stands replaced in the message as it is now."""
        return tuple(self._edits)

    @property
    def held(self) -> int:
        """So many characters wait."""
        return len(self._text) - self._passed

    def allow(self, more: Allowed) -> None:
        """From now on these contacts may be named as well."""
        self._contacts.allowed |= more

    def resume(self, said: str) -> list[Outcome]:
        """Go on after what was handed over by another filter: a number may go on as well."""
        self._text, self._passed, self._handed = said, len(said), len(said)
        return self._advanced(readable_end(said), final=False)

    def feed(self, delta: str) -> list[Outcome]:
        """Take the next piece of the reply; return what is beyond doubt now."""
        self._text += delta
        return self._advanced(readable_end(self._text), final=False)

    def flush(self) -> list[Outcome]:
        """The message ends here: decide on all of it."""
        return self._advanced(len(self._text), final=True)

    def _advanced(self, end: int, *, final: bool) -> list[Outcome]:
        base = max(0, min(self._contacts.settled, self._speech.settled) - REACH)
        seen = shadow(self._text[base:end], base)
        for spot in self._contacts.read(self._text, seen, final=final):
            self._waiting.append(_Finding(spot.start, spot.end, "contact", "", spot.kind))
        for one in self._speech.read(seen, final=final):
            key = one.category
            self._waiting.append(_Finding(one.start, one.end, one.category, one.language, key))
        sure = len(self._text) if final else min(self._contacts.hold, self._speech.hold, end)
        return self._told(sure)

    def _told(self, sure: int) -> list[Outcome]:
        """Apply what is found before `sure`, in order, and hand over the text between."""
        out: list[Outcome] = []
        later: list[_Finding] = []
        for finding in sorted(self._waiting, key=lambda one: (one.start, -one.end)):
            if finding.end > sure:
                later.append(finding)
                sure = min(sure, finding.start)
            else:
                out += self._apply(finding)
        self._waiting = later
        return [*out, *self._pass(sure)]

    def _pass(self, end: int) -> list[Outcome]:
        text = self._text[self._passed : end]
        if not text:
            return []
        self._passed = end
        self._handed += len(text)
        return [Passed(text)]

    def _apply(self, finding: _Finding) -> list[Outcome]:
        start = finding.start
        for edit in self._edits:
            if edit.start <= start < edit.end:  # inside of what is replaced already
                start = edit.end
        if start >= finding.end:
            return []
        start, end = _with_its_marks(self._text, start, finding.end)
        out = [*self._pass(start), *self._take_back(start)]
        text = self._wording(finding, start)
        edit = Replaced(text, finding.category, start, end, at=self._handed)
        self._edits.append(edit)
        self._handed += len(edit.text)
        self._passed = end
        return [*out, edit]

    def _take_back(self, start: int) -> list[Outcome]:
        if start >= self._passed:
            return []
        before = [edit for edit in self._edits if edit.start < start]
        keep = start
        if before:
            keep = before[-1].at + len(before[-1].text) + start - before[-1].end
        self._edits, self._handed, self._passed = before, keep, start
        return [Retracted(keep)]

    def _wording(self, finding: _Finding, start: int) -> str:
        if finding.key == "target":
            return _HELP_PAGE
        language = finding.language or _language(self._text[max(0, start - 300) : start])
        text = tongues.load().tongues[language].instead[finding.key]
        before = self._text[:start].rstrip(" *_>#\"“'([\t")
        begins = not before or before[-1] in "\n.!?…।" or before.endswith(("\n-", "\n1."))
        return text[0].upper() + text[1:] if begins else text


def _with_its_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the other half of a mark of emphasis that has only one half in it."""
    if len(_MARKS.findall(text, start, end)) % 2:
        if after := _MARKS.match(text, end):
            return start, after.end()
        before = text[:start].rstrip("*_`~")
        return len(before), end
    return start, end


def _language(text: str) -> str:
    """The language a text is in, by its small words: for the wording alone."""
    words = WORD.findall(shadow(text).plain)
    counts = {name: sum(w in t.hints for w in words) for name, t in tongues.load().tongues.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] > counts.get(_OTHERWISE, 0) else _OTHERWISE
