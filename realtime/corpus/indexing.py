"""Which index should serve, and building it on this machine.

The database names the version (`IndexVersion`); each machine builds the files for itself, for
they are cheap, and one process of it does. A change of the corpus names another version.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count

import realtime
from realtime.corpus import embedding
from realtime.corpus.models import Embedding, Exchange, IndexVersion
from realtime.corpus.queries import exchanges_to_search
from realtime.corpus.searching.version import FORMAT

if TYPE_CHECKING:
    from realtime.corpus.searching.building import Row

_LOCK = ".lock"


class NotBuilt(Exception):
    """No index was made: somebody else makes one, the corpus changed meanwhile, the child died."""


def newest() -> IndexVersion | None:
    return IndexVersion.objects.order_by("-id").first()


def folder_of(version: IndexVersion) -> Path:
    return Path(settings.INDEX_DIR) / version.digest


@transaction.atomic
def note_change(**_: Any) -> IndexVersion | None:
    """Name the version that the corpus asks for now; the newest, if it is that; of nothing, none.

    Receives `corpus_changed`, and is called as a server starts: a process may have died between
    its change and the signal.
    """
    embedding.forget_unused()
    method = method_now()
    fingerprint = Fingerprint(method)
    keys = exchanges_to_search().values_list("pk", "text_key", "question_key")
    for pk, text_key, question_key in keys.iterator():
        fingerprint.add(pk, text_key, question_key)
    current = newest()
    if current is None and not fingerprint.rows:
        return None
    if current is not None and current.digest == fingerprint.digest:
        return current
    return IndexVersion.objects.create(
        digest=fingerprint.digest, method=method, rows=fingerprint.rows
    )


def method_now() -> dict[str, Any]:
    """How this installation searches: "embeddings" with model, dimensions, vectors, or null."""
    where = embedding.config()
    if where is None:
        return {"embeddings": None}
    kept = Embedding.objects.filter(model=where.model).values("dimensions")
    most = kept.annotate(vectors=Count("pk")).order_by("-vectors", "dimensions").first()
    return {"embeddings": None if most is None else {"model": where.model, **most}}


class Fingerprint:
    """Of the method, and of each row and its number: files name rows by their numbers."""

    def __init__(self, method: dict[str, Any]) -> None:
        self.rows = 0
        told = json.dumps({"format": FORMAT, **method}, sort_keys=True)
        self._hash = hashlib.sha256(told.encode())

    def add(self, row: Exchange) -> None:
        self._hash.update(f"{row.pk}:{row.text_key}:{row.question_key}\n".encode())
        self.rows += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def rows_of(version: IndexVersion) -> Iterator[Row]:
    """The rows that it names. Raises NotBuilt after the last when they are others by now."""
    from realtime.corpus.searching.building import Row

    fingerprint = Fingerprint(version.method)
    for some in embedding.together(exchanges_to_search().iterator()):
        vectors = _vectors(some, version.method["embeddings"])
        for row in some:
            fingerprint.add(row)
            yield Row(
                id=row.pk,
                title=row.title,
                question=row.question,
                answer=row.answer,
                key=row.question_key,
                vector=vectors.get(row.pk),
            )
    if fingerprint.digest != version.digest:
        raise NotBuilt("the corpus changed meanwhile")


def _vectors(rows: list[Exchange], embeddings: dict[str, Any] | None) -> dict[int, str]:
    """Midway between question and answer, in base64, where both vectors are kept."""
    if embeddings is None:
        return {}
    from realtime.corpus.searching.building import midway

    texts = {text for row in rows for text in (row.asked, row.answer)}
    kept = embedding.vectors_of(
        texts, model=embeddings["model"], dimensions=embeddings["dimensions"]
    )
    return {
        row.pk: midway(kept[row.asked], kept[row.answer])
        for row in rows
        if row.asked in kept and row.answer in kept
    }


def build(version: IndexVersion, *, child: bool, wait: bool) -> Path:
    """Make its files on this machine unless they are there, whole; remove those of others.

    `child`: in a process of its own, for a server has replies to write. Raises NotBuilt, also when
    another process is at it and `wait` is not asked for; OSError where the disk refuses.
    """
    from realtime.corpus.searching import building, files

    folder = folder_of(version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.parent, wait=wait):
        for left in folder.parent.glob("tmp-*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            files.opened(folder)
        except files.Broken:
            if child:
                _build_in_child(version, folder)
            else:
                building.build(rows_of(version), folder)
        building.clear(folder.parent, keep=folder.name)
    return folder


def _build_in_child(version: IndexVersion, folder: Path) -> None:
    """Raises NotBuilt. A child whose rows break off makes nothing: so it ends when this does."""
    with subprocess.Popen(
        [sys.executable, "-m", "realtime.corpus.searching.building", str(folder)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # an error's words may quote a row
        # Nothing else of the environment: it holds keys and passwords.
        env={
            "PYTHONPATH": str(Path(realtime.__file__).parents[1]),
            "PATH": os.environ.get("PATH", ""),
            "OMP_NUM_THREADS": "1",
        },
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as builder:
        assert builder.stdin is not None
        many = 0
        with suppress(BrokenPipeError), builder.stdin as rows:
            for row in rows_of(version):
                rows.write(row.line() + "\n")
                many += 1
            rows.write(json.dumps({"end": many}) + "\n")
    if builder.returncode != 0:
        raise NotBuilt(f"the builder ended with {builder.returncode}")


@contextmanager
def _alone(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the machine's lock. Raises NotBuilt when another process does."""
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotBuilt("another process builds") from None
        yield
