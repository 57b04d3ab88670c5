"""The project's texts, as the tests that keep them true read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def markdown_files() -> list[Path]:
    """Every Markdown file of ours."""
    below = [
        path
        for place in ("docs", "realtime", "tests", "config", ".github")
        for path in (ROOT / place).rglob("*.md")
        if "node_modules" not in path.parts
    ]
    return sorted([*ROOT.glob("*.md"), *below])


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def quoted(document: str) -> Iterator[str]:
    """What stands between backticks, outside of code blocks."""
    prose = re.sub(r"^```.*?^```", "", document, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", prose)


def snippets(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
