"""The film's dark room, and that no picture grows too heavy for a README."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from config.pictures.film import BAR_PX, Caption, Shot, develop, sampled

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PAPER, SAGE = (250, 246, 240), (43, 102, 90)


def painted(colour: tuple[int, int, int]) -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 40), colour).save(out, "png")
    return out.getvalue()


def test_each_tenth_of_a_second_has_the_last_picture_and_the_last_words_before_it() -> None:
    shots = [Shot(10.0, b"a"), Shot(10.12, b"b"), Shot(10.14, b"c"), Shot(10.32, b"d")]

    frames = sampled(shots, [Caption(10.2, "now")], until=10.4)

    assert frames == [(b"a", ""), (b"c", ""), (b"c", "now"), (b"d", "now")]


def test_a_film_plays_as_long_as_it_was_recorded(tmp_path: Path) -> None:
    still, moved = (painted(PAPER), "still"), (painted(SAGE), "moved")

    develop([still, still, still, moved], tmp_path / "a.gif")

    with Image.open(tmp_path / "a.gif") as film:
        assert film.size == (300, 40 + BAR_PX)
        assert film.info["duration"] == 300
        film.seek(1)
        assert film.info["duration"] == 100
        with pytest.raises(EOFError):
            film.seek(2)


def test_a_small_accent_keeps_its_colour(tmp_path: Path) -> None:
    develop([(painted(PAPER), ""), (painted(SAGE), "")], tmp_path / "a.gif")

    with Image.open(tmp_path / "a.gif") as film:
        film.seek(1)
        assert film.convert("RGB").getpixel((10, 10)) == SAGE


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*")), ids=lambda path: path.name)
def test_a_picture_is_light_enough_for_a_readme(path: Path) -> None:
    most = 1_500_000 if path.suffix == ".gif" else 250_000

    assert path.stat().st_size <= most
