"""Cuts a text where a reader would."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.!?…][\"'”\u2019)]?(?=\s)")
_LEAST = 0.4  # of what may stand: a shorter first sentence is not worth the loss


def shortened(text: str, most: int) -> str:
    """At most `most` characters: whole sentences if they are not too few, else whole words."""
    if len(text) <= most:
        return text
    ends = [found.end() for found in _SENTENCE.finditer(text, 0, most + 1)]
    fitting = [end for end in ends if end <= most]
    if fitting and fitting[-1] >= _LEAST * most:
        return text[: fitting[-1]]
    begun, after = text[: most - 1], text[most - 1]
    if not (after.isspace() or begun[-1:].isspace()):  # within a word
        begun = begun.rsplit(None, 1)[0] if len(begun.split()) > 1 else begun
    return f"{begun.rstrip()}…"
