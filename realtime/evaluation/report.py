"""What an evaluation came to, as one dict: the JSON report, and what its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from realtime.evaluation import figures, queries
from realtime.evaluation.checked import tallies
from realtime.evaluation.models import Answer, Contestant, Evaluation, Judge, Judgement, Question
from realtime.evaluation.rubric import DIMENSIONS
from realtime.evaluation.scenarios import scenarios
from realtime.provider.config import ProviderConfig

FORMAT = 1
LIMITS = (
    "The checks find what rules can find; that none fails is no proof that a model is safe.",
    "No card stood beside the replies: in the chat one does, and the reply filter mends what "
    "is counted here.",
    "Few questions say little: read the intervals, not the figures alone.",
    "A judge model has tastes of its own and decides nothing about safety.",
)


def report_of(evaluation: Evaluation) -> dict[str, Any]:
    contestants = list(evaluation.contestants.all())
    judges = list(evaluation.judges.all())
    asked = list(queries.questions_of(evaluation))
    return {
        "made_by": "Kindline",
        "format": FORMAT,
        "evaluation": evaluation.pk,
        "purpose": evaluation.purpose,
        "started_at": evaluation.started_at.isoformat(),
        "finished_at": evaluation.finished_at.isoformat() if evaluation.finished_at else None,
        "options": evaluation.options,
        "questions": {
            "held_out": sum(q.kind == Question.Kind.HELD_OUT for q in asked),
            "at_risk": sum(q.kind == Question.Kind.AT_RISK for q in asked),
            "sources": _sources(asked),
        },
        "models": [_model(each, evaluation, len(asked)) for each in contestants if _asks(each)],
        "judges": [_judged(judge, contestants) for judge in judges],
        "answers": [_answers(question, contestants) for question in asked],
        "limits": list(LIMITS),
    }


def _asks(contestant: Contestant) -> bool:
    return contestant.role != Contestant.Role.HUMAN


def _sources(asked: Sequence[Question]) -> list[dict[str, str]]:
    """Whose questions these are: their words leave with a report."""
    imports = {q.exchange.source for q in asked if q.exchange is not None}
    named = sorted((i.name, i.licence or "none named", i.attribution) for i in imports)
    return [{"name": n, "licence": licence, "attribution": a} for n, licence, a in named]


def _model(contestant: Contestant, evaluation: Evaluation, questions: int) -> dict[str, Any]:
    answers = list(queries.answers_of(contestant))
    good = [each for each in answers if not each.error]
    return {
        "role": contestant.role,
        "name": contestant.name,
        "host": host_of(contestant.base_url),
        "answered": len(good),
        "failed": _errors(answers),
        "open": questions - len(answers),
        "checks": {each.rule.name: each.as_json() for each in tallies(answers)},
        "characters": _spread([len(each.text) for each in good]),
        "first_token_ms": _spread(
            [each.first_token_ms for each in good if each.first_token_ms is not None]
        ),
        "whole_ms": _spread([each.whole_ms for each in good]),
        "tokens": _tokens(answers),
        "cost": _cost(answers, evaluation.options.get("prices", {}).get(contestant.role)),
    }


def _errors(answers: Sequence[Answer]) -> dict[str, int]:
    codes = [each.error for each in answers if each.error]
    return {code: codes.count(code) for code in sorted(set(codes))}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    mean = figures.mean(values)
    return {
        "median": figures.middle(values),
        "p95": figures.at_share(values, 0.95),
        "mean": mean.as_json() if mean else None,
    }


_Counted = Answer | Judgement


def _tokens(rows: Sequence[_Counted]) -> dict[str, int]:
    """As vendors counted them; of `unknown` rows nobody told."""
    known = [r for r in rows if r.input_tokens is not None and r.output_tokens is not None]
    return {
        "input": sum(r.input_tokens or 0 for r in known),
        "output": sum(r.output_tokens or 0 for r in known),
        "unknown": len(rows) - len(known),
    }


def _cost(rows: Sequence[_Counted], prices: Sequence[float] | None) -> float | None:
    """In the currency of the prices, which are for a million tokens in and out; None: unknown."""
    told = _tokens(rows)
    if prices is None or told["unknown"]:
        return None
    return round((told["input"] * prices[0] + told["output"] * prices[1]) / 1_000_000, 6)


def _judged(judge: Judge, contestants: Sequence[Contestant]) -> dict[str, Any]:
    rated = {c.role: _rated(judge, c) for c in contestants}
    all_ = list(judge.judgements.all())
    return {
        "name": judge.name,
        "host": host_of(judge.base_url),
        "rated": sum(not each.failure for each in all_),
        "unreadable": sum(bool(each.failure) for each in all_),
        "tokens": _tokens(all_),
        "cost": _cost(all_, judge.evaluation.options.get("prices", {}).get("judge")),
        "by": {role: _scores(scores) for role, scores in rated.items()},
        "differences": _differences(rated),
    }


_Rated = dict[int, dict[str, Any]]


def _rated(judge: Judge, contestant: Contestant) -> _Rated:
    rows = queries.judgements_of(judge, contestant).filter(failure="")
    return {row.question_id: row.scores or {} for row in rows}


def _scores(rated: _Rated) -> dict[str, Any]:
    """For each dimension its mean or share, of those answers that were rated in it."""
    told: dict[str, Any] = {}
    for one in DIMENSIONS:
        values = [s[one.name] for s in rated.values() if s.get(one.name) is not None]
        yes_or_no = one.low is None
        interval = figures.share(sum(values), len(values)) if yes_or_no else figures.mean(values)
        told[one.name] = interval.as_json() if interval else None
    return told


def _differences(rated: dict[str, _Rated]) -> dict[str, Any]:
    """The model less whom it is compared with, on the same questions."""
    target = rated.get(Contestant.Role.TARGET, {})
    others = {role: rows for role, rows in rated.items() if role != Contestant.Role.TARGET}
    return {role: _difference(target, rows) for role, rows in others.items()}


def _difference(target: _Rated, other: _Rated) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in DIMENSIONS:
        pairs = [
            (float(scores[one.name]), float(other[question][one.name]))
            for question, scores in target.items()
            if question in other
            and scores.get(one.name) is not None
            and other[question].get(one.name) is not None
        ]
        interval = figures.paired(pairs)
        told[one.name] = interval.as_json() if interval else None
    return told


def _answers(question: Question, contestants: Sequence[Contestant]) -> dict[str, Any]:
    scenario = scenarios().get(question.scenario)
    given = {a.contestant_id: a for a in question.answers.all()}
    exchange = question.exchange
    return {
        "kind": question.kind,
        "scenario": asdict(scenario) if scenario else None,
        "exchange": exchange.pk if exchange else None,
        "asked": queries.asked_in(question),
        "by_people": exchange.answer if exchange else None,
        "by": {c.role: _answer(given[c.pk]) for c in contestants if c.pk in given},
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "error": answer.error or None,
        "checks": answer.checks,
        "tools": answer.tools,
        "first_token_ms": answer.first_token_ms,
        "whole_ms": answer.whole_ms,
        "grounded": answer.grounded,
    }


def host_of(base_url: str) -> str:
    """Where it is, as people may be told: no path, no key."""
    return ProviderConfig(api_key="", base_url=base_url).host
