"""Files of every shape and format, made by the tests: no row of anybody's data set."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[dict[str, Any]]

QUESTION = "How can I sleep again when my thoughts go round and round every single night?"
ANSWER = (
    "Many people lie awake like that. You could give the thoughts a fixed place in the early "
    "evening, write them down there, and let the bed be for resting."
)
SECOND = (
    "It may help to get up after a while and to do something quiet in another room until you feel "
    "tired again, for a bed in which one worries is no place to fall asleep in."
)


def counsel_chat(**changes: Any) -> dict[str, Any]:
    row = {
        "questionID": "1",
        "questionTitle": "I cannot sleep",
        "questionText": QUESTION,
        "questionUrl": "https://www.example.org/questions/1",
        "topics": "Sleep Improvement, Anxiety ",
        "therapistName": "Jo Quince, LPC",
        "therapistUrl": "https://www.example.org/jo",
        "answerText": ANSWER,
        "upvotes": "2",
    }
    return row | changes


TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": ANSWER},
    {"role": "user", "content": "And if that does not help me either, after some weeks?"},
    {"role": "assistant", "content": SECOND},
]
SHAREGPT = [
    {"from": "human", "value": QUESTION},
    {"from": "gpt", "value": ANSWER},
]
# Shape, and one row of it.
FLAT: dict[str, dict[str, Any]] = {
    "context and response": {"Context": QUESTION, "Response": ANSWER},
    "<HUMAN>: and <ASSISTANT>: in one text": {
        "text": f"<HUMAN>: {QUESTION}\n<ASSISTANT>: {ANSWER}"
    },
    "counsel-chat": counsel_chat(),
    "instruction, input and output": {
        "instruction": "Answer.",
        "input": QUESTION,
        "output": ANSWER,
    },
    "question and answer": {"question": QUESTION, "answer": ANSWER},
}
NESTED: dict[str, dict[str, Any]] = {
    "chat messages": {"messages": TALK},
    "ShareGPT conversations": {"conversations": SHAREGPT},
}


def as_csv(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_lines(path: Path, rows: Rows) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def as_array(path: Path, rows: Rows) -> Path:
    path.write_text(json.dumps(list(rows), indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def as_parquet(path: Path, rows: Rows) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=2)
    return path


WRITERS: dict[str, Callable[[Path, Rows], Path]] = {
    "csv": as_csv,
    "jsonl": as_lines,
    "json": as_array,
    "parquet": as_parquet,
}
