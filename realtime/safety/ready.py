"""Makes the first message and the first reply as quick as those after; pure.

The tables are made when first asked for: a command that reads no message does without them.
"""

from __future__ import annotations

from functools import cache

from realtime.safety.allowed import Allowed
from realtime.safety.reply import ReplyFilter
from realtime.safety.sayings import asks_who_answers, says_under_18
from realtime.safety.screen import screen

# Words that many patterns begin with: these are read closely when they are first seen.
_SOME = "I want to be with my dog, and they said it will not end. Call me on 12 May, or text."


@cache
def make_ready() -> None:
    """A second's work at most, once in a process."""
    screen(_SOME)
    says_under_18(_SOME)
    asks_who_answers(_SOME)
    reply = ReplyFilter(Allowed())
    reply.feed(_SOME)
    reply.flush()
