from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections
from pytest_django import DjangoDbBlocker

from realtime.chat import answering, bridge
from realtime.hotlines import queries
from realtime.hotlines.models import DayCount
from tests.support import emptying, own_directory
from tests.support.no_spending import no_spending
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

__all__ = ["no_spending"]

# Workers of one test run share a Redis; their threads may have equal names.
os.environ["REDIS_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="all faults, with real timers")
    parser.addoption("--timers", type=float, help="multiplies the faults' timers: 0.1, or 1")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured (`record_property("figures", ...)`), also when they passed."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, told in report.user_properties:
            if name == "figures" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {told}")


@pytest.fixture(scope="session", autouse=True)
def _emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        emptying.quick_and_patient(patch)
        yield


@pytest.fixture(scope="session")
def model_process() -> Iterator[ThreadedOpenAIServer]:
    with ThreadedOpenAIServer(otherwise=says("I hear ", "you.")) as server:
        yield server


@pytest.fixture
def model(model_process: ThreadedOpenAIServer) -> Iterator[ThreadedOpenAIServer]:
    """The stand-in model: `play` what it shall answer; else it says "I hear you."."""
    model_process.forget()
    yield model_process
    model_process.forget()


@pytest.fixture(scope="module")
def app_process(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    model_process: ThreadedOpenAIServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AppServer]:
    """One for a module and no longer: it claims every queued run of the tests' database."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    with AppServer(log, OPENAI_BASE_URL=model_process.base_url) as server:
        yield server
    with django_db_blocker.unblock():
        DayCount.objects.all().delete()  # it stores these as it stops, after the last emptying


@pytest.fixture
def app(transactional_db: None, app_process: AppServer, model: ThreadedOpenAIServer) -> AppServer:
    """A running server on the tests' database, answered by `model`."""
    return app_process


@pytest.fixture
def directory(transactional_db: None) -> None:
    """The hotline data of the project, imported; the pages are for servers to write."""
    own_directory.fill()


@pytest.fixture(autouse=True)
def _directory_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process, not the directory of an earlier test."""
    monkeypatch.setattr(queries, "_holder", queries._Holder())


@pytest.fixture(autouse=True)
def _no_model_promoted() -> None:
    """As in a new process, not what an earlier test chose."""
    answering.known.learn(None)


@pytest.fixture(autouse=True)
def _connections_closed() -> Iterator[None]:
    """Give back what threads hold, before the tests' database is emptied or goes."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    bridge.close_connections()


@pytest.fixture
def headers(app: AppServer) -> dict[str, str]:
    return client_token(app)


@pytest.fixture
def server_log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"
