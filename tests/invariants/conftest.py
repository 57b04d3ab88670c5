from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from realtime.accounts.models import User
from realtime.chat import bridge, queries
from tests.invariants.log_ground import PROCESSES
from tests.invariants.log_model import Process
from tests.invariants.log_world import World

# So that little needs several pages, and a snapshot that begins at an earlier run.
SMALL = {"PAGE_ROWS": 7, "PAGE_FRAMES": 3, "PAGE_BYTES": 600, "SNAPSHOT_CHARACTERS": 40}


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A person, three processes with a connection each, and an empty log."""
    # An append never waits for a lock: here that is an error.
    info = make_conninfo(bridge.conninfo(), options="-c lock_timeout=200")
    lines = [psycopg.connect(info, autocommit=True) for _ in range(PROCESSES)]
    pool = ThreadPoolExecutor(1)
    for name, size in SMALL.items():
        monkeypatch.setattr(queries, name, size)
    person = User.objects.create(username="alice")
    world = World(person, [Process(line) for line in lines], pool)
    yield world
    world.let_go(commit=False)
    for line in lines:
        line.close()
    pool.submit(connections.close_all).result()
    pool.shutdown()
