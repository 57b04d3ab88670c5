"""Key words that are misspelt, starred out or written as one word, read as meant; pure.

All variants are worked out when the files are loaded: reading a word is a look into a dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from itertools import combinations
from string import ascii_lowercase

from realtime.safety.clauses import Word
from realtime.safety.rules import Language

_SURE = 7  # letters from which on any wrong letter is forgiven; below, only slips of the hand
_SHORTEST = 5


class Spelling:
    def __init__(self, languages: Iterable[Language], vocabulary: Set[str]) -> None:
        self._known = vocabulary
        self._meant: dict[str, str] = {}
        for word in sorted({word for language in languages for word in language.misspelt}):
            for variant in _variants(word):
                if variant not in vocabulary:
                    self._meant.setdefault(variant, word)
        together = {phrase for language in languages for phrase in language.run_together}
        self._apart = {phrase.replace(" ", ""): phrase for phrase in together}
        longest_first = sorted(self._apart, key=lambda phrase: (-len(phrase), phrase))
        self._together = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
        self._shortest = min(map(len, self._apart), default=0)

    def respelt(self, words: list[Word]) -> list[Word]:
        """The same list when every word is as it should be."""
        if all(word.text in self._known or self._as_is(word.text) for word in words):
            return words
        return [
            word._replace(text=text)
            for word in words
            for text in self._meant.get(word.text, self._parted(word.text)).split()
        ]

    def _as_is(self, word: str) -> bool:
        return word not in self._meant and len(word) < self._shortest

    def _parted(self, word: str) -> str:
        if word in self._known or len(word) < self._shortest:
            return word
        return self._together.sub(lambda match: f" {self._apart[match[0]]} ", word)


def _variants(word: str) -> Iterator[str]:
    inside = range(1, len(word))
    for count in (1, 2):
        for starred in combinations(inside, count):
            yield "".join("*" if at in starred else letter for at, letter in enumerate(word))
    if len(word) < _SHORTEST:
        return
    for at in inside:
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    if len(word) < _SURE:
        return
    for at in range(len(word) + 1):
        for letter in ascii_lowercase:
            yield word[:at] + letter + word[at:]
            yield word[:at] + letter + word[at + 1 :]
