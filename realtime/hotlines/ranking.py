"""Which lines answer a query, and in which order; pure.

Order: the country's lead line when the need is urgent (unless it does not speak the language asked
for, and another does), then lines that serve everybody here ("only for stalking" and international
directories come later), need, lines for the whole country, the language asked for (else one of the
country's), the channel and the audience asked for, lines made for the need before crisis lines
that take it too, open now, confidence, freshness in years. A line for an audience only appears
when that audience was asked for or stated. Where no line for everybody in the whole country fits,
one that takes any worry comes too. A line whose sources conflict is never first while another
serves. Lines of a pair (two languages, two ages) stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from realtime.hotlines import codes
from realtime.hotlines.facts import Facts, HotlineQuery, Line

MOST_LINES = 5
_TEXT_KINDS = frozenset({"sms", "chat", "whatsapp"})
_NEVER_SEEN_YEARS = 99
# How well a line fits the need: it names it; it takes acute crises and the need is one; it is for
# the audience asked for and takes any worry; it is all there is.
_NAMES_IT, _URGENT, _FOR_AUDIENCE, _ALL_THERE_IS = range(4)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query, made ready for comparing."""

    needs: frozenset[str]
    audiences: frozenset[str]
    allowed: frozenset[str]  # audiences, and those that a need implies
    urgent: bool
    urgent_needs: frozenset[str]
    broad_needs: frozenset[str]
    special: bool  # the needs are neither urgent nor broad
    languages: frozenset[str]  # the one asked for, else those of the country
    channel: str | None
    lead: str | None
    now: datetime


def rank(
    national: Sequence[Line],
    international: Sequence[Line],
    query: HotlineQuery,
    facts: Facts,
    *,
    lead: str | None,
    now: datetime,
    most: int = MOST_LINES,
) -> tuple[Line, ...]:
    """Give at most so many lines, best first."""
    asked = _read(query, facts, lead, now)
    fits = _fits(national, asked) or _fits(international, asked)
    fits += _else(national, fits, asked)
    ordered = _ordered(fits, asked)
    if query.language and ordered and not _may_speak(ordered[0][0], asked):
        others_first = _ordered(fits, replace(asked, lead=None))
        if _says_it_speaks(others_first[0][0], asked):
            ordered = others_first
    return tuple(_side_by_side(_best(_conflicts_not_first(ordered), asked, most)))


def _ordered(fits: list[tuple[Line, int]], asked: _Asked) -> list[tuple[Line, int]]:
    return sorted(fits, key=lambda fit: _key(fit[0], fit[1], asked))


def _read(query: HotlineQuery, facts: Facts, lead: str | None, now: datetime) -> _Asked:
    needs = [facts.needs[slug] for slug in query.needs if slug in facts.needs]
    audiences = frozenset(query.audiences)
    urgent_needs = frozenset(need.slug for need in facts.needs.values() if need.urgent)
    asks_nothing = not needs and not audiences
    return _Asked(
        needs=urgent_needs if asks_nothing else frozenset(need.slug for need in needs),
        audiences=audiences,
        allowed=audiences | {need.implies for need in needs if need.implies},
        urgent=asks_nothing or any(need.urgent for need in needs),
        urgent_needs=urgent_needs,
        broad_needs=frozenset(need.slug for need in facts.needs.values() if need.broad),
        special=not (asks_nothing or any(need.urgent or need.broad for need in needs)),
        languages=_languages(query),
        channel=query.channel,
        lead=lead,
        now=now,
    )


def _languages(query: HotlineQuery) -> frozenset[str]:
    if query.language:
        return frozenset([codes.base_language(query.language)])
    return frozenset(map(codes.base_language, codes.languages_of(query.country or "")))


def _fits(lines: Iterable[Line], asked: _Asked) -> list[tuple[Line, int]]:
    fits = ((line, _fit(line, asked)) for line in lines)
    return [(line, fit) for line, fit in fits if fit is not None]


def _else(
    national: Sequence[Line], fits: list[tuple[Line, int]], asked: _Asked
) -> list[tuple[Line, int]]:
    """Give the lines for any worry where none fits, the best where none is for everybody."""
    known = {line.id for line, _ in fits}
    broad = [
        (line, _ALL_THERE_IS)
        for line in national
        if line.id not in known and _takes_any_worry(line, asked)
    ]
    if any(not (line.only_for or line.regions or line.international) for line, _ in fits):
        return []
    broad.sort(key=lambda fit: (bool(fit[0].conflicts), _key(fit[0], fit[1], asked)))
    return broad[: 1 if fits else None]


