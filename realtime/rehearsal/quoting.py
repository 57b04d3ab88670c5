"""What somebody once answered to a similar question, as the demo quotes it: whole sentences, with
whose they are. Nothing is quoted that the product's own filter would not let stand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from realtime.agent.examples import Example
from realtime.rehearsal import texts
from realtime.rehearsal.grave import is_grave
from realtime.safety.allowed import Allowed
from realtime.safety.reply import Passed, ReplyFilter

SENTENCES, CHARACTERS = 4, 420  # of an answer
_CUT = " […]"
# What would be no letter but a sign to the page, which reads Markdown.
_SIGNS = re.compile(r"[*_`#<>|~\[\]\\]")
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|etc|e\.g|i\.e)\.$", re.IGNORECASE)
_END = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f]+[\"')\u2019\u201d]*(?=\s|$)|[\u3002\uff01\uff1f]"
)


def quoted(examples: Sequence[Example], said: Collection[str] = ()) -> str | None:
    """The reply with the nearest of these that can be quoted, and was not yet; None: none can."""
    replies = (reply for each in examples if (reply := _reply(each)) is not None)
    return next((reply for reply in replies if reply not in said), None)


def shortened(answer: str) -> str:
    """A few sentences, to the end of one; of a sentence without end, whole words."""
    text = answer.strip()
    ends = [end for end in _ends(text) if end <= CHARACTERS][:SENTENCES]
    if ends:
        begin = text[: ends[-1]]
    elif len(text) <= CHARACTERS:
        begin = text
    else:
        begin = text[:CHARACTERS].rpartition(" ")[0] or text[:CHARACTERS]
    return begin if begin == text else begin + _CUT


def _reply(example: Example) -> str | None:
    answer = shortened(_plain(example.answered))
    if not answer or is_grave(example.asked) or is_grave(example.answered):
        return None
    reply = texts.NEAREST.format(source=_plain(example.source), answer=answer)
    return reply if _stands(reply) else None


def _stands(reply: str) -> bool:
    """Whether a person would get it word for word."""
    reply_filter = ReplyFilter(Allowed())
    outcomes = [*reply_filter.feed(reply), *reply_filter.flush()]
    return all(isinstance(outcome, Passed) for outcome in outcomes)


def _plain(text: str) -> str:
    return " ".join(_SIGNS.sub("", text).split())


def _ends(text: str) -> list[int]:
    """Where sentences end: not after an abbreviation."""
    found = (match.end() for match in _END.finditer(text))
    return [end for end in found if not _ABBREVIATED.search(text[:end])]
