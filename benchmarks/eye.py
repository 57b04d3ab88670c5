"""What a person sees: when a token that the model wrote stands on the page, and how many at once.

A token counts as seen at the first animation frame in which the page holds it. The model is a
stand-in that writes numbered words at a given pace and notes when each left it.
"""

from __future__ import annotations

from itertools import pairwise

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.figures import quantile, show
from config.devtools.browser import find_browser
from tests.browser.conftest import FLAGS
from tests.browser.talk import open_chat, say
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

TOKENS = 150
PACES = (10, 25, 50, 100)  # tokens a second; 25 is about as fast as people read

WATCH = """() => {
  window.seen = [];
  let last = -1;
  const look = () => {
    const said = [...document.querySelectorAll(".reply .prose")];
    const words = said.map((element) => element.textContent).join("");
    const newest = Math.max(-1, ...[...words.matchAll(/w(\\d+)\\b/g)].map((m) => Number(m[1])));
    if (newest > last) {
      window.seen.push([performance.timeOrigin + performance.now(), newest]);
      last = newest;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


async def measure(server: AppServer, ai: ThreadedOpenAIServer) -> None:
    path = find_browser()
    if path is None:
        show("eye", skipped="no Chromium found: ./dev test brings one")
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        for pace in PACES:
            await _at(pace, browser, server, ai)
        await browser.close()


async def _at(pace: int, browser: Browser, server: AppServer, ai: ThreadedOpenAIServer) -> None:
    ai.forget()
    ai.play(says(*(f"w{n} " for n in range(TOKENS)), "end.").paced(1 / pace))
    context = await browser.new_context()
    page = await open_chat(context, server.url)
    await page.evaluate(WATCH)
    await say(page, "hi")
    await (
        page.locator(".reply")
        .get_by_text("end.")
        .first.wait_for(timeout=(TOKENS / pace + 30) * 1000)
    )
    _tell(pace, await _seen(page), ai.wrote_at)
    await context.close()


async def _seen(page: Page) -> list[tuple[float, int]]:
    return [(at / 1000, int(newest)) for at, newest in await page.evaluate("window.seen")]


def _tell(pace: int, seen: list[tuple[float, int]], wrote_at: list[float]) -> None:
    delays, alone, before = [], 0, -1
    for at, newest in seen:
        delays += [(at - wrote_at[n]) * 1000 for n in range(before + 1, newest + 1)]
        alone += newest - before == 1
        before = newest
    gaps = [(b - a) * 1000 for (a, _), (b, _) in pairwise(seen)]
    show(
        f"eye, {pace} tokens/s",
        ms_to_the_eye_p50=quantile(delays, 0.5),
        p95=quantile(delays, 0.95),
        first=delays[0] if delays else float("nan"),
        seen_alone=f"{100 * alone / max(1, TOKENS):.0f} %",
        changes=len(seen),
        ms_between_changes_p95=quantile(gaps, 0.95),
    )
