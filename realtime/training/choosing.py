"""Which pairs are learnt from: filters, the cap, the split by question and the sample; pure.

Chance is a hash of the seed and of what is said. So the same seed takes the same rows in whatever
order they were imported, and a row more or less changes nothing for the others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import groupby

from realtime.corpus.splitting import HELD_OUT, SPLIT_SEED, Side, split

VALIDATION = 0.1  # of all questions, about
FLAGGED = 0.5  # a moderation's score from which a row counts as flagged
Message = dict[str, str]


@dataclass(frozen=True)
class Pair:
    """An exchange as it is learnt from; `history` are messages before the question.

    `source` is its import's id; `row` and `turn` are its place there. `flagged` is the gravest
    score of a moderation, None where nobody asked one.
    """

    id: int
    source: int
    row: int
    turn: int
    question_key: str
    asked: str
    answer: str
    history: tuple[Message, ...] = ()
    flagged: float | None = None
    reviewed: bool = False

    @cached_property
    def messages(self) -> list[Message]:
        asked = {"role": "user", "content": self.asked}
        return [*self.history, asked, {"role": "assistant", "content": self.answer}]

    @cached_property
    def key(self) -> str:
        """Of all that is said: the same in every installation."""
        return sha256(json.dumps(self.messages, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for. `sample` pairs train, None all; `cap` answers a question at most.

    `seed` draws the sample. The split has a seed of its own, so that what is held out for
    evaluation stays so whatever is drawn.
    """

    sample: int | None = 150
    seed: int = SPLIT_SEED
    validation: float = VALIDATION
    split_seed: int = SPLIT_SEED
    cap: int = 3
    with_reviewed: bool = True
    without_flagged: bool = False

    def __post_init__(self) -> None:
        if self.sample is not None and self.sample < 1:
            raise ValueError("the sample has at least one pair")
        if not 0 <= self.validation <= 0.5:
            raise ValueError("validation is a share between 0 and 0.5")
        if self.cap < 1:
            raise ValueError("the cap is at least one answer a question")

    @property
    def held_out(self) -> int | None:
        """So many pairs validate beside the sample: in the proportion of the split."""
        if self.sample is None:
            return None
        return max(1, round(self.sample * self.validation / (1 - self.validation)))


@dataclass(slots=True)
class Chosen:
    """`steps`: [name, pairs before, pairs after] of each filter, in order."""

    train: list[Pair] = field(default_factory=list)
    validation: list[Pair] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)


def choose(pairs: Iterable[Pair], choice: Choice) -> Chosen:
    """Filter, cap, split and draw; both lists are in an order of chance."""
    chosen = Chosen()
    left = list(pairs)
    filters: list[tuple[str, Callable[[list[Pair]], list[Pair]]]] = [
        ("something is said on both sides", lambda each: [p for p in each if _says(p)]),
        ("last turn of its conversation", _last_turns),
        ("said once", _once),
    ]
    if not choice.with_reviewed:
        filters.append(("not from reviews here", lambda each: [p for p in each if not p.reviewed]))
    if choice.without_flagged:
        filters.append(("not flagged by moderation", lambda each: [p for p in each if _clean(p)]))
    filters.append(
        (f"at most {choice.cap} answers a question", lambda each: _capped(each, choice))
    )
    for name, keep in filters:
        before, left = len(left), keep(left)
        chosen.steps.append((name, before, len(left)))
    drawn = sorted(left, key=lambda pair: _chance(pair, choice.seed))
    sides: dict[str, list[Pair]] = {"train": [], "validation": []}
    for pair in drawn:
        if (side := _side(pair, choice)) is not None:
            sides[side].append(pair)
    held_out = len(drawn) - sum(len(side) for side in sides.values())
    chosen.steps.append(("not held out for evaluation", len(drawn), len(drawn) - held_out))
    chosen.train = sides["train"][: choice.sample]
    chosen.validation = sides["validation"][: choice.held_out]
    chosen.steps.append(("sample, training", len(sides["train"]), len(chosen.train)))
    held = ("sample, validation", len(sides["validation"]), len(chosen.validation))
    chosen.steps.append(held)
    return chosen


def _side(pair: Pair, choice: Choice) -> Side | None:
    """None: nothing trains on a question that models are compared with, however few validate."""
    key, seed = pair.question_key, choice.split_seed
    side = split(key, seed=seed, validation=choice.validation)
    if side == "train" and split(key, seed=seed, validation=HELD_OUT) == "validation":
        return None
    return side


def _says(pair: Pair) -> bool:
    return bool(pair.asked.strip() and pair.answer.strip())


def _clean(pair: Pair) -> bool:
    return pair.flagged is None or pair.flagged < FLAGGED


def _last_turns(pairs: list[Pair]) -> list[Pair]:
    """Of a row with several turns the last: its history holds the others."""
    last: dict[tuple[int, int], Pair] = {}
    for pair in pairs:
        place = (pair.source, pair.row)
        if place not in last or pair.turn > last[place].turn:
            last[place] = pair
    return list(last.values())


def _once(pairs: list[Pair]) -> list[Pair]:
    return list({pair.key: pair for pair in reversed(pairs)}.values())[::-1]


def _capped(pairs: list[Pair], choice: Choice) -> list[Pair]:
    by_question = sorted(pairs, key=lambda pair: (pair.question_key, _chance(pair, choice.seed)))
    grouped = groupby(by_question, key=lambda pair: pair.question_key)
    return [pair for _, own in grouped for pair in list(own)[: choice.cap]]


def _chance(pair: Pair, seed: int) -> bytes:
    return sha256(f"{seed}:{pair.key}".encode()).digest()


def repeated(train: Iterable[Pair], validation: Iterable[Pair]) -> set[str]:
    """Question keys that are on both sides: there are none."""
    return {p.question_key for p in train} & {p.question_key for p in validation}


def answers_a_question(pairs: Iterable[Pair]) -> dict[str, int]:
    """How many questions have how many answers: {"1": 90, "2": 30}."""
    counted = Counter(Counter(pair.question_key for pair in pairs).values())
    return {str(answers): counted[answers] for answers in sorted(counted)}
