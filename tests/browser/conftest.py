from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.async_api import Browser, async_playwright, expect

from config.devtools.browser import find_browser

expect.set_options(timeout=20_000)  # a busy machine is no failure

# As root Chromium needs the first two; the others keep it from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_path() -> Path:
    """A browser's program; `./dev test` brings it and builds the page, so that nothing skips."""
    # Skipped, not failed: pytest alone shall run for those who work on the server without Node.
    if not (Path(settings.FRONTEND_DIST) / ".vite" / "manifest.json").is_file():
        pytest.skip("the page is not built: cd frontend && npm ci && npm run build, or ./dev test")
    if found := find_browser():
        return found
    # As above: a browser is no Python package, and the whole `./dev test` refuses to go without.
    pytest.skip("no Chromium on the PATH: set BROWSER_PATH to one, or say ./dev test")


@pytest.fixture
async def browser(browser_path: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield browser
        await browser.close()