def _fit(line: Line, asked: _Asked) -> int | None:
    """Say how well a line fits, None when it does not."""
    if not line.for_everybody and asked.allowed.isdisjoint(line.audiences):
        return None
    if not asked.needs.isdisjoint(line.needs):
        return _NAMES_IT
    if asked.urgent and (line.id == asked.lead or not asked.urgent_needs.isdisjoint(line.needs)):
        return _URGENT
    if not asked.audiences.isdisjoint(line.audiences) and (
        not asked.needs or not line.needs or _takes_any_worry(line, asked, for_everybody=False)
    ):
        return _FOR_AUDIENCE
    return None


def _takes_any_worry(line: Line, asked: _Asked, *, for_everybody: bool = True) -> bool:
    if for_everybody and not line.for_everybody:
        return False
    return not (asked.broad_needs | asked.urgent_needs).isdisjoint(line.needs)


def _speaks(line: Line, asked: _Asked) -> bool:
    return not asked.languages.isdisjoint(map(codes.base_language, line.languages))


def _may_speak(line: Line, asked: _Asked) -> bool:
    """Where nobody told the languages of a line, they are a guess by its country."""
    return line.languages_inferred or _speaks(line, asked)


def _says_it_speaks(line: Line, asked: _Asked) -> bool:
    return _speaks(line, asked) and not line.languages_inferred


def _key(line: Line, fit: int, asked: _Asked) -> tuple[bool | int | str, ...]:
    return (
        not (asked.urgent and line.id == asked.lead),
        bool(line.only_for) or line.international,
        fit,
        bool(line.regions),
        not _speaks(line, asked),
        asked.channel is not None and asked.channel not in {c.kind for c in line.contacts},
        _audience_distance(line, asked),
        fit == _NAMES_IT and asked.special and not asked.urgent_needs.isdisjoint(line.needs),
        line.hours.open_at(asked.now) is not True,
        line.confidence != "high",
        _years_since(line, asked.now),
        line.id,
    )


def _audience_distance(line: Line, asked: _Asked) -> int:
    """Rank 0 a line for just those asked for, 1 for some of them among others, 2 for everybody."""
    if not asked.audiences or asked.audiences.isdisjoint(line.audiences):
        return 2
    return 0 if asked.audiences.issuperset(line.audiences) else 1


def _years_since(line: Line, now: datetime) -> int:
    seen = max(line.last_seen or "", line.checked.on.isoformat() if line.checked else "")
    if not seen:
        return _NEVER_SEEN_YEARS
    return max(0, now.year - int(seen[:4]) - (f"{now:%m-%d}" < (seen[5:] or "01-01")))


def _conflicts_not_first(ordered: list[tuple[Line, int]]) -> list[Line]:
    lines = [line for line, _ in ordered]
    if not lines or not lines[0].conflicts:
        return lines
    serves = max(ordered[0][1], _URGENT)
    for place, (line, fit) in enumerate(ordered):
        if not line.conflicts and fit <= serves and _serves_instead(line, lines[0]):
            return [line, *lines[:place], *lines[place + 1 :]]
    return lines


def _serves_instead(line: Line, doubtful: Line) -> bool:
    """A line for a part of the country, or of the people, does not serve instead of another."""
    return not (line.regions or line.only_for) or bool(doubtful.regions or doubtful.only_for)


def _side_by_side(lines: list[Line]) -> list[Line]:
    """Move each line right behind the first of its pair."""
    together: list[Line] = []
    for line in lines:
        if line not in together:
            pair = [other for other in lines if other.pair == line.pair] if line.pair else []
            together += [line, *(other for other in pair if other is not line)]
    return together


def _best(lines: list[Line], asked: _Asked, most: int) -> list[Line]:
    """Keep the best, one for each thing asked for, and one that can be written to."""
    kept = lines[:1]
    for need in sorted(asked.needs):
        kept += [line for line in lines if need in line.needs][:1]
    for audience in sorted(asked.audiences):
        kept += [line for line in lines if audience in line.audiences][:1]
    kept += [line for line in lines if _TEXT_KINDS & {c.kind for c in line.contacts}][:1]
    chosen = {line.id for line in list(dict.fromkeys([*kept, *lines]))[:most]}
    return [line for line in lines if line.id in chosen]
