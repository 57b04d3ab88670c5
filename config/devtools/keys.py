"""Secrets of one checkout: random, each in a file only its owner reads, never in argv."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def kept_secret(path: Path) -> str:
    """Return the secret in `path`, made at the first call."""
    if not path.exists():
        write_private(path, new_secret())
    return path.read_text(encoding="ascii").strip()


def write_private(path: Path, text: str) -> None:
    """Put `text` in a file of mode 0600, in one step: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
