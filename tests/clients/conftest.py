from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.driver import HERE
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer


@pytest.fixture(scope="session")
def node() -> Path:
    """Node, with the clients beside it; `./dev test` brings both, so that nothing skips."""
    found = os.environ.get("PLAYWRIGHT_NODEJS_PATH") or shutil.which("node")
    # Skipped, not failed: pytest alone shall run for those who work on the server without Node.
    if found is None:
        pytest.skip("no Node for the stock clients: say ./dev test")
    if not (HERE / "node_modules" / "@tanstack").is_dir():
        pytest.skip("the stock clients are not installed: cd tests/clients && npm ci")
    return Path(found)


@pytest.fixture
def padding_app(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> Iterator[AppServer]:
    """A server that pads what it sends, as in production."""
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, PAD_FRAMES="1") as server:
        yield server
