"""What Chromium paints, as a GIF: every painted picture is kept with its time, then sampled."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import CDPSession, Page

FRAME_S = 0.1  # viewers round GIF delays below 20 ms up; ten a second is enough for text
COLOURS = 128
BAR_PX = 44
# Of the page, and of the demo's yellow heart: they cover little, so a palette by count drops them.
_ACCENTS = (217, 143, 106), (43, 102, 90), (163, 54, 42), (252, 194, 27)
_BAR, _INK = (240, 229, 214), (45, 38, 33)


@dataclass(frozen=True, slots=True)
class Shot:
    at: float
    picture: bytes


@dataclass(frozen=True, slots=True)
class Caption:
    at: float
    words: str


class Camera:
    """Films a page, also over its reloads."""

    def __init__(self, session: CDPSession) -> None:
        self.shots: list[Shot] = []
        self.captions: list[Caption] = []
        self._session = session
        self._acknowledging: set[asyncio.Task[Any]] = set()
        session.on("Page.screencastFrame", self._keep)

    @classmethod
    async def on(cls, page: Page) -> Camera:
        return cls(await page.context.new_cdp_session(page))

    async def roll(self) -> None:
        await self._session.send("Page.startScreencast", {"format": "png"})

    async def cut(self) -> None:
        await self._session.send("Page.stopScreencast")
        await asyncio.gather(*self._acknowledging, return_exceptions=True)

    def caption(self, words: str) -> None:
        """Say this below the picture from now on."""
        self.captions.append(Caption(time.time(), words))

    def _keep(self, frame: dict[str, Any]) -> None:
        at = float(frame["metadata"]["timestamp"])
        self.shots.append(Shot(at, base64.b64decode(frame["data"])))
        answer = self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
        task = asyncio.ensure_future(answer)  # without it Chromium sends no further picture
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)


def sampled(
    shots: Sequence[Shot], captions: Sequence[Caption], *, until: float
) -> list[tuple[bytes, str]]:
    """Give the picture and the words that stood at each tenth of a second."""
    start = shots[0].at
    frames = []
    for number in range(max(1, round((until - start) / FRAME_S))):
        now = start + number * FRAME_S
        picture = [shot for shot in shots if shot.at <= now + FRAME_S / 2][-1].picture
        said = [caption.words for caption in captions if caption.at <= now + FRAME_S / 2]
        frames.append((picture, said[-1] if said else ""))
    return frames


def develop(frames: Sequence[tuple[bytes, str]], path: Path) -> None:
    """Write the GIF: few colours, the same for all frames, so that only changes take room."""
    drawn: list[Image.Image] = []
    durations: list[int] = []
    before: tuple[bytes, str] | None = None
    for frame in frames:
        if frame == before:
            durations[-1] += round(FRAME_S * 1000)
            continue
        before = frame
        drawn.append(_with_caption(*frame))
        durations.append(round(FRAME_S * 1000))
    palette = _palette(drawn)
    flat = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in drawn]
    flat[0].save(
        path, save_all=True, append_images=flat[1:], duration=durations, loop=0, optimize=True
    )


def _with_caption(picture: bytes, words: str) -> Image.Image:
    shot = Image.open(BytesIO(picture)).convert("RGB")
    whole = Image.new("RGB", (shot.width, shot.height + BAR_PX), _BAR)
    whole.paste(shot)
    middle = (shot.width / 2, shot.height + BAR_PX / 2)
    ImageDraw.Draw(whole).text(
        middle, words, fill=_INK, font=ImageFont.load_default(size=18), anchor="mm"
    )
    return whole


def _palette(drawn: Sequence[Image.Image]) -> Image.Image:
    """The colours of some frames beside each other."""
    some = drawn[:: max(1, len(drawn) // 8)]
    sheet = Image.new("RGB", (some[0].width, sum(one.height for one in some)))
    top = 0
    for one in some:
        sheet.paste(one, (0, top))
        top += one.height
    common = sheet.quantize(colors=COLOURS - len(_ACCENTS), dither=Image.Dither.NONE)
    palette = Image.new("P", (1, 1))
    accents = [part for colour in _ACCENTS for part in colour]
    palette.putpalette([*(common.getpalette() or ()), *accents])
    return palette
