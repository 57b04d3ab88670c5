"""Pictures for the eyes of whoever asks: PICTURES=folder."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page


async def picture(page: Page, name: str) -> None:
    """As it stands, and in the other colours."""
    if folder := os.environ.get("PICTURES"):
        for scheme in ("dark", "light"):
            # With colours that do not fade.
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
