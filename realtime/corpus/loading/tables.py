"""Rows of CSV and of Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from realtime.corpus.loading.faults import Broken, Faults
from realtime.corpus.loading.lines import Lines, opened
from realtime.corpus.loading.records import MOST_CHARACTERS, Record, names_of, plain_name

_DELIMITERS = ",;\t"
_BATCH = 200  # rows of Parquet


def csv_records(path: Path, faults: Faults) -> Iterator[Record]:
    """Every row; ragged ones are added to `faults`. Raises Broken at what ends the reading."""
    csv.field_size_limit(max(csv.field_size_limit(), MOST_CHARACTERS))
    with opened(path) as file:
        lines = Lines(file)
        first = next(lines, "")
        if not first.strip():
            raise Broken("line 1", "no names of columns: the file is empty")
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(_put_back(first, lines), delimiter=delimiter, strict=True)
        names: list[str] | None = None
        for begins, row in _rows(reader, lines):
            if names is None:
                names = names_of(row, "line 1")
            elif len(row) == len(names):
                yield Record(f"line {begins}", dict(zip(names, row, strict=True)))
            elif row:
                reason = f"{len(row)} fields, not {len(names)}"
                faults.add(path.name, f"line {begins}", reason)


def _put_back(first: str, lines: Lines) -> Iterator[str]:
    yield first
    yield from lines


def _rows(reader: Iterator[list[str]], lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line in which each begins."""
    begins = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = "a quotation mark is never closed" if "end of data" in str(error) else str(error)
            raise Broken(f"line {begins}", f"not CSV: {why}") from error
        yield begins, row
        begins = lines.number + 1


def parquet_records(path: Path, faults: Faults) -> Iterator[Record]:
    """Every row, read in batches. Raises Broken at a file that is none or not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        with path.open("rb") as handle, pq.ParquetFile(handle, pre_buffer=False) as file:
            columns = file.schema_arrow.names
            names_of(columns, "columns")
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in batch.to_pylist():
                    row += 1
                    yield Record(
                        f"row {row}", {plain_name(key): value for key, value in values.items()}
                    )
    except UnicodeDecodeError as error:
        raise Broken(f"after row {row}", "text that is not UTF-8") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        why = next(iter(str(error).strip().splitlines()), "no reason given")[:200]
        place = f"after row {row}" if row else ""
        raise Broken(place, f"not a whole Parquet file: {why}") from error
