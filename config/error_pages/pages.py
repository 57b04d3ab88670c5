"""The pages for trouble, made once at import: whatever breaks later, they need nothing.

No template engine, database, Redis, session, context processor or static file stands between an
error and the Help link.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from string import Template

from django.http import HttpResponse

BAD_REQUEST, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, TOO_BIG, BROKEN = 400, 403, 404, 405, 413, 500
STALE_FORM = "stale form"

# Title and words: plain, warm, without a technical detail and without what was sent.
TEXTS: dict[int | str, tuple[str, str]] = {
    BAD_REQUEST: (
        "That did not work",
        "We could not read what your browser sent. Please go back and try again.",
    ),
    FORBIDDEN: (
        "This page is closed to you",
        "You may need to sign in first, or it is not meant for everybody.",
    ),
    STALE_FORM: (
        "Please try once more",
        "The page was open for a long time, or your browser keeps no cookies here. "
        "Go back, load the page again, and then send it once more.",
    ),
    NOT_FOUND: (
        "There is no page here",
        "The address may have a small mistake in it, or the page has moved. "
        "You did nothing wrong.",
    ),
    NOT_ALLOWED: (
        "That did not work",
        "This page cannot be used in that way. Please go back, or start again from the chat.",
    ),
    TOO_BIG: (
        "That was too much at once",
        "What your browser sent is too big for us. Please try again with less.",
    ),
    BROKEN: (
        "Something broke here",
        "It is our fault, not yours. Please try again in a little while.",
    ),
}

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text("utf-8")
_FRAME = Template((_HERE / "page.html").read_text("utf-8"))
_BODIES = {
    kind: _FRAME.substitute(title=title, words=words, style=_STYLE).encode()
    for kind, (title, words) in TEXTS.items()
}
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ErrorPage(HttpResponse):
    """One of the pages, with the policy that lets its own style in and nothing else."""

    def __init__(self, kind: int | str, *, status: int) -> None:
        super().__init__(_BODIES[kind], status=status, content_type="text/html; charset=utf-8")
        self["Content-Security-Policy"] = _POLICY
        self["Cache-Control"] = "no-store"
        self["Content-Length"] = str(len(self.content))
