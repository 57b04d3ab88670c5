"""Every shape in every format is read to the same exchanges; what cannot be is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from realtime.corpus.loading import lines
from realtime.corpus.loading.columns import SHAPES, Columns
from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.loading.reading import check
from realtime.corpus.loading.shapes import Raw
from tests.corpus.files import (
    ANSWER,
    FLAT,
    NESTED,
    QUESTION,
    SECOND,
    TALK,
    WRITERS,
    as_array,
    as_csv,
    as_lines,
    as_parquet,
    counsel_chat,
)


def read(*paths: Path, **columns: str) -> list[Raw]:
    return [raw for _, raw in check(paths, Columns(**columns)).exchanges()]


def refused(path: Path, **columns: str) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        check([path], Columns(**columns))
    return caught.value.reasons


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("shape", FLAT)
def test_a_flat_shape_is_known_in_every_format(tmp_path: Path, shape: str, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"rows.{suffix}", [FLAT[shape]] * 3)

    checked = check([path], Columns())

    assert SHAPES[checked.shape.kind] == shape
    assert checked.rows == 3
    found = list(checked.exchanges())
    assert [row for row, _ in found] == [1, 2, 3]
    assert (found[0].raw.question, found[0].raw.answer) == (QUESTION, ANSWER)


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("shape", NESTED)
def test_a_nested_shape_is_known_where_lists_can_be(
    tmp_path: Path, shape: str, suffix: str
) -> None:
    path = WRITERS[suffix](tmp_path / f"rows.{suffix}", [NESTED[shape]])

    assert SHAPES[check([path], Columns()).shape.kind] == shape
    first = read(path)[0]
    assert (first.question, first.answer, first.history) == (QUESTION, ANSWER, ())


def test_each_reply_of_a_conversation_is_an_exchange_with_what_was_said_before(
    tmp_path: Path,
) -> None:
    first, second = read(as_lines(tmp_path / "a.jsonl", [{"messages": TALK}]))

    assert (first.turn, second.turn) == (0, 1)
    assert second.answer == SECOND
    assert [turn["role"] for turn in second.history] == ["user", "assistant"]
    assert first.opening == second.opening == QUESTION


def test_messages_in_a_row_are_one_and_tools_are_passed_by(tmp_path: Path) -> None:
    said = [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "One."},
        {"role": "user", "content": [{"type": "text", "text": "Two."}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "{}"},
        {"role": "assistant", "content": "Three."},
    ]
    [only] = read(as_lines(tmp_path / "a.jsonl", [{"messages": said}]))

    assert (only.question, only.answer) == ("One.\n\nTwo.", "Three.")
    assert only.history == ()  # what was said before anybody asked, nobody looks at


def test_counsel_chat_brings_topics_votes_and_page_and_the_writer_to_be_dropped(
    tmp_path: Path,
) -> None:
    [raw] = read(as_csv(tmp_path / "a.csv", [counsel_chat()]))

    assert raw.title == "I cannot sleep"
    assert raw.topics == ("anxiety", "sleep improvement")
    assert (raw.upvotes, raw.link) == (2, "https://www.example.org/questions/1")
    assert raw.writer == "Jo Quince, LPC"


def test_an_instruction_that_never_changes_is_no_part_of_the_question(tmp_path: Path) -> None:
    row = FLAT["instruction, input and output"]
    same = as_lines(tmp_path / "same.jsonl", [row, row])
    differ = as_lines(tmp_path / "differ.jsonl", [row, row | {"instruction": "Say it shortly."}])

    assert {raw.question for raw in read(same)} == {QUESTION}
    assert [raw.question for raw in read(differ)] == [
        f"Answer.\n\n{QUESTION}",
        f"Say it shortly.\n\n{QUESTION}",
    ]


def test_an_object_may_leave_out_what_others_have(tmp_path: Path) -> None:
    row = {"instruction": QUESTION, "output": ANSWER}
    path = as_lines(tmp_path / "a.jsonl", [row, row | {"input": "Shortly."}])
    assert [raw.question for raw in read(path)] == [QUESTION, f"{QUESTION}\n\nShortly."]

    topics = {"question": QUESTION, "answer": ANSWER}
    path = as_lines(tmp_path / "b.jsonl", [topics, topics | {"topics": ["Sleep"]}])
    assert [raw.topics for raw in read(path)] == [(), ("sleep",)]


def test_columns_can_be_named(tmp_path: Path) -> None:
    row = {"Asked of us": QUESTION, "Said": ANSWER, "About": "sleep"}
    path = as_csv(tmp_path / "a.csv", [row])

    assert refused(path) == [
        "a.csv: the columns are about, askedofus, said: say --question-column and --answer-column"
    ]
    [raw] = read(path, question="asked of us", answer="Said", topics="about")
    assert (raw.question, raw.answer, raw.topics) == (QUESTION, ANSWER, ("sleep",))
    assert "there is no column 'nothing'" in refused(path, question="nothing")[0]


def test_names_of_columns_are_known_in_any_case(tmp_path: Path) -> None:
    [raw] = read(as_csv(tmp_path / "a.csv", [{"CONTEXT": QUESTION, "response ": ANSWER}]))
    assert (raw.question, raw.answer) == (QUESTION, ANSWER)


@pytest.mark.parametrize(
    "content",
    [
        f'\ufeffquestion,answer\r\n"One,\r\ntwo","{ANSWER}"\r\n',
        f'question;answer\n"One,\r\ntwo";"{ANSWER}"\n\n',
        f'question\tanswer\n"One,\r\ntwo"\t"{ANSWER}"',
    ],
)
def test_marks_of_order_line_ends_and_other_delimiters_are_read(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    assert [(raw.question, raw.answer) for raw in read(path)] == [("One,\r\ntwo", ANSWER)]


def test_very_long_fields_and_gzipped_files_are_read(tmp_path: Path) -> None:
    row = {"question": QUESTION, "answer": "x" * 300_000}
    long = as_csv(tmp_path / "a.csv", [row])
    zipped = tmp_path / "b.jsonl.gz"
    zipped.write_bytes(gzip.compress(json.dumps(row).encode()))

    assert read(long) == read(zipped)
    assert len(read(long)[0].answer) == 300_000


def test_a_json_file_may_hold_an_object_a_line(tmp_path: Path) -> None:
    rows = [FLAT["context and response"]] * 2
    assert len(read(as_lines(tmp_path / "combined.json", rows))) == 2


def test_the_array_is_read_in_pieces_wherever_they_end(tmp_path: Path) -> None:
    rows = [{"question": f'{n} é😀 "q" \\ {"x" * n}', "answer": "a" * 700} for n in range(300)]
    assert [raw.question for raw in read(as_array(tmp_path / "a.json", rows))] == [
        row["question"] for row in rows
    ]


def test_rows_of_several_files_are_counted_on(tmp_path: Path) -> None:
    rows = [FLAT["question and answer"]] * 2
    paths = [as_csv(tmp_path / "a.csv", rows), as_csv(tmp_path / "b.csv", rows)]
    assert [row for row, _ in check(paths, Columns()).exchanges()] == [1, 2, 3, 4]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "a.csv", [FLAT["question and answer"]])
    checked = check([path], Columns())
    path.write_bytes(path.read_bytes() + b"more,rows\n")

    with pytest.raises(ImportRefused, match="was changed while it was read"):
        list(checked.exchanges())


BAD: list[tuple[str, bytes, str]] = [
    ("a.csv", b"", "a.csv: line 1: no names of columns: the file is empty"),
    ("a.csv", b"question,answer\n", "a.csv: there are no rows in it"),
    ("a.csv", b"question,answer\na,b\na,b,c\n", "a.csv: line 3: 3 fields, not 2"),
    ("a.csv", b'question,answer\n"a\nb",c\n"never', "a.csv: line 4: not CSV: a quotation mark"),
    ("a.csv", b"question,answer\na,\0b\n", "a.csv: line 2: answer: holds a NUL byte"),
    ("a.csv", b"question,answer\na,b\na,\xe9\n", "a.csv: line 3: not UTF-8 (byte 0xe9): save"),
    ("a.csv", "question,answer\na,b\n".encode("utf-16"), "a.csv: line 1: is UTF-16: save"),
    ("a.csv", b"question,Question,answer\na,b,c\n", "a.csv: line 1: the column question stands"),
    ("a.csv", b"questionText,answerText,upvotes\na,b,many\n", "a.csv: line 2: upvotes: 'many'"),
    ("a.jsonl", b"", "a.jsonl: the file is empty"),
    ("a.jsonl", b'{"question":"a","answer":"b"}\n{"quest', "a.jsonl: line 2: not JSON: "),
    ("a.jsonl", b'{"question":"a","answer":"b"}\n\n[1]\n', "a.jsonl: line 3: not an object"),
    (
        "a.jsonl",
        b'{"question":"a","answer":7}',
        "a.jsonl: line 1: answer: a text was expected, no",
    ),
    ("a.jsonl", b'{"question":"a","answer":"b"}\n{"question":"a"}', "a.jsonl: line 2: no answer"),
    ("a.jsonl", b'{"answer":"a","question":"\\ud800"}', "a.jsonl: line 1: question: holds half a"),
    ("a.jsonl", b'{"answer":"a","answer":"b"}', "a.jsonl: line 1: 'answer' stands twice"),
    ("a.jsonl", b'{"answer":"a","Answer":"b"}', "a.jsonl: line 1: 'answer' stands twice"),
    ("a.jsonl", b'{"answer":NaN}', "a.jsonl: line 1: NaN is no number of JSON"),
    ("a.jsonl", b'{"messages":[]}', "a.jsonl: line 1: messages: a list of messages was expected"),
    ("a.jsonl", b'{"messages":[{"content":"a"}]}', "a.jsonl: line 1: messages: message 1: no 'r"),
    ("a.jsonl", b'{"messages":[{"role":"user"}]}', "a.jsonl: line 1: messages: message 1: no 'c"),
    (
        "a.jsonl",
        b'{"messages":[{"role":"queen","content":"a"}]}',
        "a.jsonl: line 1: messages: nob",
    ),
    ("a.jsonl", b'{"text":"Hello"}', "a.jsonl: line 1: text: must begin with <HUMAN>:"),
    ("a.json", b"  ", "a.json: the file is empty"),
    (
        "a.json",
        b'[{"question":"a","answer":"b"}',
        "a.json: line 1: not JSON: ',' expected, not th",
    ),
    ("a.json", b'[\n{"question":"a",\n"answer"}]', "a.json: row 1 (line 2): not JSON: Expecting"),
    ("a.json", b'[{"question":"a","answer":"b"}] x', "a.json: line 1: not JSON: something stands"),
    ("a.json", b'[{"question":"a","answer":"b"}, 7]', "a.json: row 2 (line 1): not an object"),
    ("a.json", b"[" * 100_000, "a.json: row 1 (line 1): nested too deeply"),
    ("a.json", b'[{"question":"\xff"}]', "a.json: after line 1: not UTF-8 (byte 0xff)"),
    ("a.parquet", b"PAR1 and no more", "a.parquet: not a whole Parquet file: "),
    ("a.parquet", b"", "a.parquet: not a whole Parquet file: "),
    ("a.csv.gz", b"no gzip", "a.csv.gz: not a whole gzip file"),
    (
        "a.csv.gz",
        gzip.compress(b"question,answer\n" + b"a,b\n" * 99, mtime=0)[:40],
        "a.csv.gz: not a whole",
    ),
    ("a.txt", b"question", "a.txt: its name must end in one of .csv"),
    ("a.parquet.gz", b"question", "a.parquet.gz: its name must end in one of .csv"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path)[0].startswith(reason)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == ["none.csv: there is no such file"]
    assert refused(tmp_path) == [f"{tmp_path.name}: there is no such file"]


def test_parquet_that_was_cut_off_or_holds_numbers_is_refused(tmp_path: Path) -> None:
    path = as_parquet(tmp_path / "a.parquet", [FLAT["question and answer"]] * 5)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refused(path)[0].startswith("a.parquet: not a whole Parquet file")

    numbers = as_parquet(tmp_path / "b.parquet", [{"question": 1, "answer": "b"}])
    assert refused(numbers) == ["b.parquet: row 1: question: a text was expected, not int"]


def test_the_first_twenty_faults_are_told_and_all_are_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"question": "a", "answer": "b"}, *[{"question": "a"}] * 30]
    told = refused(as_lines(tmp_path / "a.jsonl", rows))

    assert len(told) == 21
    assert told[19:] == ["a.jsonl: line 21: no answer", "and 10 more faults"]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MOST_CHARACTERS", 100)
    path = as_lines(tmp_path / "a.jsonl", [{"question": "a", "answer": "b" * 200}])
    assert refused(path) == ["a.jsonl: line 1: longer than 100 bytes"]


def test_parquet_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"a", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"question": texts, "answer": texts}), tmp_path / "a.parquet")
    assert refused(tmp_path / "a.parquet") == ["a.parquet: after row 0: text that is not UTF-8"]


def test_an_address_that_is_none_is_left_out(tmp_path: Path) -> None:
    rows = [counsel_chat(questionUrl=url) for url in ("https://[", "javascript:alert()", "")]
    assert [raw.link for raw in read(as_csv(tmp_path / "a.csv", rows))] == ["", "", ""]


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_csv(tmp_path / "a.csv", [FLAT["question and answer"]])

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refused(path) == ["a.csv: cannot be read (Permission denied)"]
