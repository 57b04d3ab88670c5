from __future__ import annotations

from pathlib import Path

import pytest

from realtime.hotlines.importing.reading import (
    MOST_BYTES,
    DataFile,
    ImportRefused,
    parse,
    read_file,
)

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def refusal(text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ImportRefused) as refused:
        parse(DataFile("lines.yaml", content))
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1, 2", "line 2:"),
        ("a: 1\nb: {\n", "line 3:"),
        ("\ta: 1", "line 1:"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands twice"),
        ("a:\n  - {b: 1, b: 2}\n", "line 2: the key 'b' stands twice"),
        (BOMB, "line 2: aliases (*name) are not allowed"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("? [a, b]\n: 1\n", "line 1: a key is not a word"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "but found another document"),
        ("- a\n- b\n", "the top is not a mapping"),
        ("", "the top is not a mapping"),
        (b"a: \xff\xfe", "not UTF-8"),
        ("a: \x01", "not YAML"),
    ],
)
def test_what_is_not_clean_yaml_is_refused_with_its_reason(text: str | bytes, reason: str) -> None:
    said = refusal(text)

    assert said.startswith("lines.yaml: ")
    assert reason in said


def test_dates_stay_the_text_they_are() -> None:
    assert parse(DataFile("lines.yaml", b"date: 2026-04-22")) == {"date": "2026-04-22"}


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"gone\.yaml: cannot be read"):
        read_file(tmp_path / "gone.yaml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        read_file(tmp_path)


def test_a_huge_file_is_refused_without_parsing_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))

    with pytest.raises(ImportRefused, match=r"huge\.yaml: larger than"):
        read_file(path)
