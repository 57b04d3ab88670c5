from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from realtime.corpus.signals import corpus_changed

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
