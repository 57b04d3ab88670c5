"""Vectors of questions and answers: made by an embeddings endpoint, kept by their text's hash.

What is kept is neither asked for nor paid again: a run that was stopped goes on where it was. An
exchange stands midway between its question and its answer, so that the same vectors serve the
check, which searches answers alone.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from realtime.corpus.models import Embedding, Exchange
from realtime.corpus.queries import exchanges_to_search
from realtime.provider.config import ProviderConfig

if TYPE_CHECKING:
    from realtime.provider.embeddings import Embedder

# US dollars a million tokens, from the vendor's price list as of November 2026; other models'
# prices are the operator's to say.
PRICES = {"text-embedding-3-small": 0.02, "text-embedding-3-large": 0.13}
_CHARACTERS_A_TOKEN = 4  # of English; the estimate says "about"
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts that no vector is kept for; `tokens` are about those of their characters."""

    texts: tuple[str, ...]

    @property
    def tokens(self) -> int:
        return sum(map(len, self.texts)) // _CHARACTERS_A_TOKEN

    def cost(self, price: float | None) -> float | None:
        """US dollars at so many a million tokens."""
        return None if price is None else self.tokens * price / 1_000_000


def config() -> ProviderConfig | None:
    """The endpoint that the operator named; None: nothing leaves this machine to be embedded."""
    if not settings.EMBEDDINGS_MODEL:
        return None
    return ProviderConfig(
        settings.EMBEDDINGS_API_KEY, settings.EMBEDDINGS_BASE_URL, settings.EMBEDDINGS_MODEL
    )


def price_of(where: ProviderConfig) -> float | None:
    return PRICES.get(where.model) if where.is_openai else None


def wanted(model: str) -> Wanted:
    """Every distinct question and answer to be found that has no vector of this model."""
    kept = set(
        Embedding.objects.filter(model=model).values_list("text_sha256", flat=True).iterator()
    )
    texts: dict[str, str] = {}
    for row in exchanges_to_search().iterator():
        for text in (row.asked, row.answer):
            if (key := hash_of(text)) not in kept:
                texts[key] = text
    return Wanted(tuple(texts.values()))


def embed(
    texts: Sequence[str], embedder: Embedder, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Make and keep their vectors, batch by batch. Raises ModelError; what came before is kept."""
    from realtime.provider.embeddings import batches

    for batch in batches(texts):
        vectors = embedder.patient_vectors_of(batch)
        keep(model=embedder.model, texts=batch, vectors=vectors)
        progress(len(batch))


@transaction.atomic
def keep(*, model: str, texts: Sequence[str], vectors: Sequence[array[float]]) -> None:
    Embedding.objects.bulk_create(
        [
            Embedding(
                text_sha256=hash_of(text),
                model=model,
                dimensions=len(vector),
                vector=as_bytes(vector),
            )
            for text, vector in zip(texts, vectors, strict=True)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def forget_unused() -> int:
    """Remove vectors of texts that are learnt from no more; say how many.

    Whoever takes a conversation back takes back what was made of it.
    """
    if not Embedding.objects.exists():
        return 0
    used = {
        hash_of(text)
        for row in exchanges_to_search().iterator()
        for text in (row.asked, row.answer)
    }
    gone = [
        pk
        for pk, key in Embedding.objects.values_list("pk", "text_sha256").iterator()
        if key not in used
    ]
    removed, _ = Embedding.objects.filter(pk__in=gone).delete()
    return removed


def vectors_of(texts: Iterable[str], *, model: str, dimensions: int) -> dict[str, array[float]]:
    """The kept vectors of these texts, by text."""
    by_hash = {hash_of(text): text for text in texts}
    found = Embedding.objects.filter(
        text_sha256__in=by_hash, model=model, dimensions=dimensions
    ).values_list("text_sha256", "vector")
    return {by_hash[key]: from_bytes(bytes(vector)) for key, vector in found}


def together(rows: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    """The rows by the few hundred, to ask for their vectors with one query."""
    them = iter(rows)
    while some := list(islice(them, _TOGETHER)):
        yield some


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def as_bytes(vector: array[float]) -> bytes:
    import numpy as np

    return np.asarray(vector).astype("<f4").tobytes()


def from_bytes(vector: bytes) -> array[float]:
    import numpy as np

    return array("f", np.frombuffer(vector, "<f4").astype(np.float32).tobytes())
