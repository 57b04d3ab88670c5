from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from config.devtools.processes import Warden, guarded
from config.devtools.stack import Stack, stack
from tests.support.checkout import here

StartStack = Callable[[Path], AbstractContextManager[Stack]]


@pytest.fixture
def guard() -> Iterator[Warden]:
    with guarded() as warden:
        yield warden


@pytest.fixture
def start_stack(guard: Warden) -> StartStack:
    """Start a real Postgres and Valkey with their data below a folder."""
    return lambda base: stack(guard, here(), {}, base, durable=False)
