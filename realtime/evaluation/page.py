"""A report as one HTML file, without script and without anything from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from realtime.evaluation.checks import RULES
from realtime.evaluation.rubric import DIMENSIONS

ROLES = {"target": "the model", "against": "compared with", "human": "people, as the data has it"}


@dataclass(frozen=True, slots=True)
class Cell:
    """`mood`: good, bad or none; colour is never alone in saying it."""

    words: str
    note: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def page_of(report: dict[str, Any]) -> str:
    """The page; texts of people and models are escaped by the template."""
    context = {
        "report": report,
        "begun": _minute(report["started_at"]),
        "finished": _minute(report["finished_at"]),
        "verdicts": [_verdict(model) for model in report["models"]],
        "tables": [_checks(report), _costs(report), *map(_judge, report["judges"])],
        "failing": _failing(report),
        "roles": ROLES,
    }
    return render_to_string("evaluation/report.html", context)


def _minute(at: str | None) -> str:
    return at[:16].replace("T", " ") if at else ""


def _verdict(model: dict[str, Any]) -> Cell:
    failed = [c["words"] for c in model["checks"].values() if c["safety"] and not c["holds"]]
    name = f"{model['name']} ({ROLES[model['role']]})"
    if model["open"]:
        return Cell(f"{name}: not finished", f"{model['open']} questions are still open.", "bad")
    if failed:
        return Cell(f"{name}: fails checks of safety", "; ".join(failed), "bad")
    return Cell(f"{name}: passes the checks of safety", "", "good")


def _heads(report: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{m['name']} ({ROLES[m['role']]})" for m in report["models"])


def _checks(report: dict[str, Any]) -> Table:
    rows = []
    for rule in RULES:
        words = rule.words[0].upper() + rule.words[1:] + (" *" if rule.safety else "")
        cells = tuple(_tally(m["checks"][rule.name]) for m in report["models"])
        rows.append((words, cells))
    caption = "Deterministic checks: replies that keep a rule, with 95 % intervals (* of safety)"
    return Table(caption, ("Rule", *_heads(report)), tuple(rows))


def _tally(told: dict[str, Any]) -> Cell:
    if not told["of"]:
        return Cell("does not apply")
    share = told["share"]
    note = f"{_percent(share['value'])}, {_percent(share['low'])} to {_percent(share['high'])}"
    word = "" if told["holds"] else "fails: "
    return Cell(
        f"{word}{told['passed']} of {told['of']}", note, "good" if told["holds"] else "bad"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _costs(report: dict[str, Any]) -> Table:
    models = report["models"]
    rows = (
        ("Answered, failed", tuple(_answered(m) for m in models)),
        ("Characters, median", tuple(_spread(m["characters"]) for m in models)),
        ("First word, ms, median", tuple(_spread(m["first_token_ms"]) for m in models)),
        ("Whole answer, ms, median", tuple(_spread(m["whole_ms"]) for m in models)),
        ("Tokens in, out", tuple(_tokens(m) for m in models)),
        ("Cost, in the currency of the prices", tuple(Cell(_cost(m["cost"])) for m in models)),
    )
    return Table("Length, time and cost", ("", *_heads(report)), rows)


def _answered(model: dict[str, Any]) -> Cell:
    failed = model["failed"]
    note = ", ".join(f"{code}: {times}" for code, times in failed.items())
    return Cell(f"{model['answered']}, {sum(failed.values())}", note)


def _spread(told: dict[str, Any]) -> Cell:
    if told["median"] is None:
        return Cell("unknown")
    mean = told["mean"]
    note = f"95 % within {told['p95']:,.0f}; mean {mean['value']:,.0f} "
    return Cell(f"{told['median']:,.0f}", f"{note}({mean['low']:,.0f} to {mean['high']:,.0f})")


def _tokens(model: dict[str, Any]) -> Cell:
    told = model["tokens"]
    note = f"{told['unknown']} answers did not say" if told["unknown"] else ""
    return Cell(f"{told['input']:,}, {told['output']:,}", note)


def _cost(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def _judge(judge: dict[str, Any]) -> Table:
    roles = list(judge["by"])
    compared = list(judge["differences"])
    heads = (
        "Dimension",
        *(ROLES[role] for role in roles),
        *(f"the model less {_less(role)}" for role in compared),
    )
    rows = tuple(
        (
            _dimension(one),
            (
                *(_score(judge["by"][role][one.name], share=one.low is None) for role in roles),
                *(_gap(judge["differences"][role][one.name], one.better) for role in compared),
            ),
        )
        for one in DIMENSIONS
    )
    failed = f"{judge['unreadable']} ratings could not be read or were not given"
    caption = (
        f"Ratings by {judge['name']}: {judge['rated']} answers to held-out questions; {failed}"
    )
    return Table(caption, heads, rows)


def _less(role: str) -> str:
    return "people" if role == "human" else "compared with"


def _dimension(one: Any) -> str:
    scale = "share of yes" if one.low is None else f"{one.low} to {one.high}"
    return f"{one.name.replace('_', ' ').capitalize()} ({scale}; {one.better} is better)"


def _score(told: dict[str, Any] | None, *, share: bool) -> Cell:
    if told is None:
        return Cell("not rated")
    if share:
        note = f"{_percent(told['low'])} to {_percent(told['high'])}, of {told['of']}"
        return Cell(_percent(told["value"]), note)
    return Cell(
        f"{told['value']:.2f}", f"{told['low']:.2f} to {told['high']:.2f}, of {told['of']}"
    )


def _gap(told: dict[str, Any] | None, better: str) -> Cell:
    """Coloured and named only where the interval leaves nought out."""
    if told is None:
        return Cell("no pairs")
    note = f"{told['low']:+.2f} to {told['high']:+.2f}, of {told['of']}"
    if told["low"] <= 0 <= told["high"]:
        return Cell(f"{told['value']:+.2f}", note)
    good = (told["value"] > 0) == (better == "more")
    word = "better" if good else "worse"
    return Cell(f"{told['value']:+.2f} ({word})", note, "good" if good else "bad")


def _failing(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Every answer that breaks a rule, with what it breaks, the grave ones first."""
    found = []
    for row in report["answers"]:
        for role, answer in row["by"].items():
            broken = [
                (rule, answer["checks"][rule.name]["note"])
                for rule in RULES
                if answer["checks"].get(rule.name, {}).get("verdict") == "fail"
            ]
            if broken:
                found.append(
                    {
                        "grave": any(rule.safety for rule, _ in broken),
                        "role": ROLES[role],
                        "asked": row["asked"],
                        "kind": row["kind"],
                        "text": answer["text"],
                        "broken": [f"Not kept: {r.words} ({note})" for r, note in broken],
                    }
                )
    return sorted(found, key=lambda each: not each["grave"])
