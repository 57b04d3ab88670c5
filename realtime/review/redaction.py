"""Takes out of a text what tells who somebody is, as far as rules can; pure.

    My name is Ann, I'm 34, call me at +44 1632 960001
    My name is [name], I'm [age 30s], call me at [number]

Contacts are found by the reader of the reply filter (`realtime/safety/contacts.py`), with nothing
allowed: numbers in any script and in words, addresses of mail and of the web. Numbers of help
lines become [help line]: a model must not learn numbers by heart. A text that was redacted is not
changed by being redacted again. Rules miss things: a person reads and confirms after them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from realtime.review.figuring import figures
from realtime.review.naming import names
from realtime.review.placing import places
from realtime.review.spans import Found, merged, without
from realtime.safety import tongues
from realtime.safety.allowed import Allowed
from realtime.safety.contacts import ContactReader
from realtime.safety.shadow import shadow

_KINDS = (
    "name|e-mail|link|handle|number|help line|address|place|date|age under 13|age 13-19"
    "|age [2-7]0s|age 80 or over"
)
PLACEHOLDER = re.compile(rf"\[(?:{_KINDS})\]")
_MAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+\s?(?:@|\(at\)|\[at\]|\{at\}|\sat\s)\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\]|\sdot\s)\s?[a-zA-Z]{2,12})+",
    re.IGNORECASE,
)
_HANDLES = re.compile(
    r"(?<![\w@./])@[A-Za-z0-9_][\w.]*\w|(?<![\w/])/?u/[\w-]{3,}|(?<!\w)[A-Za-z]\w+#\d{4}(?!\w)"
    r"|(?i:\b(?:insta(?:gram)?|snap(?:chat)?|discord|telegram|tiktok|skype|kik|twitter|whatsapp|signal"
    r"|username|user name|handle|usuario|benutzername|pseudo|usuário)"
    r"(?:\s(?:is|id|ist|est|es|é|name)){0,3}\s?[:=]?\s)(?P<told>(?=\w*[\d_.])[\w.]{3,})"
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """`text` as it may be kept, and what was found in the text as it was, in order."""

    text: str
    found: tuple[Found, ...]


def redact(
    text: str, *, known: Collection[str] = (), help_lines: Collection[str] = ()
) -> Redacted:
    """Put a word in brackets for whatever tells who somebody is.

    `known`: names found elsewhere in the same conversation; `help_lines`: digits of the numbers
    that the directory lists.
    """
    first = now = find(text, known=known, help_lines=help_lines)
    while now:
        text = _written(text, now)
        now = find(text, known=known, help_lines=help_lines)
    return Redacted(text, tuple(first))


def find(
    text: str, *, known: Collection[str] = (), help_lines: Collection[str] = ()
) -> list[Found]:
    """What a text tells of who somebody is, in order and apart; nothing inside of placeholders."""
    spans = [
        *_contacts(text, frozenset(help_lines)),
        *_handles(text),
        *places(text),
        *figures(text),
        *names(text, known),
    ]
    kept = [match.span() for match in PLACEHOLDER.finditer(text)]
    return [span for span in merged(without(spans, kept)) if _tells(text, span)]


def _written(text: str, spans: list[Found]) -> str:
    out, at = list[str](), 0
    for span in spans:
        out += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join([*out, text[at:]])


def _tells(text: str, span: Found) -> bool:
    return any(char.isalnum() for char in text[span.start : span.end])


def _contacts(text: str, help_lines: frozenset[str]) -> Iterator[Found]:
    for match in _MAIL.finditer(text):
        yield Found(match.start(), match.end(), "e-mail")
    reader = ContactReader(tongues.load().numbers, Allowed())
    for spot in reader.read(text, shadow(text), final=True):
        kind = spot.kind
        if kind == "number":
            digits = re.sub(r"\D", "", shadow(text[spot.start : spot.end]).plain)
            kind = "help line" if digits in help_lines else "number"
        elif kind == "target":
            kind = "link"
        yield Found(spot.start, spot.end, kind)


def _handles(text: str) -> Iterator[Found]:
    for match in _HANDLES.finditer(text):
        yield Found(*match.span("told" if match["told"] else 0), "handle")
