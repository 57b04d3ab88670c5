from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.clients.driver import HERE


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
