"""Files into a folder: all of them, or what was there before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from realtime.training.exporting.names import OURS

_PART = ".part"


class FolderRefused(Exception):
    """The folder cannot take the files; nothing in it was changed."""


def write(folder: Path, files: Mapping[str, bytes], *, force: bool, last: str) -> list[Path]:
    """Write `files` by name; with `force` over what an export left there, and nothing else.

    Every file is whole on the disk before the first takes its name; `last` takes it last.
    """
    try:
        _check(folder, force=force)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in files.items():
            _store(folder / f"{name}{_PART}", content)
        (folder / last).unlink(missing_ok=True)
        for name in sorted(OURS - files.keys()):
            (folder / name).unlink(missing_ok=True)
        for name in sorted(files, key=lambda each: each == last):
            os.replace(folder / f"{name}{_PART}", folder / name)
    except OSError as error:
        raise FolderRefused(f"{folder} cannot be written: {error.strerror}.") from error
    return [folder / name for name in files]


def _check(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise FolderRefused(f"{folder} is a file, and a folder is needed.")
    if not force and folder.exists() and any(folder.iterdir()):
        raise FolderRefused(
            f"{folder} is not empty. Name another folder, or say --force: it writes over the "
            "files of an earlier export and leaves all others alone."
        )


def _store(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
