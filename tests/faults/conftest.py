"""One pair of servers for all tests of a worker, on a Postgres and a Redis nobody else uses.

Each test asks as a new person in a new thread, so that nothing has to be emptied in between; each
finds everything alive and well, and leaves a log that keeps the invariants.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from config.devtools.processes import guarded
from realtime.chat.timings import Timings
from tests.support.cluster import Cluster
from tests.support.django_database import (
    database_time,
    django_elsewhere,
    lead_django_to,
    threads_since,
)
from tests.support.invariants import assert_log_invariants
from tests.support.loop_thread import LoopThread
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.people import People
from tests.support.private_stack import PrivateStack, private_stack

_HERE = Path(__file__).parent
_PATIENCE_S = 300  # with the start of all servers


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --faults only the quick ones, with timers x0.1."""
    faults = [item for item in items if _HERE in item.path.parents]
    for item in faults:
        item.add_marker("faults")
        item.add_marker("process")
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_PATIENCE_S))
    if not config.getoption("--faults"):
        slow = [item for item in faults if not item.get_closest_marker("quick")]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> float:
    """Of all timers: real ones with --faults, unless --timers says otherwise."""
    said: float | None = request.config.getoption("--timers")
    return said or (1.0 if request.config.getoption("--faults") else 0.1)


@pytest.fixture(scope="session")
def timings(scale: float) -> Timings:
    return Timings().scaled(scale)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateStack]:
    with guarded() as guard:
        base = tmp_path_factory.mktemp("stack")
        with private_stack(guard, base, environment=os.environ) as stack:
            yield stack


@pytest.fixture(scope="package")
def one_cluster(
    stack: PrivateStack,
    model_process: ThreadedOpenAIServer,
    timings: Timings,
    scale: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    logs = tmp_path_factory.mktemp("servers")
    with LoopThread() as thread:
        cluster = Cluster(stack, model_process, timings, scale, thread, logs)
        with cluster.running(2):
            yield cluster


@pytest.fixture
def cluster(
    one_cluster: Cluster, model: ThreadedOpenAIServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[Cluster]:
    """Two processes, well and alive; what they wrote is held against the invariants at the end."""
    one_cluster.revive()
    with django_db_blocker.unblock(), django_elsewhere(one_cluster.stack.postgres.url):
        began = database_time()
        yield one_cluster
        model.forget()
        one_cluster.heal()
        lead_django_to(one_cluster.stack.postgres.url)
        assert_log_invariants(threads_since(began))


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tell what was measured, below the results."""
    return lambda told: record_property("figures", told)


@pytest.fixture
async def people(cluster: Cluster) -> AsyncIterator[People]:
    async with AsyncExitStack() as open_clients:
        yield People(cluster, open_clients)
