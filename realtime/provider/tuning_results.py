"""The result file of a job: CSV whose columns go by name, plain or in base64."""

from __future__ import annotations

import base64
import binascii
import csv
import io

from realtime.provider.tuning_facts import Metrics, Unreadable, metrics_of, storable

_ROWS = 200_000  # far above the steps of any job: what is longer is no result file
# Characters of a row. The csv module's own limit is the whole process's: an import raises it.
_ROW = 100_000


def text_of(content: bytes) -> str:
    """The file's text. Raises Unreadable for what is no table with a column `step`."""
    for candidate in (content, _decoded(content)):
        text = _utf8(candidate)
        if text is not None and "step" in _columns(text):
            return storable(text)
    raise Unreadable("a result file without a column `step`")


def points_of(text: str) -> list[Metrics]:
    """The figures of each step, in its order; rows that cannot be read are left out.

    Raises Unreadable for what is no CSV.
    """
    if any(len(line) > _ROW for line in text.splitlines()):
        raise Unreadable("a result file with a row that is no row")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    rows.fieldnames = [_name(column) for column in rows.fieldnames or []]
    try:
        read = [metrics_of(row) for row, _ in zip(rows, range(_ROWS), strict=False)]
    except csv.Error as error:
        raise Unreadable(f"a result file that is no CSV ({error})") from None
    return sorted((one for one in read if one is not None), key=lambda one: one.step)


def _columns(text: str) -> set[str]:
    line = text.partition("\n")[0]
    return {_name(column) for column in line.split(",")}


def _name(column: str) -> str:
    return column.strip().strip('"\ufeff').lower()


def _decoded(content: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _utf8(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
