"""Asks an endpoint for the vectors of texts.

https://developers.openai.com/api/docs/guides/embeddings: at most 300,000 tokens and 2,048 texts a
request. Tokens are not counted here but bounded from above: half of a text's bytes.
"""

from __future__ import annotations

import base64
import binascii
import math
import time
from array import array
from collections.abc import Callable, Iterator, Sequence

import httpx2
import msgspec
from openai import DefaultHttpxClient, OpenAI

from realtime.agent.errors import ModelError, ModelMalformed
from realtime.provider.config import ProviderConfig
from realtime.provider.faults import ours

PATH = "/embeddings"
MOST_TOKENS = 300_000
MOST_TEXTS = 2_048
# Of one text; what is longer is cut, for the endpoint would refuse it (8,191 tokens).
LONGEST_BYTES = 16_000
_TRIES = 5
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


class _Vector(msgspec.Struct):
    index: int
    embedding: str | list[float]  # not every server knows base64


class _Answer(msgspec.Struct):
    data: list[_Vector]


_ANSWER = msgspec.json.Decoder(_Answer)


class Embedder:
    """One per process; its connections are shared by threads."""

    def __init__(
        self,
        config: ProviderConfig,
        *,
        timeout_s: float,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = config.model
        self._wait = wait
        self._client = OpenAI(
            api_key=config.api_key or "none",
            base_url=config.resolved_base_url,
            max_retries=0,
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, config.connect_s)),
            http_client=DefaultHttpxClient(trust_env=not config.is_loopback),
        )

    def vectors_of(self, texts: Sequence[str]) -> list[array[float]]:
        """Their vectors, of length one, asked for once. Raises ModelError.

        The texts are one batch: what is more than a request takes is the caller's to divide.
        """
        body = {
            "model": self.model,
            "input": [cut(text) or " " for text in texts],
            "encoding_format": "base64",
        }
        with ours():
            answer = self._client.post(PATH, body=body, cast_to=bytes)
        return _vectors(answer, len(texts))

    def patient_vectors_of(self, texts: Sequence[str]) -> list[array[float]]:
        """The same, asked for again where that may help. Raises ModelError after a few tries."""
        for tries in range(_TRIES - 1):
            try:
                return self.vectors_of(texts)
            except ModelError as error:
                if not error.retryable:
                    raise
                self._wait(min(error.retry_after_s or _FIRST_WAIT_S * 2**tries, _LONGEST_WAIT_S))
        return self.vectors_of(texts)

    def close(self) -> None:
        self._client.close()


def batches(
    texts: Sequence[str], *, tokens: int = MOST_TOKENS, many: int = MOST_TEXTS
) -> Iterator[list[str]]:
    """Divide texts, in their order, into what one request takes."""
    batch: list[str] = []
    held = 0
    for text in texts:
        theirs = _most_tokens(text)
        if batch and (len(batch) == many or held + theirs > tokens):
            yield batch
            batch, held = [], 0
        batch.append(text)
        held += theirs
    if batch:
        yield batch


def cut(text: str) -> str:
    """The beginning that the endpoint takes."""
    return text.encode("utf-8", "replace")[:LONGEST_BYTES].decode("utf-8", "ignore")


def _most_tokens(text: str) -> int:
    return min(len(text.encode("utf-8", "replace")), LONGEST_BYTES) // 2 + 1


def _vectors(answer: bytes, many: int) -> list[array[float]]:
    try:
        data = sorted(_ANSWER.decode(answer).data, key=lambda one: one.index)
        vectors = [_unit(one.embedding) for one in data]
    except (msgspec.DecodeError, binascii.Error, ValueError, OverflowError):
        raise ModelMalformed("an answer that is no vectors") from None
    if [one.index for one in data] != list(range(many)):
        raise ModelMalformed("an answer with vectors of other texts")
    if len({len(vector) for vector in vectors}) > 1:
        raise ModelMalformed("an answer with vectors of several lengths")
    return vectors


def _unit(told: str | list[float]) -> array[float]:
    """Raises ValueError for what has no direction."""
    if isinstance(told, str):
        numbers = array("f")
        numbers.frombytes(base64.b64decode(told, validate=True))
    else:
        numbers = array("f", told)
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not (0 < length < math.inf):  # nan too
        raise ValueError("a vector of no length")
    return array("f", [number / length for number in numbers])
