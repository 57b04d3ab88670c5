"""Makes the pictures of the documents from a running server; started by `./dev pictures`."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, ViewportSize, async_playwright, expect

from config.pictures import scenes
from config.pictures.film import develop, sampled

# As root Chromium needs the first; the others keep it from calling home.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# A heart is in the demo's words, and a box in its place would be in every picture.
HAS_EMOJI = """() => {
  const pen = new OffscreenCanvas(40, 40).getContext("2d");
  pen.font = "30px sans-serif";
  pen.fillText("\\u{1F49B}", 0, 32);
  const { data } = pen.getImageData(0, 0, 40, 40);
  return data.some((value, at) => at % 4 < 3 && value > 0);
}"""


def main(words: list[str]) -> int:
    parser = ArgumentParser(prog="./dev pictures")
    parser.add_argument("--url", required=True)
    parser.add_argument("--admin-link", required=True)
    parser.add_argument("--browser", required=True)
    parser.add_argument("--into", required=True, type=Path)
    return asyncio.run(make(parser.parse_args(words)))


async def make(order: Namespace) -> int:
    expect.set_options(timeout=60_000)  # a reply takes its time
    order.into.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=order.browser, args=FLAGS)
        try:
            if not await _has_emoji(browser):
                sys.stderr.write(
                    "no font with emoji: install one (apt-get install fonts-noto-color-emoji)\n"
                )
                return 1
            await _film(browser, order)
            await _chats(browser, order)
            await _admin(browser, order)
        finally:
            await browser.close()
    return 0


async def _has_emoji(browser: Browser) -> bool:
    page = await browser.new_page()
    found: bool = await page.evaluate(HAS_EMOJI)
    await page.close()
    return found


async def _film(browser: Browser, order: Namespace) -> None:
    shots, captions, ended = await scenes.film(browser, order.url)
    path = order.into / "chat.gif"
    develop(sampled(shots, captions, until=ended), path)
    _tell(path)


async def _chats(browser: Browser, order: Namespace) -> None:
    devices: dict[str, tuple[ViewportSize, float]] = {
        "phone": (scenes.PHONE, 2.0),
        "desktop": (scenes.DESKTOP, 1.0),
    }
    for device, (size, scale) in devices.items():
        for scheme in ("light", "dark"):
            context = await browser.new_context(
                viewport=size,
                device_scale_factor=scale,
                color_scheme="dark" if scheme == "dark" else "light",
                locale=scenes.LOCALE,
                timezone_id=scenes.TIME_ZONE,
            )
            picture = await scenes.finished_chat(context, order.url)
            await context.close()
            _save(picture, order.into / f"{device}-{scheme}.png")


async def _admin(browser: Browser, order: Namespace) -> None:
    context = await browser.new_context(viewport=scenes.ADMIN, color_scheme="light")
    _save(await scenes.transcript(context, order.admin_link), order.into / "transcript.png")
    await context.close()


def _save(picture: bytes, path: Path) -> None:
    """As small as it goes without a loss."""
    Image.open(BytesIO(picture)).convert("RGB").save(path, optimize=True)
    _tell(path)


def _tell(path: Path) -> None:
    sys.stderr.write(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB\n")


sys.exit(main(sys.argv[1:]))
