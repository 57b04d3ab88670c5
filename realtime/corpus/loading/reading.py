"""Reads files twice: once to find every fault before anything is stored, once to store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from realtime.corpus.loading.columns import Columns, Shape, UnknownShape, shape_of
from realtime.corpus.loading.faults import Broken, Faults, ImportRefused
from realtime.corpus.loading.objects import json_records, line_records
from realtime.corpus.loading.records import Record
from realtime.corpus.loading.shapes import Fault, Raw, Reader
from realtime.corpus.loading.tables import csv_records, parquet_records

_FORMATS: dict[str, Callable[[Path, Faults], Iterator[Record]]] = {
    ".csv": csv_records,
    ".tsv": csv_records,
    ".json": json_records,
    ".jsonl": line_records,
    ".ndjson": line_records,
    ".parquet": parquet_records,
}
_FIRST = 50  # rows by which columns are known
SUFFIXES = (*_FORMATS, *(f"{suffix}.gz" for suffix in _FORMATS if suffix != ".parquet"))


class Numbered(NamedTuple):
    """`row`: counted from 1 over all of the files."""

    row: int
    raw: Raw


@dataclass(frozen=True, slots=True)
class Checked:
    """Files that can be read to their ends. `columns`: the plain names of their columns."""

    paths: tuple[Path, ...]
    sha256: str
    shape: Shape
    columns: frozenset[str]
    rows: int
    without_instruction: bool
    _as_it_was: tuple[tuple[int, int], ...]

    def exchanges(self) -> Iterator[Numbered]:
        """Everything again. ImportRefused if a file is no longer what it was."""
        row = 0
        for path in self.paths:
            faults = Faults()
            reader = Reader(self.shape, self.without_instruction)
            for record in _records(path, faults):
                row += 1
                for raw in _read(reader, record, path, faults):
                    yield Numbered(row, raw)
            faults.refuse_if_any()
        if _stamps(self.paths) != self._as_it_was:
            raise ImportRefused([f"{self.paths[0].name}: was changed while it was read"])


def check(paths: Sequence[Path], chosen: Columns) -> Checked:
    """Read all of some files and keep none of it. ImportRefused tells what is wrong with them."""
    for path in paths:
        _must_be_a_file(path)
    faults, rows = Faults(), 0
    stamps, digest = _stamps(paths), sha256_of(paths)
    names = _columns(paths)
    reader = Reader(_shape(names, chosen, paths[0]))
    for path in paths:
        for record in _records(path, faults):
            rows += 1
            _read(reader, record, path, faults)
    faults.refuse_if_any()
    return Checked(tuple(paths), digest, reader.shape, names, rows, reader.says_nothing, stamps)


def _columns(paths: Sequence[Path]) -> frozenset[str]:
    """The names in the first rows: an object of JSON may leave out what it has none of."""
    faults = Faults()
    records = (record for path in paths for record in _records(path, faults))
    names = frozenset(name for record in islice(records, _FIRST) for name in record.values)
    if not names:
        faults.refuse_if_any()
        raise ImportRefused([f"{paths[0].name}: there are no rows in it"])
    return names


def sha256_of(paths: Sequence[Path]) -> str:
    """Of a file's bytes, hex; of several, of their digests in order."""
    digests = [_sha256(path) for path in paths]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def format_of(path: Path) -> str:
    """The suffix that says what a file is, `.gz` left aside; empty for one that is not read."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = path.with_suffix("").suffix.lower()
        return suffix if suffix in _FORMATS and suffix != ".parquet" else ""
    return suffix if suffix in _FORMATS else ""


def _records(path: Path, faults: Faults) -> Iterator[Record]:
    try:
        yield from _FORMATS[format_of(path)](path, faults)
    except Broken as broken:
        faults.add(path.name, broken.place, broken.reason)


def _read(reader: Reader, record: Record, path: Path, faults: Faults) -> list[Raw]:
    try:
        return reader.read(record)
    except Fault as fault:
        faults.add(path.name, record.place, fault.reason)
        return []


def _shape(names: frozenset[str], chosen: Columns, path: Path) -> Shape:
    try:
        return shape_of(names, chosen)
    except UnknownShape as error:
        raise ImportRefused([f"{path.name}: {error}"]) from error


def _must_be_a_file(path: Path) -> None:
    if not path.is_file():
        raise ImportRefused([f"{path.name}: there is no such file"])
    if not format_of(path):
        known = ", ".join(SUFFIXES)
        raise ImportRefused([f"{path.name}: its name must end in one of {known}"])


def _stamps(paths: Sequence[Path]) -> tuple[tuple[int, int], ...]:
    found = [os.stat(path) for path in paths]
    return tuple((one.st_size, one.st_mtime_ns) for one in found)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImportRefused([f"{path.name}: cannot be read ({error.strerror})"]) from error
