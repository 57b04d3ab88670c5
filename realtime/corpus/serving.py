"""The index of this process: loaded where it is built, built in the background where it is not."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.db import connection

from realtime.corpus import embedding, indexing
from realtime.corpus.models import IndexVersion

if TYPE_CHECKING:
    from realtime.corpus.searching.index import Index
    from realtime.corpus.searching.postings import Numbers
    from realtime.provider.embeddings import Embedder

logger = logging.getLogger(__name__)

EVERY_S = 3.0
_AFTER_FAILURE_S = 60.0
_AFTER_ANOTHER_S = 5.0
# A turn waits a second for all of this (`Timings.grounding_s`).
QUERY_S = 0.6
_WITHOUT_ENDPOINT_S = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """An index that serves; `method` is its version's."""

    digest: str
    method: dict[str, Any]
    index: Index


class Holder:
    """What this process serves; safe to ask from several threads."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self._lock = threading.Lock()
        self._look_again_at = 0.0
        self._build_again_at = 0.0
        self._noted = False
        self._builder: threading.Thread | None = None

    def keep_current(self) -> None:
        """Load the newest version, or have it built; at most every few seconds.

        Raises django.db.Error.
        """
        if monotonic() < self._look_again_at or not self._lock.acquire(blocking=False):
            return
        try:
            self._look_again_at = monotonic() + EVERY_S
            self._look()
        finally:
            self._lock.release()

    def settled(self) -> None:
        """Wait for what is being built (for tests, and for a clean end)."""
        if (builder := self._builder) is not None:
            builder.join()

    def _look(self) -> None:
        if not self._noted:
            indexing.note_change()
            self._noted = True
        version = indexing.newest()
        if version is None or not version.rows:
            self.held = None
        elif self.held is None or self.held.digest != version.digest:
            self._load(version)

    def _load(self, version: IndexVersion) -> None:
        # Only now, for numpy costs a process half a second and 20 MB.
        from realtime.corpus.searching.files import Broken
        from realtime.corpus.searching.index import Index

        try:
            index = Index(indexing.folder_of(version))
        except Broken:
            self._have_built(version)
        else:
            self.held = Held(version.digest, version.method, index)

    def _have_built(self, version: IndexVersion) -> None:
        if self._builder is not None and self._builder.is_alive():
            return
        if monotonic() >= self._build_again_at:
            self._builder = threading.Thread(
                target=self._build, args=(version,), name="index", daemon=True
            )
            self._builder.start()

    def _build(self, version: IndexVersion) -> None:
        try:
            indexing.build(version, child=True, wait=False)
            self._look_again_at = self._build_again_at = 0.0
        except indexing.NotBuilt as why:
            self._build_again_at = monotonic() + _AFTER_ANOTHER_S
            logger.info("the index was not built here: %s", why)
        except Exception as error:
            self._build_again_at = monotonic() + _AFTER_FAILURE_S
            logger.warning("the index was not built here (%s)", type(error).__name__)
        finally:
            connection.close()


class QueryVectors:
    """Vectors of what people ask, for an index that has vectors of this endpoint's model."""

    def __init__(self) -> None:
        self._embedder: Embedder | None = None
        self._ask_again_at = 0.0
        self._lock = threading.Lock()

    def vector_of(self, text: str, held: Held) -> Numbers | None:
        """None where there is none in time: then words and letters find alone."""
        where, its = embedding.config(), held.method["embeddings"]
        if where is None or its is None or where.model != its["model"]:
            return None
        if monotonic() < self._ask_again_at:
            return None
        import numpy as np

        from realtime.agent.errors import ModelError
        from realtime.provider.embeddings import Embedder

        with self._lock:
            if self._embedder is None:
                self._embedder = Embedder(where, timeout_s=QUERY_S)
        try:
            [vector] = self._embedder.vectors_of([text])
        except ModelError as error:
            self._ask_again_at = monotonic() + _WITHOUT_ENDPOINT_S
            logger.warning("the embeddings endpoint does not answer (%s)", error)
            return None
        return np.asarray(vector) if len(vector) == its["dimensions"] else None

    def close(self) -> None:
        """Close its connections."""
        if self._embedder is not None:
            self._embedder.close()


holder = Holder()
vectors = QueryVectors()
