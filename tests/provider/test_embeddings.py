from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator

import pytest

from realtime.agent.errors import (
    ModelError,
    ModelMalformed,
    ModelRateLimited,
    ModelRefused,
    ModelUnavailable,
)
from realtime.provider.config import ProviderConfig
from realtime.provider.embeddings import LONGEST_BYTES, Embedder, batches, cut
from tests.support.openai_server import ThreadedOpenAIServer, Verdict, vector_of


@pytest.fixture
def ai(model_process: ThreadedOpenAIServer) -> Iterator[ThreadedOpenAIServer]:
    model_process.forget()
    yield model_process
    model_process.forget()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def embedder(ai: ThreadedOpenAIServer, waits: list[float]) -> Iterator[Embedder]:
    embedder = Embedder(
        ProviderConfig("key", ai.base_url, "stand-in"), timeout_s=5, wait=waits.append
    )
    yield embedder
    embedder.close()


def unit(vector: list[float]) -> array[float]:
    length = math.hypot(*vector)
    return array("f", [number / length for number in vector])


def answer(*vectors: object) -> bytes:
    data = [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return json.dumps({"data": data}).encode()


def test_it_sends_the_texts_and_gives_their_vectors_in_order(
    ai: ThreadedOpenAIServer, embedder: Embedder
) -> None:
    first, second = embedder.vectors_of(["a lonely evening", "work"])

    assert first == pytest.approx(unit(vector_of("a lonely evening")))
    assert second == pytest.approx(unit(vector_of("work")))
    [asked] = ai.embedded
    assert asked.body == {
        "model": "stand-in",
        "input": ["a lonely evening", "work"],
        "encoding_format": "base64",
    }
    assert asked.headers["Authorization"] == "Bearer key"


def test_servers_that_answer_with_plain_numbers_are_understood(
    ai: ThreadedOpenAIServer, embedder: Embedder
) -> None:
    ai.embed(Verdict(raw=answer([3.0, 4.0])))

    assert embedder.vectors_of(["x"]) == [pytest.approx(array("f", [0.6, 0.8]))]


def test_a_text_too_long_is_cut_and_an_empty_one_is_a_blank(
    ai: ThreadedOpenAIServer, embedder: Embedder
) -> None:
    embedder.vectors_of(["é" * LONGEST_BYTES, ""])

    assert ai.embedded[0].body["input"] == ["é" * (LONGEST_BYTES // 2), " "]
    assert cut("half a letter \ud800") == "half a letter ?"


WRONG: list[tuple[Verdict, type[ModelError]]] = [
    (Verdict(status=401), ModelRefused),
    (Verdict(status=429), ModelRateLimited),
    (Verdict(status=500), ModelUnavailable),
    (Verdict(cuts=True), ModelUnavailable),
    (Verdict(raw=b"{oops"), ModelMalformed),
    (Verdict(raw=b'{"data": 7}'), ModelMalformed),
    (Verdict(raw=answer("!!")), ModelMalformed),
    (Verdict(raw=answer("AAAA")), ModelMalformed),  # three bytes are no number
    (Verdict(raw=answer([0.0, 0.0])), ModelMalformed),
    (Verdict(raw=answer([1e300, 1.0])), ModelMalformed),
    (Verdict(raw=answer()), ModelMalformed),
    (Verdict(raw=answer([1.0], [1.0])), ModelMalformed),
]


@pytest.mark.parametrize(("instead", "error"), WRONG)
def test_its_failures_are_ours(
    ai: ThreadedOpenAIServer, embedder: Embedder, instead: Verdict, error: type[ModelError]
) -> None:
    ai.embed(instead)

    with pytest.raises(error):
        embedder.vectors_of(["x"])


def test_vectors_of_several_lengths_are_none(ai: ThreadedOpenAIServer, embedder: Embedder) -> None:
    ai.embed(Verdict(raw=answer([1.0], [1.0, 0.0])))

    with pytest.raises(ModelMalformed):
        embedder.vectors_of(["x", "y"])


def test_nobody_waits_longer_than_was_said(ai: ThreadedOpenAIServer) -> None:
    ai.embed(Verdict(stalls=True))
    embedder = Embedder(ProviderConfig("key", ai.base_url, "stand-in"), timeout_s=0.05)

    with pytest.raises(ModelUnavailable, match="ReadTimeout"):
        embedder.vectors_of(["x"])
    embedder.close()


def test_it_asks_again_where_that_may_help_and_waits_as_it_is_told(
    ai: ThreadedOpenAIServer, embedder: Embedder, waits: list[float]
) -> None:
    limited = Verdict(status=429, headers={"Retry-After": "7"})
    ai.embed(Verdict(status=500), limited, Verdict(raw=b"{"))

    assert len(embedder.patient_vectors_of(["x"])) == 1
    assert waits == [1.0, 7.0, 4.0]


def test_it_gives_up_after_a_few_tries(
    ai: ThreadedOpenAIServer, embedder: Embedder, waits: list[float]
) -> None:
    ai.embed(*[Verdict(status=503)] * 5)

    with pytest.raises(ModelUnavailable):
        embedder.patient_vectors_of(["x"])
    assert (len(ai.embedded), len(waits)) == (5, 4)


def test_what_would_be_refused_again_is_not_asked_again(
    ai: ThreadedOpenAIServer, embedder: Embedder
) -> None:
    ai.embed(Verdict(status=404))

    with pytest.raises(ModelRefused):
        embedder.patient_vectors_of(["x"])
    assert len(ai.embedded) == 1


def test_batches_hold_no_more_than_a_request_takes() -> None:
    texts = ["a" * 10] * 7

    assert [len(batch) for batch in batches(texts, many=3)] == [3, 3, 1]
    assert [len(batch) for batch in batches(texts, tokens=12)] == [2, 2, 2, 1]
    assert [len(batch) for batch in batches(["a" * 100], tokens=12)] == [1]
    assert list(batches([])) == []


def test_a_full_batch_of_the_longest_texts_is_within_the_vendors_bounds() -> None:
    first, *_ = batches(["x" * 50_000] * 100)

    assert sum(len(cut(text)) // 2 for text in first) <= 300_000
