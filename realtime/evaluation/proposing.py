"""What an evaluation would send where, and about what it would cost, before anything is sent; pure
but for its reading of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from realtime.agent.prompt import system_prompt
from realtime.evaluation import rubric
from realtime.evaluation.scenarios import scenarios
from realtime.provider.config import ProviderConfig

_CHARACTERS = 4  # to a token, about
_TOOLS = 1_500  # tokens that describe find_hotlines, about
_ROUNDS = 1.5  # requests to an answer: a look-up needs two
_OUT, _RATING = 300, 120  # tokens of an answer and of a rating, about

Prices = tuple[float, float]  # for a million tokens, in and out


@dataclass(frozen=True, slots=True)
class Share:
    """What goes to one address."""

    role: str
    config: ProviderConfig
    requests: int
    tokens_in: int
    tokens_out: int
    prices: Prices | None = None

    @property
    def cost(self) -> float | None:
        if self.prices is None:
            return None
        told = self.tokens_in * self.prices[0] + self.tokens_out * self.prices[1]
        return told / 1_000_000

    def line(self) -> str:
        where = f"{self.config.resolved_model} at {self.config.host}"
        here = " (this machine)" if self.config.is_loopback else ""
        cost = "cost unknown" if self.cost is None else f"about {self.cost:.2f}"
        what = "gets questions and answers, to rate" if self.role == "judge" else "is asked"
        return (
            f"{where}{here} {what}: {self.requests:,} requests, about {self.tokens_in:,} tokens "
            f"in and {self.tokens_out:,} out; {cost}"
        )


def shares(
    contestants: Mapping[str, ProviderConfig],
    judges: Sequence[ProviderConfig],
    *,
    exchanges: Sequence[tuple[str, str]],
    prices: Mapping[str, Prices],
    examples: bool,
) -> list[Share]:
    """`exchanges`: asked and answered, of held-out questions. All figures are estimates."""
    own = [scenario.text for scenario in scenarios().values()]
    asked = [question for question, _ in exchanges]
    shown = 3 * 1_000 * len(asked) if examples else 0  # characters
    rules = len(system_prompt(None).content) // _CHARACTERS + _TOOLS
    questions = len(own) + len(asked)
    words = sum(map(len, [*own, *asked])) + shown
    told = ceil(_ROUNDS * (questions * rules + words / _CHARACTERS))
    found = [
        Share(role, config, ceil(_ROUNDS * questions), told, _OUT * questions, prices.get(role))
        for role, config in contestants.items()
    ]
    by_people = sum(len(question) + len(answer) for question, answer in exchanges)
    by_models = len(contestants) * (sum(map(len, asked)) + _OUT * _CHARACTERS * len(asked))
    rated = (len(contestants) + 1) * len(asked)
    given = rated * len(rubric.instructions()) + by_people + by_models
    for config in judges:
        tokens = ceil(given / _CHARACTERS)
        price = prices.get("judge")
        found.append(Share("judge", config, rated, tokens, _RATING * rated, price))
    return found


def lines(found: Sequence[Share], *, held_out: int, at_risk: int) -> list[str]:
    away = sorted({each.config.host for each in found if not each.config.is_loopback})
    leaves = (
        f"What is sent leaves this machine for {', '.join(away)}."
        if away
        else ("Nothing leaves this machine.")
    )
    return [
        f"{held_out} held-out questions of imported data, none of conversations here, and "
        f"{at_risk} messages of people in danger that were written for this.",
        *(each.line() for each in found),
        leaves,
    ]
