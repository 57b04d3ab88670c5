"""What Kindline must not call itself, and how it does not speak of suicide or of leaving.

Laws of several places forbid to represent an AI as therapy or as a person; the rest is how those
who work with people in danger ask to write. A denial needs the same words:
`wording-allowed.txt` names each that may stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from config.devtools import house

ALLOWED = Path(__file__).with_name("wording-allowed.txt")
_NOT = "don['\u2019]t"
RULES = {
    "says what only licensed people may be or give": (
        r"therap(?:y|ies|ists?|eutic|eut(?:in|en)?)|t[e\u00e9]rapeut\w*|th\u00e9rapeutes?|clinicians?|"
        r"psycholog(?:ists?|ical care)|psychiatrists?|psychotherap\w+|counsell?(?:ors?|ing)|"
        r"treatments?|mental health professionals?|licensed|diagnos(?:e|es|is|ed)"
    ),
    "passes for a person": (
        r"i(?:['\u2019]m| am) (?:a |only )?(?:human|real|person|real person)|"
        r"real (?:human|person) (?:is |who )?(?:here|listens|answers)|"
        r"human (?:listener|companion|support)"
    ),
    "speaks of suicide as a crime or a success": (
        r"commit(?:s|ted|ting)? suicide|(?:un)?successful(?:ly)? (?:suicides?|attempts?)|"
        r"failed (?:suicides?|attempts?)|completed suicides?"
    ),
    "holds people back": (
        rf"(?:please )?{_NOT} (?:go(?! (?:through|on|into|to|over|back|away from))|"
        r"leave(?! (?:it|this|out|behind)))|(?:i|we)(?:['\u2019]ll| will)? miss(?:ed)? you|"
        r"streaks?|daily rewards?|come back (?:tomorrow|soon|every day)|"
        r"stay (?:a (?:little|bit) )?longer"
    ),
}
# What people read or a model is told. Not what people say (patterns), nor the directory's facts.
READ = (
    "realtime/*/templates/**/*.html",
    "realtime/agent/prompts/*.txt",
    "realtime/**/*.py",
    "realtime/safety/disclosures.json",
    "realtime/safety/policies/*.json",
    "config/error_pages/*",
    "frontend/index.html",
    "frontend/src/**/*.ts",
    "frontend/src/**/*.svelte",
    "docs/**/*.md",
    "*.md",
    "docker-compose.yml",
    ".env.example",
)
NOT_READ = (
    "realtime/safety/*.py",
    "realtime/review/naming_words.py",
    "realtime/review/placing.py",
    "realtime/corpus/*.py",  # knows what others wrote by such words
    "realtime/hotlines/data/*",
    "CHANGELOG.md",
)


def _loose(expression: str) -> re.Pattern[str]:
    """A blank is any gap: words are found across a line's end as well."""
    return re.compile(re.sub(r"\\? ", r"\\s+", expression), re.IGNORECASE)


_RULES = {says: _loose(rf"(?<!\w)(?:{words})(?!\w)") for says, words in RULES.items()}


@dataclass(frozen=True, slots=True)
class Allowed:
    """In files that fit `where` these words may stand."""

    where: str
    words: str


def wrong_words(root: Path, allowed: list[Allowed] | None = None) -> list[str]:
    """One line for each word that must not stand there, and for each permission nobody needs."""
    permits = read_allowed() if allowed is None else allowed
    used: set[Allowed] = set()
    found = [
        f"{path.relative_to(root)}:{line}: {says}: {words!r}"
        for path in _files(root)
        for line, says, words in _wrong(path, path.relative_to(root).as_posix(), permits, used)
    ]
    unused = [f"{ALLOWED.name}: needless: {p.where} | {p.words}" for p in permits if p not in used]
    return found + unused


def read_allowed() -> list[Allowed]:
    """Lines `where | words`; blank ones and those that begin with # say nothing."""
    lines = (line.strip() for line in ALLOWED.read_text("utf-8").splitlines())
    parts = (line.split(" | ", 1) for line in lines if line and not line.startswith("#"))
    return [Allowed(where, words) for where, words in parts]


def _wrong(
    path: Path, name: str, permits: list[Allowed], used: set[Allowed]
) -> Iterator[tuple[int, str, str]]:
    text, spans = path.read_text("utf-8"), list[tuple[int, int]]()
    for permit in permits:
        if fnmatch(name, permit.where):
            here = [match.span() for match in _loose(re.escape(permit.words)).finditer(text)]
            used |= {permit} if here else set()
            spans += here
    for says, expression in _RULES.items():
        for match in expression.finditer(text):
            if not any(a <= match.start() and match.end() <= b for a, b in spans):
                yield text.count("\n", 0, match.start()) + 1, says, match[0]


def _files(root: Path) -> Iterator[Path]:
    ours = set(house.files(root))
    named = {path for pattern in READ for path in root.glob(pattern)}
    for path in sorted(named & ours):
        if not any(fnmatch(path.relative_to(root).as_posix(), one) for one in NOT_READ):
            yield path
