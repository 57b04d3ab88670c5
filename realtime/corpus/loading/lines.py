"""The lines of a text file, plain or gzipped, as UTF-8."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from realtime.corpus.loading.faults import Broken
from realtime.corpus.loading.records import MOST_CHARACTERS

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to be read; what fails of it, then or later, is Broken."""
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                yield cast("IO[bytes]", file)
        else:
            with path.open("rb") as file:
                yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Broken("", f"not a whole gzip file ({error})") from error
    except OSError as error:
        raise Broken("", f"cannot be read ({error.strerror or type(error).__name__})") from error


class Lines:
    """Iterates over lines with their ends; `number` is the last one's, from 1."""

    def __init__(self, file: IO[bytes]) -> None:
        self.number = 0
        self._file = file

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MOST_CHARACTERS + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            if raw.startswith(_UTF_16):
                raise Broken("line 1", "is UTF-16: save the file as UTF-8")
            raw = raw.removeprefix(_BOM)
        if len(raw) > MOST_CHARACTERS:
            raise Broken(f"line {self.number}", f"longer than {MOST_CHARACTERS:,} bytes")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            why = f"not UTF-8 (byte 0x{raw[error.start]:02x}): save the file as UTF-8"
            raise Broken(f"line {self.number}", why) from error
