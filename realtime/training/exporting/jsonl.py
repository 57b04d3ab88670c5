"""JSON lines: UTF-8, one object a line, every line ended by one newline; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

# Readers that split at any line end of Unicode would cut a string in two.
_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\u0085\u2028\u2029"}


def render(rows: Iterable[object]) -> bytes:
    return "".join(_line(row) for row in rows).encode()


def _line(row: object) -> str:
    return json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS) + "\n"
