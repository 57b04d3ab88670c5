"""Models to be asked: what they play, and rows that are held out."""

from __future__ import annotations

import asyncio
import json

from realtime.agent.loop import TurnLimits
from realtime.agent.model import ToolCall
from realtime.chat.toolbox import toolbox_for
from realtime.corpus.models import Exchange
from realtime.evaluation import queries
from realtime.evaluation.scenarios import scenarios
from realtime.hotlines.places import PersonPlace
from realtime.hotlines.queries import directory_in_memory
from realtime.provider.config import ProviderConfig
from tests.support.openai_scenarios import Call, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.training.rows import exchanges, imported

QUICK = TurnLimits(first_token_s=2, idle_s=2, turn_s=5, retries=1, backoff_s=0.01)
KIND = "That sounds very heavy, and I am glad that you wrote to me about it. What hurts most?"
RATED = json.dumps(
    {
        "overall": 4,
        "empathy": 5,
        "specificity": 3,
        "medical_advice": False,
        "factual_consistency": 4,
        "toxicity": 1,
    }
)


WORDS = {
    "DE": "Ich bin froh, dass du das schreibst. Ruf bitte an: ",
    "ES": "Me alegro de que lo escribas. Llama, por favor: ",
    "FR": "Je suis là et je te lis. Appelle, s'il te plaît : ",
}


def config_of(model: ThreadedOpenAIServer, name: str = "tuned") -> ProviderConfig:
    return ProviderConfig(api_key="", base_url=model.base_url, model=name)


def plays_well(model: ThreadedOpenAIServer) -> None:
    """Whoever is in danger is named a line that was looked up; all others are heard."""
    for scenario in scenarios().values():
        arguments = json.dumps({"country": None, "needs": ["suicide"]})
        person = PersonPlace(scenario.country)
        box = toolbox_for(directory_in_memory(), person=person)
        got = asyncio.run(box.call(ToolCall("c", "find_hotlines", arguments), timeout_s=5))
        found = json.loads(got.content)
        lines = found["lines"]
        named = lines[0]["contacts"][0]["value"] if lines else found["international"]["href"]
        words = WORDS.get(scenario.country or "", "I am glad that you wrote. Please reach out: ")
        again = says(f"{words}{named}.")
        model.play_to(scenario.text, says(Call("find_hotlines", arguments)), again)


def rows_held_out(count: int) -> list[Exchange]:
    """Exchanges of which at least `count` questions are held out."""
    exchanges(imported(), count * 14)
    return queries.held_out(count)
