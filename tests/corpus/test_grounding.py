"""What a turn is given of the corpus, and that it never costs the turn."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from django.db import OperationalError
from pytest_django import Settings

from realtime.corpus import embedding, grounding, indexing, serving
from realtime.corpus.models import Exchange, Risk
from realtime.provider.embeddings import Embedder
from tests.corpus.shelves import TALKS, exchanges, source
from tests.support.openai_server import ThreadedOpenAIServer, Verdict

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = TALKS[1][1]


def served(holder: serving.Holder) -> None:
    """Have the newest index built and loaded."""
    for _ in range(3):
        grounding.keep_current()
        holder.settled()
    assert holder.held is not None


def found(text: str = ASKED) -> list[str]:
    got = grounding.retrieve(text)
    assert got is not None
    return [one.answer for one in got.found]


def test_the_nearest_exchange_is_given_with_where_it_is_from(holder: serving.Holder) -> None:
    [_, second, *_] = exchanges()
    served(holder)

    got = grounding.retrieve(ASKED)

    assert got is not None
    assert holder.held is not None
    assert got.version == holder.held.digest[:12]
    [best, *_] = got.found
    assert best.exchange_id == second.pk
    assert best.question == f"{TALKS[1][0]}\n{TALKS[1][1]}"
    assert best.answer == TALKS[1][2]
    assert best.attribution == "from talks, by a counsellor"
    assert holder.held.index.floor <= best.score


def test_long_texts_are_shortened(holder: serving.Holder) -> None:
    exchanges()
    Exchange.objects.filter(row=2).update(
        question=ASKED + " So it goes on." * 45, answer=TALKS[1][2] + " So it goes on." * 45
    )
    served(holder)

    [best, *_] = grounding.retrieve(ASKED).found  # type: ignore[union-attr]

    assert len(best.question) <= 300
    assert len(best.answer) <= 700
    assert best.answer.endswith("on.")


def test_small_talk_is_answered_without_an_exchange(holder: serving.Holder) -> None:
    exchanges()
    served(holder)

    assert found("Good morning!") == []


def test_a_limit_is_kept(holder: serving.Holder) -> None:
    exchanges()
    served(holder)
    holder.held.index.floor = 0.0  # type: ignore[union-attr]

    assert len(grounding.retrieve("I worry and panic over money", limit=2).found) == 2  # type: ignore[union-attr]


def test_a_removed_row_never_comes_back_from_an_older_index(holder: serving.Holder) -> None:
    exchanges()
    served(holder)
    assert TALKS[1][2] in found()

    Exchange.objects.filter(row=2).delete()

    assert TALKS[1][2] not in found()


@pytest.mark.parametrize("change", [{"risk": Risk.CRISIS}, {"usable": False}])
def test_nor_does_one_that_may_no_longer_be_learnt_from(
    holder: serving.Holder, change: dict[str, object]
) -> None:
    exchanges()
    served(holder)
    Exchange.objects.filter(row=2).update(**change)

    assert TALKS[1][2] not in found()


def test_without_exchanges_nothing_is_looked_up_and_nothing_heavy_imported(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "realtime.corpus.searching.index", None)

    grounding.keep_current()

    assert grounding.retrieve(ASKED) is None


def test_turned_off_it_neither_builds_nor_finds(
    holder: serving.Holder, settings: Settings, index_dir: Path
) -> None:
    exchanges()
    served(holder)
    settings.GROUNDING = False

    assert grounding.retrieve(ASKED) is None
    Exchange.objects.filter(row=1).delete()
    indexing.note_change()
    held = holder.held
    grounding.keep_current()
    assert holder.held is held


def test_the_old_index_serves_while_the_new_one_is_built(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges()
    served(holder)
    old = holder.held
    build, goes_on = indexing.build, threading.Event()

    def slow(*args: object, **options: object) -> Path:
        assert goes_on.wait(20)
        return build(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(indexing, "build", slow)
    exchanges(source(sha256="1" * 64, attribution="others"))
    indexing.note_change()
    grounding.keep_current()

    assert holder.held is old
    assert TALKS[1][2] in found()

    goes_on.set()
    served(holder)
    assert holder.held is not old
    assert len(holder.held.index.ids) == 2 * len(TALKS)  # type: ignore[union-attr]


def test_an_emptied_corpus_is_let_go(holder: serving.Holder) -> None:
    exchanges()
    served(holder)
    Exchange.objects.all().delete()
    indexing.note_change()

    grounding.keep_current()

    assert grounding.retrieve(ASKED) is None


def test_another_process_files_are_loaded_and_not_built(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges()
    indexing.build(indexing.note_change(), child=False, wait=False)  # type: ignore[arg-type]
    monkeypatch.setattr(indexing, "build", None)

    grounding.keep_current()

    assert TALKS[1][2] in found()


@pytest.mark.parametrize("name", ["index.json", "grams.texts.npy"])
def test_spoilt_files_are_built_again(holder: serving.Holder, index_dir: Path, name: str) -> None:
    exchanges()
    folder = indexing.build(indexing.note_change(), child=False, wait=False)  # type: ignore[arg-type]
    (folder / name).write_bytes(b"spoilt")

    served(holder)

    assert TALKS[1][2] in found()


def test_a_disk_that_refuses_is_logged_and_tried_again_later(
    holder: serving.Holder, index_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exchanges()
    index_dir.parent.mkdir(exist_ok=True)
    index_dir.write_text("a file where the folder should be")

    grounding.keep_current()
    holder.settled()
    builder = holder._builder
    grounding.keep_current()

    assert "the index was not built here (FileExistsError)" in caplog.text
    assert grounding.retrieve(ASKED) is None
    assert holder._builder is builder


def test_who_comes_second_to_build_tries_again_soon(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    exchanges()

    def busy(*_: object, **__: object) -> None:
        raise indexing.NotBuilt("another process builds")

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "build", busy)
        grounding.keep_current()
        holder.settled()
    assert "another process builds" in caplog.text

    monkeypatch.setattr(serving, "monotonic", lambda: 1e12)
    holder._look_again_at = 0.0
    served(holder)


def test_it_looks_at_most_every_few_seconds(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "EVERY_S", 60.0)
    grounding.keep_current()
    exchanges()
    indexing.note_change()

    grounding.keep_current()

    assert holder._builder is None


def test_one_thread_looks_at_a_time(holder: serving.Holder) -> None:
    exchanges()
    with holder._lock:
        grounding.keep_current()

    assert holder._builder is None


def test_a_database_that_is_away_costs_no_reply(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exchanges()
    served(holder)

    def away(*_: object) -> None:
        raise OperationalError("at 10.0.0.1")

    with monkeypatch.context() as patch:
        patch.setattr(grounding, "exchanges_to_learn_from", away)
        patch.setattr(indexing, "newest", away)
        assert grounding.retrieve(ASKED) is None
        grounding.keep_current()

    assert "OperationalError" in caplog.text
    assert "10.0.0.1" not in caplog.text
    assert TALKS[1][2] in found()


def test_what_was_asked_is_in_no_log(
    holder: serving.Holder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "realtime")
    exchanges()
    served(holder)
    monkeypatch.setattr(holder.held.index, "search", None)  # type: ignore[union-attr]

    assert grounding.retrieve(ASKED) is None

    assert "nothing was looked up (TypeError)" in caplog.text
    assert "jealous" not in caplog.text


@pytest.fixture
def embedded(endpoint: ThreadedOpenAIServer) -> ThreadedOpenAIServer:
    exchanges()
    where = embedding.config()
    assert where is not None
    embedder = Embedder(where, timeout_s=5)
    embedding.embed(embedding.wanted("stand-in").texts, embedder)
    embedder.close()
    endpoint.embedded.clear()
    return endpoint


def test_with_an_endpoint_the_question_is_asked_for_its_vector(
    holder: serving.Holder, embedded: ThreadedOpenAIServer
) -> None:
    served(holder)

    assert TALKS[1][2] in found()
    assert [asked.body["input"] for asked in embedded.embedded] == [[ASKED]]


@pytest.mark.parametrize(
    "instead",
    [Verdict(stalls=True), Verdict(status=500), Verdict(status=401), Verdict(raw=b"{")],
)
def test_an_endpoint_that_fails_is_done_without_and_left_alone_for_a_while(
    holder: serving.Holder, embedded: ThreadedOpenAIServer, instead: Verdict
) -> None:
    served(holder)
    embedded.embed(instead)

    assert TALKS[1][2] in found()
    assert TALKS[1][2] in found()
    assert len(embedded.embedded) == 1


def test_vectors_of_another_length_are_of_no_use(
    holder: serving.Holder, embedded: ThreadedOpenAIServer
) -> None:
    served(holder)
    embedded.embed(Verdict(raw=b'{"data": [{"index": 0, "embedding": [1.0]}]}'))

    assert TALKS[1][2] in found()


@pytest.mark.parametrize("name", ["", "another-model"])
def test_nothing_is_sent_without_the_model_of_the_index(
    holder: serving.Holder, embedded: ThreadedOpenAIServer, settings: Settings, name: str
) -> None:
    served(holder)
    settings.EMBEDDINGS_MODEL = name

    assert TALKS[1][2] in found()
    assert embedded.embedded == []
