"""Which side of a split a question is on: by the question, never by the row.

With rows drawn at random, three of four that validate ask what was asked in training, too.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Side = Literal["train", "validation"]
# Of what is held out of training, evaluated and checked, unless another is asked for.
SPLIT_SEED = 20
# The share of all questions that nothing is ever trained on: with it models are compared.
HELD_OUT = 0.1


def split(question_key: str, *, seed: int = SPLIT_SEED, validation: float = HELD_OUT) -> Side:
    """The side of a question, by a hash: it stays on it whatever other rows come and go.

    `validation`: about that share of all questions, 0 to 1; with a greater one none goes back.
    """
    if not 0 <= validation <= 1:
        raise ValueError("validation must be from 0 to 1")
    digest = hashlib.sha256(f"{seed}:{question_key}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return "validation" if place < validation else "train"
