"""An index's folder: arrays, and `index.json`, which is written last and tells what is whole."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from realtime.corpus.searching.postings import Array
from realtime.corpus.searching.version import FORMAT

ABOUT = "index.json"
_CHUNK = 1 << 20


class Broken(Exception):
    """No whole index is there: files are missing, cut, altered or of another version."""


def seal(folder: Path, about: dict[str, Any]) -> None:
    """Write down every array's size and checksum, and make all of it last."""
    arrays = {path.stem: _told(path) for path in sorted(folder.glob("*.npy"))}
    for path in folder.glob("*.npy"):
        _keep(path)
    told = json.dumps({**about, "format": FORMAT, "arrays": arrays}, indent=1)
    (folder / ABOUT).write_text(told, encoding="utf-8")
    _keep(folder / ABOUT)


def opened(folder: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Check and map the arrays. Raises Broken."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise Broken("another version's format")
        names = list(about["arrays"])
        if any(_told(folder / f"{name}.npy") != about["arrays"][name] for name in names):
            raise Broken("a file is not what was written")
        return about, {name: _mapped(folder / f"{name}.npy") for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Broken(type(error).__name__) from error


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.iterdir())


def _mapped(path: Path) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(array)  # still mapped; slicing a memmap as such costs three times as much


def _told(path: Path) -> list[int]:
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return [path.stat().st_size, checksum]


def _keep(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
