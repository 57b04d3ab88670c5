"""`python -m benchmarks.linear`: trains and judges the model of `realtime/safety/classifier.py`.

Logistic regression by Adagrad, in pure Python, the same weights each time. Without arguments each
source of `tests/safety/data` is held out in turn, as a message from elsewhere would meet the
model; `--train` trains on all of them and writes the weights.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

from benchmarks.screen import DATA, Judged, Row, by_language, load, table
from realtime.safety.classifier import BY_RULES, UNIT, WEIGHTS, features, found_by_rules
from realtime.safety.message import Message
from realtime.safety.rules import Level
from realtime.safety.screen import judged, ruled

EPOCHS, RATE, SHRINK = 8, 0.3, 3e-4
SEEN = 2  # messages that must have a feature
KEPT = 60_000  # features, those that weigh most
RARITY = 1.5  # power of the logarithm of how rare a feature is
CONCERN = 0.2  # how much a message of concern counts: it is no crisis, and near to one


class Judgement(NamedTuple):
    """A message and its levels."""

    row: Row
    rules: Level
    model: Level
    both: Level


class Example(NamedTuple):
    row: Row
    message: Message
    rules: Level
    features: frozenset[str]


def main(arguments: list[str]) -> None:
    if "--train" in arguments:
        weights = trained([one for rows in _read().values() for one in rows])
        WEIGHTS.write_text(_as_json(weights), encoding="utf-8")
        sys.stdout.write(f"{len(weights)} weights in {WEIGHTS.stat().st_size // 1000} kB\n")
        return
    with ProcessPoolExecutor() as pool:
        tested = dict(zip(groups(), pool.map(held_out, groups()), strict=True))
    sys.stdout.writelines(f"{line}\n" for line in approaches(tested))
    sys.stdout.write("\nRules and model, with intervals of 95 %:\n\n")
    sys.stdout.writelines(f"{line}\n" for line in table("held out", _both(tested)))
    sys.stdout.write("\n")
    sys.stdout.writelines(f"{line}\n" for line in table("language", by_language(_both(tested))))


def groups() -> list[str]:
    """The sources, of which the files that the rules' authors wrote by language are two."""
    return sorted({_group(name) for name in load()})


def _group(name: str) -> str:
    if re.fullmatch("[a-z]{2}", name):
        return "languages of the rules, in depth"
    return "languages of the rules" if re.fullmatch("languages-[a-z]{2}", name) else name


def held_out(group: str) -> list[Judgement]:
    """Judge the messages of a group as a model does that is trained on all others."""
    sources = _read()
    others = [one for name, rows in sources.items() if _group(name) != group for one in rows]
    weights = trained(others)
    return [
        Judgement(
            one.row,
            one.rules,
            judged(one.message, weights=weights, rules=False),
            judged(one.message, weights=weights),
        )
        for name, rows in sources.items()
        if _group(name) == group
        for one in rows
    ]


@cache
def _read() -> dict[str, list[Example]]:
    return {name: [example(row) for row in rows] for name, rows in load().items()}


def example(row: Row) -> Example:
    message = Message(row["text"])
    found = ruled(message, "none").level
    heard = {each for sentence in message.sentences for each in features(sentence)}
    return Example(row, message, found, frozenset(heard.union(found_by_rules(message, found))))


def approaches(tested: Mapping[str, Sequence[Judgement]]) -> Iterator[str]:
    """A table: crisis found / none called crisis of the rules, the model and both, in percent."""
    yield "| held out | rules | model | both |"
    yield "|---|---|---|---|"
    for name, rows in tested.items():
        by = zip(*((one.rules, one.model, one.both) for one in rows), strict=True)
        cells = (_rates(rows, levels) for levels in by)
        yield f"| {name} | {' | '.join(cells)} |"


def _both(tested: Mapping[str, Sequence[Judgement]]) -> dict[str, list[Judged]]:
    return {
        name: [Judged(row=one.row, level=one.both, microseconds=0.0) for one in rows]
        for name, rows in tested.items()
    }


def trained(examples: Sequence[Example]) -> dict[str, float]:
    """Weights of the features that matter: trained twice, with all and with those kept."""
    seen = Counter(feature for one in examples for feature in one.features)
    rare = _rarities({feature: n for feature, n in seen.items() if n >= SEEN}, len(examples))
    first = _fitted(examples, rare)
    kept = sorted(first, key=lambda feature: (-abs(first[feature]), feature))[:KEPT]
    return _fitted(examples, {feature: rare[feature] for feature in kept})


def _rarities(seen: Mapping[str, int], messages: int) -> dict[str, float]:
    """How much a feature counts: words that few messages have say more of those that do."""
    raw = {feature: math.log(messages / n) ** RARITY for feature, n in seen.items()}
    middle = sum(raw.values()) / len(raw)
    return {
        feature: 1.0 if feature.startswith(BY_RULES) else each / middle
        for feature, each in raw.items()
    }


def _fitted(examples: Sequence[Example], rarities: Mapping[str, float]) -> dict[str, float]:
    names = sorted(rarities)
    index = {feature: at for at, feature in enumerate(names)}
    counts = [rarities[name] for name in names]
    weights, steps = [0.0] * len(names), [1e-2] * len(names)
    rows = [
        (
            sorted(index[feature] for feature in one.features if feature in index),
            one.row["label"] == "crisis",
            CONCERN if one.row["label"] == "concern" else 1.0,
        )
        for one in examples
    ]
    order = random.Random(1)
    for _ in range(EPOCHS):
        order.shuffle(rows)
        for known, crisis, share in rows:
            scale = 1 / math.sqrt(len(known) + 1)
            total = max(-30.0, min(30.0, scale * sum([weights[at] * counts[at] for at in known])))
            off = share * scale * (1 / (1 + math.exp(-total)) - crisis)
            for at in known:
                slope = off * counts[at] + SHRINK * weights[at]
                steps[at] += slope * slope
                weights[at] -= RATE * slope / math.sqrt(steps[at])
    whole = (weight * count for weight, count in zip(weights, counts, strict=True))
    return {name: round(each / UNIT) * UNIT for name, each in zip(names, whole, strict=True)}


def digest() -> str:
    """Of all labelled messages, in their order: weights must not go stale unseen."""
    every = hashlib.sha256()
    for path in sorted(DATA.glob("*.jsonl")):
        every.update(path.read_bytes())
    return every.hexdigest()


def _as_json(weights: Mapping[str, float]) -> str:
    whole = {name: round(weight / UNIT) for name, weight in sorted(weights.items())}
    kept = {"trained on": digest(), "weights": whole}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), indent=0) + "\n"


def _rates(tested: Sequence[Judgement], levels: Sequence[Level]) -> str:
    def share(label: str) -> str:
        called = [
            level == "crisis"
            for one, level in zip(tested, levels, strict=True)
            if one.row["label"] == label
        ]
        return f"{100 * sum(called) / len(called):.1f}" if called else "-"

    return f"{share('crisis')} / {share('none')}"


if __name__ == "__main__":
    main(sys.argv[1:])
