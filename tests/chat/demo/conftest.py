from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from realtime.chat.demo.operations import remove
from realtime.chat.demo.seeding import seed


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Once for the tests of a module, which only read."""
    with django_db_blocker.unblock():
        asyncio.run(seed())
        yield
        remove()
