"""Vectors are made once, kept, and forgotten with their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.core.management.base import CommandError
from pytest_django import Settings

from realtime.agent.errors import ModelRefused
from realtime.corpus import embedding, indexing
from realtime.corpus.models import Embedding, Exchange, Risk
from realtime.provider import embeddings
from realtime.provider.embeddings import Embedder
from tests.corpus.conftest import Command
from tests.corpus.shelves import TALKS, exchanges, source
from tests.support.openai_server import DIMENSIONS, ThreadedOpenAIServer, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def embedder(endpoint: ThreadedOpenAIServer) -> Iterator[Embedder]:
    where = embedding.config()
    assert where is not None
    embedder = Embedder(where, timeout_s=5, wait=lambda _: None)
    yield embedder
    embedder.close()


def sent(endpoint: ThreadedOpenAIServer) -> list[str]:
    return [text for asked in endpoint.embedded for text in asked.body["input"]]


def test_each_distinct_text_is_wanted_once_and_none_at_risk(embedder: Embedder) -> None:
    exchanges()
    exchanges(source(sha256="1" * 64))
    exchanges(source(sha256="2" * 64), risk=Risk.CRISIS)
    Exchange.objects.filter(risk=Risk.CRISIS).update(answer="never sent")

    texts = embedding.wanted("stand-in").texts

    assert len(texts) == 2 * len(TALKS)
    assert "never sent" not in texts


def test_what_is_kept_is_not_asked_for_again(
    embedder: Embedder, endpoint: ThreadedOpenAIServer
) -> None:
    exchanges()
    embedding.embed(embedding.wanted("stand-in").texts, embedder)
    Exchange.objects.filter(row=1).update(answer="Another answer.")
    endpoint.embedded.clear()

    embedding.embed(embedding.wanted("stand-in").texts, embedder)

    assert sent(endpoint) == ["Another answer."]


def test_a_run_that_breaks_off_keeps_what_it_paid_for(
    embedder: Embedder, endpoint: ThreadedOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges()
    monkeypatch.setattr(embeddings, "batches", lambda texts: [list(texts[:4]), list(texts[4:])])
    endpoint.embed(Verdict(), Verdict(status=401))

    with pytest.raises(ModelRefused):
        embedding.embed(embedding.wanted("stand-in").texts, embedder)
    first = sent(endpoint)[:4]
    endpoint.embedded.clear()
    embedding.embed(embedding.wanted("stand-in").texts, embedder)

    assert set(first).isdisjoint(sent(endpoint))
    assert Embedding.objects.count() == 2 * len(TALKS)


def test_models_do_not_share_vectors(embedder: Embedder) -> None:
    exchanges()
    embedding.embed(embedding.wanted("stand-in").texts, embedder)

    assert len(embedding.wanted("another").texts) == 2 * len(TALKS)


def test_a_kept_vector_is_given_as_it_was_made(embedder: Embedder) -> None:
    [vector] = embedder.vectors_of(["a lonely evening"])
    embedding.keep(model="stand-in", texts=["a lonely evening"], vectors=[vector])

    kept = embedding.vectors_of(["a lonely evening", "x"], model="stand-in", dimensions=DIMENSIONS)

    assert kept == {"a lonely evening": vector}


def test_vectors_go_with_the_texts_that_they_were_made_of(embedder: Embedder) -> None:
    exchanges()
    embedding.embed(embedding.wanted("stand-in").texts, embedder)
    Exchange.objects.filter(row=1).delete()

    indexing.note_change()

    assert Embedding.objects.count() == 2 * len(TALKS) - 2
    assert embedding.forget_unused() == 0


def test_the_most_of_a_models_vectors_say_its_dimensions(
    embedder: Embedder, endpoint: ThreadedOpenAIServer
) -> None:
    texts = ["one", "two", "three"]
    embedding.keep(model="stand-in", texts=texts, vectors=embedder.vectors_of(texts))
    one = embedding.from_bytes(b"\0\0\x80?")
    embedding.keep(model="stand-in", texts=["one"], vectors=[one])

    assert indexing.method_now() == {
        "embeddings": {"model": "stand-in", "dimensions": DIMENSIONS, "vectors": 3}
    }


def test_the_command_tells_the_cost_and_sends_nothing_without_a_yes(
    dataset: Command, endpoint: ThreadedOpenAIServer
) -> None:
    exchanges()

    with pytest.raises(CommandError, match="Nothing was sent"):
        dataset("index")
    assert endpoint.embedded == []


@pytest.mark.parametrize(
    ("words", "costs"),
    [((), "a price that is not known here"), (("--price", 100), "about $0.04")],
)
def test_the_command_makes_vectors_and_builds(
    dataset: Command,
    endpoint: ThreadedOpenAIServer,
    index_dir: object,
    words: tuple[object, ...],
    costs: str,
) -> None:
    exchanges()

    said = dataset("index", "--yes", *words)

    assert f"{2 * len(TALKS)} texts without a vector" in said
    assert costs in said
    assert f"{len(TALKS)} exchanges" in said
    assert "every text has its vector" in dataset("index")


def test_the_vendors_prices_are_known_at_its_own_address_alone(settings: Settings) -> None:
    settings.EMBEDDINGS_MODEL = "text-embedding-3-small"
    where = embedding.config()
    assert where is not None
    assert embedding.price_of(where) == 0.02

    settings.EMBEDDINGS_BASE_URL = "https://elsewhere.example/v1"
    where = embedding.config()
    assert where is not None
    assert embedding.price_of(where) is None


def test_an_endpoint_that_fails_is_told_without_its_words(
    dataset: Command, endpoint: ThreadedOpenAIServer, index_dir: object
) -> None:
    exchanges()
    endpoint.embed(Verdict(status=401))

    with pytest.raises(CommandError, match=r"did not go on: 401 some_code\. 0 vectors are kept"):
        dataset("index", "--yes")


def test_vectors_are_checked_too(
    dataset: Command, endpoint: ThreadedOpenAIServer, index_dir: object
) -> None:
    exchanges()
    dataset("index", "--yes")
    endpoint.embedded.clear()

    told = json.loads(dataset("check", "--json"))

    assert told["own_answer_at_1"] == 1.0
    assert told["method"].endswith("vectors of stand-in")
    assert endpoint.embedded == []  # what is kept is enough
