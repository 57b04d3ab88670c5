"""Characters that no store of ours accepts."""

from __future__ import annotations

import re

# jsonb refuses NUL and lone surrogates, and one such delta fails every run of its flush.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Put U+FFFD where Postgres would refuse the character."""
    return _UNSTORABLE.sub("\ufffd", text)
