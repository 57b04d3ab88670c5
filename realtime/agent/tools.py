"""Tools the model may call; whatever goes wrong with one is told to the model, never raised."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from realtime.agent.model import ToolCall, ToolSpec

logger = logging.getLogger(__name__)

# A result goes into one frame (64 KB) and into the model's next request.
LONGEST_RESULT = 32_000
_FAULTS_TOLD = 5


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """`ok` is False when `content` tells the model of an error."""

    content: str
    ok: bool


@dataclass(frozen=True)
class Tool:
    """`arguments` describes itself to the model; `run` gets a valid one and returns JSON text."""

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[Any], Awaitable[str]]


class Toolbox:
    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(
            ToolSpec(tool.name, tool.description, json_schema(tool.arguments))
            for tool in self._tools.values()
        )

    async def call(self, call: ToolCall, *, timeout_s: float) -> ToolOutcome:
        tool = self._tools.get(call.name)
        if tool is None:
            return _error(
                "unknown_tool", f"There is no such tool. Tools: {', '.join(self._tools)}."
            )
        try:
            arguments = tool.arguments.model_validate_json(call.arguments.strip() or "{}")
        except ValidationError as error:
            return _error("invalid_arguments", _faults(error))
        try:
            async with asyncio.timeout(timeout_s):
                return _fitting(await tool.run(arguments))
        except TimeoutError:
            logger.warning("tool %s timed out", tool.name)
            return _error("timeout", "The tool did not answer in time.")
        except Exception as error:  # a tool's defect must not end the turn
            # Only its kind: the text of an exception may hold what a person wrote.
            logger.error("tool %s failed: %s", tool.name, type(error).__name__)
            return _error("tool_failed", "The tool failed. Do not guess what it would have said.")


class _Plain(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave titles out: they repeat the names and cost tokens."""
        return False


@functools.lru_cache(maxsize=32)  # 0.3 ms each; a room may make its argument types anew per turn
def json_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """Describe the arguments as JSON Schema; treat the answer as read-only."""
    schema = arguments.model_json_schema(schema_generator=_Plain)
    schema.pop("title", None)
    return schema


def _faults(error: ValidationError) -> str:
    told = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}"
        for fault in told[:_FAULTS_TOLD]
    )


def _fitting(content: str) -> ToolOutcome:
    """Keep a result within one frame; what is cut stays valid JSON and says so."""
    if len(content) > LONGEST_RESULT:
        cut = {"truncated": True, "text": content[:LONGEST_RESULT]}
        content = json.dumps(cut, ensure_ascii=False)
    return ToolOutcome(content, ok=True)


def _error(code: str, message: str) -> ToolOutcome:
    return ToolOutcome(json.dumps({"error": code, "message": message}), ok=False)
