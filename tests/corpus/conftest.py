from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from realtime.corpus import serving
from realtime.corpus.signals import corpus_changed
from tests.support.openai_server import ThreadedOpenAIServer

Command = Callable[..., str]
Committing = Callable[[], AbstractContextManager[object]]


@pytest.fixture
def dataset() -> Command:
    """`manage.py dataset ...`, giving what it said."""

    def run(*words: object, **options: Any) -> str:
        out = StringIO()
        call_command("dataset", *map(str, words), stdout=out, **options)
        return out.getvalue()

    return run


@pytest.fixture
def changes() -> Iterator[list[object]]:
    """One for each `corpus_changed` that was sent."""
    told: list[object] = []

    def note(**_: Any) -> None:
        told.append(None)

    corpus_changed.connect(note)
    yield told
    corpus_changed.disconnect(note)


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """What is done inside is told as if it were committed."""
    return partial(django_capture_on_commit_callbacks, execute=True)


@pytest.fixture
def index_dir(settings: Settings, tmp_path: Path) -> Path:
    """Where the index of this test's exchanges is built."""
    settings.INDEX_DIR = tmp_path / "index"
    return tmp_path / "index"


@pytest.fixture
def holder(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[serving.Holder]:
    """As in a new process; it looks whenever it is asked to."""
    holder, vectors = serving.Holder(), serving.QueryVectors()
    monkeypatch.setattr(serving, "EVERY_S", 0.0)
    monkeypatch.setattr(serving, "holder", holder)
    monkeypatch.setattr(serving, "vectors", vectors)
    yield holder
    holder.settled()
    vectors.close()


@pytest.fixture
def endpoint(model: ThreadedOpenAIServer, settings: Settings) -> ThreadedOpenAIServer:
    """An embeddings endpoint that the operator configured."""
    settings.EMBEDDINGS_MODEL = "stand-in"
    settings.EMBEDDINGS_BASE_URL = model.base_url
    settings.EMBEDDINGS_API_KEY = "key"
    return model
