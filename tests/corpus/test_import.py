"""The import as a person starts it: all of a file or nothing; the same again changes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from realtime.corpus import operations, queries
from realtime.corpus.flagging import EXCLUDING
from realtime.corpus.models import Exchange, Import
from tests.corpus.conftest import Command, Committing
from tests.corpus.files import (
    ANSWER,
    FLAT,
    QUESTION,
    SECOND,
    TALK,
    WRITERS,
    as_csv,
    as_lines,
    counsel_chat,
)

pytestmark = pytest.mark.django_db
PARTED = f"<p>{ANSWER}</p><p>{SECOND}</p>"
GLUED = f"{ANSWER}{SECOND}"


def many(count: int) -> list[dict[str, Any]]:
    draw = random.Random(1)
    words = [f"word{n}" for n in range(400)]
    return [
        {
            "question": f"Question {n}: {' '.join(draw.choices(words, k=12))}?",
            "answer": f"{' '.join(draw.choices(words, k=40))}.",
        }
        for n in range(count)
    ]


def rows() -> list[tuple[Any, ...]]:
    return list(Exchange.objects.order_by("id").values_list())


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("shape", FLAT)
def test_every_shape_and_format_is_stored_alike(
    tmp_path: Path, dataset: Command, shape: str, suffix: str
) -> None:
    said = dataset("import", WRITERS[suffix](tmp_path / f"a.{suffix}", [FLAT[shape]]))

    assert f"a.{suffix}: {shape}, sha256 " in said
    assert said.endswith("1 usable, 0 at risk (0 in crisis), 1 to learn from\nImported.\n")
    row = Exchange.objects.get()
    assert (row.question, row.answer) == (QUESTION, ANSWER)
    assert list(queries.exchanges_to_learn_from()) == [row]


def test_conversations_keep_what_was_said_before_on_one_side_of_a_split(
    tmp_path: Path, dataset: Command
) -> None:
    dataset("import", as_lines(tmp_path / "a.jsonl", [{"messages": TALK}]))

    first, second = Exchange.objects.all()
    assert (first.turn, second.turn, second.answer) == (0, 1, SECOND)
    assert [each["content"] for each in second.history] == [QUESTION, ANSWER]
    assert first.question_key == second.question_key
    assert first.text_key != second.text_key


def test_the_same_file_again_changes_nothing(
    tmp_path: Path,
    dataset: Command,
    changes: list[object],
    committing: Committing,
) -> None:
    path = as_csv(tmp_path / "a.csv", many(5))
    dataset("import", path)
    before = rows()

    with committing():
        said = dataset("import", path)

    assert "Nothing new" in said
    assert rows() == before
    assert not changes


def test_other_words_of_its_origin_are_noted_and_its_rows_stay(
    tmp_path: Path, dataset: Command
) -> None:
    path = as_csv(tmp_path / "a.csv", many(2))
    (tmp_path / "licence").write_text("Do as you like.")
    dataset("import", path)
    before = rows()
    assert Import.objects.get().attribution == "from an imported data set"

    options = {"attribution": "from a book", "licence": "CC0", "source_url": "https://example.org"}
    dataset("import", path, licence_file=tmp_path / "licence", **options)

    kept = Import.objects.get()
    assert (kept.attribution, kept.licence, kept.source_url) == tuple(options.values())
    assert kept.licence_text == "Do as you like."
    assert rows() == before

    dataset("import", path)
    kept.refresh_from_db()
    assert (kept.attribution, kept.licence, kept.source_url) == tuple(options.values())
    assert kept.licence_text == "Do as you like."


def test_other_columns_make_another_import_and_older_rules_are_replaced(
    tmp_path: Path, dataset: Command
) -> None:
    path = as_csv(tmp_path / "a.csv", [counsel_chat()])
    dataset("import", path)
    dataset("import", path, question_column="questionTitle")
    assert Import.objects.count() == 2

    Import.objects.filter(options__columns={}).update(options={"columns": {}, "rules": 0})
    dataset("import", path)
    assert Import.objects.filter(options__rules=0).count() == 0
    assert Import.objects.count() == 2


def test_a_file_with_a_bad_row_leaves_everything_as_it_was(
    tmp_path: Path, dataset: Command
) -> None:
    dataset("import", as_csv(tmp_path / "good.csv", many(2)))
    before = rows()
    bad = as_lines(tmp_path / "bad.jsonl", [*many(30), {"question": "a"}])

    with pytest.raises(CommandError, match=r"\Abad.jsonl: line 31: no answer\nNothing was impo"):
        dataset("import", bad)
    assert rows() == before


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_of_which_a_tenth_of_the_bytes_is_wrong_is_refused(
    tmp_path: Path, dataset: Command, suffix: str, seed: int
) -> None:
    """Never half of it, and never a stack trace."""
    path = WRITERS[suffix](tmp_path / f"a.{suffix}", many(200))
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    for place in draw.sample(range(len(content)), len(content) // 10):
        content[place] = draw.randrange(256)
    path.write_bytes(content)

    with pytest.raises(CommandError, match=rf"\Aa\.{suffix}: (?s:.*)Nothing was imported"):
        dataset("import", path)
    assert not Import.objects.exists()
    assert not Exchange.objects.exists()


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_copy_of_which_a_tenth_of_the_rows_is_wrong_is_refused_with_each_of_them(
    tmp_path: Path, dataset: Command, suffix: str
) -> None:
    wrong = [row | {"answer": "a\0b"} if n % 10 == 3 else row for n, row in enumerate(many(200))]
    path = WRITERS[suffix](tmp_path / f"a.{suffix}", wrong)

    with pytest.raises(CommandError) as caught:
        dataset("import", path)
    told = str(caught.value).splitlines()
    assert len(told) == 21
    assert all("answer: holds a NUL byte" in line for line in told[:20])
    assert not Import.objects.exists()


def test_a_dry_run_tells_and_stores_nothing(
    tmp_path: Path,
    dataset: Command,
    changes: list[object],
    committing: Committing,
) -> None:
    path = as_csv(tmp_path / "a.csv", many(5))
    with committing():
        said = json.loads(dataset("import", path, "--json", "--dry-run"))

    assert (said["rows"], said["exchanges"], said["to_learn"]) == (5, 5, 5)
    assert not Import.objects.exists()


def test_names_and_profiles_of_writers_are_nowhere(tmp_path: Path, dataset: Command) -> None:
    signed = counsel_chat(answerText=f"<p>{ANSWER}</p><p>Be well,</p><p>Jo Quince, LPC</p>")
    named = counsel_chat(
        answerText=f"{SECOND} I am Jon Quince and say so.", therapistName="Jon Quince"
    )
    dataset("import", as_csv(tmp_path / "a.csv", [signed, named]))

    first, second = Exchange.objects.all()
    assert first.answer == f"{ANSWER}\n\nBe well"
    assert set(first.flags) == {"html", "signed_by_name"}
    assert (second.flags, second.usable) == (["own_practice"], False)
    assert "example.org/jo" not in json.dumps(list(Exchange.objects.values("link", "answer")))


def test_a_row_under_a_second_topic_is_kept_once_with_both(
    tmp_path: Path, dataset: Command
) -> None:
    again = counsel_chat(topics="Work", upvotes="5")
    said = dataset("import", as_csv(tmp_path / "a.csv", [counsel_chat(), again]))

    assert "2 rows, 1 exchanges\n  1 repeated word for word, 0 nearly" in said
    row = Exchange.objects.get()
    assert (row.topics, row.upvotes, row.row) == (["anxiety", "sleep improvement", "work"], 5, 1)


def test_across_files_the_text_that_kept_paragraphs_stands_with_the_others_votes(
    tmp_path: Path, dataset: Command
) -> None:
    glued = counsel_chat(answerText=GLUED, upvotes="7")
    parted = counsel_chat(answerText=PARTED, upvotes="0")
    dataset("import", as_csv(tmp_path / "a.csv", [glued]))
    dataset("import", as_csv(tmp_path / "b.csv", [parted]))

    first, second = Exchange.objects.all()
    assert first.duplicates == second.duplicates == first.pk
    assert (first.usable, second.usable, second.upvotes) == (False, True, 7)
    assert second.answer == f"{ANSWER}\n\n{SECOND}"

    dataset("remove", second.source_id)
    assert list(queries.exchanges_to_learn_from()) == [first]
    assert Exchange.objects.get().duplicates is None


def test_counsel_chat_is_known_and_its_licence_kept(tmp_path: Path, dataset: Command) -> None:
    dataset("import", as_csv(tmp_path / "a.csv", [counsel_chat()]))

    kept = Import.objects.get()
    assert kept.attribution == "from counsel-chat, by a counsellor"
    assert kept.licence == "MIT"
    said = dataset("show", kept.pk)
    assert "Permission is hereby granted" in said
    assert "1 to learn from" in said


def test_imports_are_listed_and_removed(
    tmp_path: Path,
    dataset: Command,
    changes: list[object],
    committing: Committing,
) -> None:
    assert "Nothing is imported yet" in dataset("list")
    with committing():
        dataset("import", as_csv(tmp_path / "a.csv", many(3)))
    [told] = json.loads(dataset("list", "--json"))
    assert (told["exchanges"], told["to_learn_from"], told["at_risk"]) == (3, 3, 0)
    assert "3 exchanges, 3 to learn from" in dataset("list")

    with committing():
        assert "Removed a.csv" in dataset("remove", told["id"])
    assert not Exchange.objects.exists()
    assert len(changes) == 2
    for word in ("remove", "show"):
        with pytest.raises(CommandError, match="There is no import"):
            dataset(word, told["id"])


def test_a_file_without_any_exchange_is_refused(tmp_path: Path, dataset: Command) -> None:
    path = as_lines(tmp_path / "a.jsonl", [{"messages": [TALK[0], TALK[1]]}])
    with pytest.raises(CommandError, match="there is no question with an answer"):
        dataset("import", path)
    assert not Import.objects.exists()


def test_risk_rows_are_kept_apart(tmp_path: Path, dataset: Command) -> None:
    risky = counsel_chat(questionText="I want to die.")
    said = dataset("import", as_csv(tmp_path / "a.csv", [counsel_chat(), risky]))

    assert "1 at risk (1 in crisis), " in said
    assert [row.risk for row in Exchange.objects.all()] == ["none", "crisis"]
    assert all(row.risk == "none" for row in queries.exchanges_to_learn_from())


def test_thousands_of_rows_are_screened_side_by_side_in_their_order(
    tmp_path: Path, dataset: Command
) -> None:
    wanted = many(1_200)
    dataset("import", as_lines(tmp_path / "a.jsonl", wanted))

    kept = Exchange.objects.order_by("id").values_list("row", "question")
    assert list(kept) == [(n, row["question"]) for n, row in enumerate(wanted, start=1)]


def test_a_licence_that_cannot_be_read_is_refused(tmp_path: Path, dataset: Command) -> None:
    with pytest.raises(CommandError, match="cannot be read as a licence"):
        dataset("import", "a.csv", licence_file=tmp_path / "none")


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    row = {key: value for key, value in counsel_chat().items() if not key.startswith("therapist")}
    path = as_lines(tmp_path / "exchanges.jsonl", [row])
    monkeypatch.setattr(operations, "SAMPLE", path)
    return path


def test_the_sample_comes_once_and_is_replaced_when_it_changes(
    sample: Path, dataset: Command, django_assert_max_num_queries: Any
) -> None:
    assert dataset("sample") == "Example exchanges: 1 imported.\n"
    kept = Import.objects.get()
    assert (kept.origin, kept.licence) == ("sample", "CC0-1.0")
    assert kept.attribution == "example written for this project"
    with django_assert_max_num_queries(1):
        assert dataset("sample") == "Example exchanges: nothing new.\n"

    as_lines(sample, [counsel_chat(), counsel_chat(answerText=SECOND)])
    assert dataset("sample") == "Example exchanges: 2 imported.\n"
    assert Import.objects.get().attribution == "example written for this project"
    sample.unlink()
    assert operations.import_sample() is None


def test_the_sample_that_ships_is_fit_to_be_learnt_from(dataset: Command) -> None:
    dataset("sample")
    counts = Import.objects.get().report
    assert counts["exchanges"] >= 60
    assert counts["to_learn"] == counts["exchanges"]
    assert not any(counts["flags"][flag] for flag in EXCLUDING)


def test_a_row_at_risk_stands_for_no_other(tmp_path: Path, dataset: Command) -> None:
    risky = counsel_chat(questionText="I want to die.", questionTitle="Tired")
    dataset("import", as_csv(tmp_path / "a.csv", [risky, counsel_chat()]))

    assert [row.risk for row in Exchange.objects.filter(usable=True)] == ["none"]


def test_a_licence_that_is_no_text_is_refused(tmp_path: Path, dataset: Command) -> None:
    (tmp_path / "licence").write_bytes(b"Do as you like.\0")
    path = as_csv(tmp_path / "a.csv", many(2))

    with pytest.raises(CommandError, match="cannot be read as a licence's text"):
        dataset("import", path, licence_file=tmp_path / "licence")
    assert not Import.objects.exists()
