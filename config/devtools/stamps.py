"""Remembers what a step was made from, so that an unchanged step is skipped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stamp:
    """A file that holds the fingerprint of what something was made from."""

    path: Path

    def holds(self, fingerprint: str) -> bool:
        return self.path.is_file() and self.path.read_text(encoding="ascii") == fingerprint

    def put(self, fingerprint: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(fingerprint, encoding="ascii")


def fingerprint(*parts: str | Path) -> str:
    """Hash texts and the contents of files, in order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def tree_fingerprint(root: Path, *, skip: Iterable[str]) -> str:
    """Hash names and contents of all files below `root`, without the folders in `skip`."""
    left_out = set(skip)
    parts: list[str | Path] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - left_out)
        for name in sorted(files):
            path = Path(folder, name)
            parts += [str(path.relative_to(root)), path]
    return fingerprint(*parts)
