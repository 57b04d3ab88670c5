"""Asks the configured model for one real tool call and says in plain lines what works."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count

from pydantic import BaseModel, Field

from realtime.agent.errors import ModelBroken, ModelError
from realtime.agent.events import TextDelta, ToolCallStarted, ToolFinished, TurnEvent, TurnFinished
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import Model, ModelEvent, ModelRequest, SystemMessage, UserMessage
from realtime.agent.tools import Tool, Toolbox
from realtime.provider.advice import OTHER_MODEL, advice
from realtime.provider.client import OpenAIModel, ProviderConfig

_WORD = "kestrel"
_TASK = (
    SystemMessage("You test a connection. Call word_of_the_day before you answer."),
    UserMessage("What is today's word about birds? Answer in one sentence of about ten words."),
)
_LIMITS = TurnLimits(turn_s=90, rounds=2, retries=0)


@dataclass(frozen=True, slots=True)
class Check:
    """`note` is what was seen; `needed` is False for what chat can do without; `lack` is what
    a model does that fails it, and the cure."""

    name: str
    ok: bool
    note: str = ""
    needed: bool = True
    lack: str = ""

    def line(self) -> str:
        mark = "ok  " if self.ok else "FAIL" if self.needed else "note"
        return f"{mark}  {self.name}" + (f": {self.note}" if self.note and not self.ok else "")


@dataclass(frozen=True, slots=True)
class ProbeReport:
    model: str
    host: str
    wire: str
    checks: tuple[Check, ...]
    advice: str = ""  # the cause and the cure in one line, where it cannot be used

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks if check.needed)

    def lines(self) -> list[str]:
        verdict = "This model can answer." if self.ok else "This model cannot be used like this."
        title = f"{self.model} at {self.host}, by the {self.wire} wire"
        return [title, *(check.line() for check in self.checks), verdict]


async def probe(config: ProviderConfig) -> ProbeReport:
    """Have one small talk with the model: costs a few hundred tokens."""
    model = OpenAIModel(config)
    try:
        witness = _Witness(model, config)
        events = await _talk(witness)
    finally:
        await model.close()
    checks = _checks(config, witness, events)
    cure = _advice(config, witness, checks)
    return ProbeReport(model.name, config.host, config.resolved_wire, checks, cure)


class _Arguments(BaseModel):
    topic: str = Field(description="what the word is about, for example birds")


class _Witness:
    """Passes everything on and remembers what the turn does not tell: why the model failed.

    All that a server says comes through here, to the report and to the log: some repeat the key.
    """

    def __init__(self, model: Model, config: ProviderConfig) -> None:
        self.name, self.prefill = model.name, False
        self.error: ModelError | None = None
        self.heard = 0
        self._model = model
        self._config = config

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    self.heard += 1
                    yield event
        except ModelError as error:
            error.args = (self._config.without_key(str(error)),)
            error.upstream_said = self._config.without_key(error.upstream_said)
            self.error = error
            raise
        except Exception as error:
            self.error = ModelBroken(f"{type(error).__name__} here")
            raise


async def _talk(model: Model) -> list[TurnEvent]:
    numbers = count(1)
    turn = run_turn(
        model=model,
        toolbox=Toolbox([Tool("word_of_the_day", "Today's word.", _Arguments, _word)]),
        history=_TASK,
        safety_identifier="probe",
        limits=_LIMITS,
        new_id=lambda: f"probe_{next(numbers)}",
    )
    async with aclosing(turn) as events:
        return [event async for event in events]


async def _word(arguments: _Arguments) -> str:
    return json.dumps({"topic": arguments.topic, "word": _WORD})


def _checks(
    config: ProviderConfig, witness: _Witness, events: list[TurnEvent]
) -> tuple[Check, ...]:
    results = [event for event in events if isinstance(event, ToolFinished)]
    called = any(isinstance(event, ToolCallStarted) for event in events)
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    told = _WORD in "".join(pieces).lower()
    usage = [event.usage for event in events if isinstance(event, TurnFinished)]
    return (
        Check(f"reaches {config.host}", witness.heard > 0, _why(witness)),
        Check(
            "calls a tool",
            called,
            "it answered without the tool" if pieces else "",
            lack=f"answers without the tool it was told to call: {OTHER_MODEL}",
        ),
        Check(
            "writes arguments that can be read",
            bool(results) and results[0].ok,
            results[0].content if results else "",
            lack=f"calls a tool with arguments that cannot be read: {OTHER_MODEL}",
        ),
        Check(
            "answers with what the tool said",
            told,
            "its answer leaves the word out",
            lack=f"does not use what the tool said: {OTHER_MODEL}",
        ),
        Check(
            "streams its answer in pieces",
            len(pieces) > 1,
            "it came as one piece",
            lack="gives its answer in one piece: let its server, and any proxy before it, stream",
        ),
        Check(
            "ends its reply properly",
            bool(usage),
            _why(witness),
            lack="breaks off: look into its server's log",
        ),
        Check("counts its tokens", any(usage), "usage stays unknown", needed=False),
    )


def _advice(config: ProviderConfig, witness: _Witness, checks: tuple[Check, ...]) -> str:
    failed = [check for check in checks if check.needed and not check.ok]
    if not failed:
        return ""
    if witness.error or not witness.heard:
        return advice(config, witness.error, first_token_s=_LIMITS.first_token_s)
    return f"{config.resolved_model} at {config.host} {failed[0].lack}"


def _why(witness: _Witness) -> str:
    error = witness.error
    if error is None:
        return "no answer in time" if not witness.heard else ""
    return f"{error} - {error.upstream_said}" if error.upstream_said else str(error)
