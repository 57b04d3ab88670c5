"""256-bit secrets, told once and kept as a hash: too long to guess, so one SHA-256 is enough."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A fresh secret in characters that fit a URL, a header and a subprotocol name."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
