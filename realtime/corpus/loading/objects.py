"""Rows of JSON: an object a line, or an array of objects, read piece by piece."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from realtime.corpus.loading.faults import Broken, Faults
from realtime.corpus.loading.lines import Lines, opened
from realtime.corpus.loading.records import MOST_CHARACTERS, Record, plain_name

_PIECE = 1 << 14  # bytes
_BLANK = " \t\r\n"


def json_records(path: Path, faults: Faults) -> Iterator[Record]:
    """Every object of a `.json` file, which may be an array or hold an object a line."""
    with opened(path) as file:
        head = file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()
    return array_records(path, faults) if head.startswith(b"[") else line_records(path, faults)


def line_records(path: Path, faults: Faults) -> Iterator[Record]:
    """An object a line; lines that are none are added to `faults`, empty ones are passed by."""
    with opened(path) as file:
        lines, empty = Lines(file), True
        for line in lines:
            if not line.strip():
                continue
            empty = False
            try:
                yield Record(f"line {lines.number}", _object(_DECODER.decode(line)))
            except (ValueError, RecursionError) as error:
                faults.add(path.name, f"line {lines.number}", _why(error))
        if empty:
            raise Broken("", "the file is empty")


def array_records(path: Path, faults: Faults) -> Iterator[Record]:
    """The objects of an array, one after the other: the whole of it is never in memory."""
    with opened(path) as file:
        reader = _Array(file)
        reader.expect("[")
        row = 0
        while not reader.ends(first=row == 0):
            row += 1
            place = f"row {row} (line {reader.line})"
            value = reader.value(place)
            try:
                yield Record(place, _object(value))
            except ValueError as error:
                faults.add(path.name, place, _why(error))


class _Array:
    """A buffer over the file's text; `line` is that of the buffer's beginning."""

    def __init__(self, file: IO[bytes]) -> None:
        self.line = 1
        self._file, self._decode = file, codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._over = "", False

    def expect(self, sign: str) -> None:
        self._skip()
        if not self._text.startswith(sign):
            found = f"{self._text[0]!r}" if self._text else "the end of the file"
            raise Broken(f"line {self.line}", f"not JSON: {sign!r} expected, not {found}")
        self._drop(len(sign))

    def ends(self, *, first: bool) -> bool:
        """Whether the array ends here; else the comma before the next value is taken."""
        self._skip()
        if self._text.startswith("]"):
            self._drop(1)
            self._skip()
            if self._text:
                raise Broken(f"line {self.line}", "not JSON: something stands after the array")
            return True
        if not first:
            self.expect(",")
            self._skip()
        return False

    def value(self, place: str) -> Any:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text)
            except (ValueError, RecursionError) as error:
                cut = isinstance(error, json.JSONDecodeError) and not self._over
                if not cut or len(self._text) > MOST_CHARACTERS:
                    raise Broken(place, _why(error)) from error
                self._read(max(_PIECE, len(self._text)))
                continue
            self._drop(end)
            return value

    def _skip(self) -> None:
        while True:
            rest = self._text.lstrip(_BLANK)
            self._drop(len(self._text) - len(rest))
            if rest or self._over:
                return
            self._read(_PIECE)

    def _drop(self, count: int) -> None:
        self.line += self._text.count("\n", 0, count)
        self._text = self._text[count:]

    def _read(self, size: int) -> None:
        piece = self._file.read(size)
        self._over = not piece
        try:
            self._text += self._decode.decode(piece, final=self._over)
        except UnicodeDecodeError as error:
            why = f"not UTF-8 (byte 0x{error.object[error.start]:02x}): save the file as UTF-8"
            raise Broken(f"after line {self.line}", why) from error


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    found: dict[str, Any] = {}
    for key, each in value.items():
        name = plain_name(key)
        if name in found:
            raise ValueError(f"{name!r} stands twice")
        found[name] = each
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice[:60]!r} stands twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg}"
    return str(error)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_number)
