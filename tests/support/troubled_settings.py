"""The project's settings with addresses that fail."""

from __future__ import annotations

from config.settings import *  # noqa: F403 (settings are for inheriting)

STATIC_ROOT = BASE_DIR / ".run" / "nothing-collected"  # noqa: F405
ROOT_URLCONF = "tests.support.troubled_urls"
