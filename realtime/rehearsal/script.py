"""What the demo does next, as a pure function of the conversation and the tools on offer.

A conversation is read as a model reads it: the last message of the person decides, and whether a
tool has answered since.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from realtime.agent.examples import Example, examples_in
from realtime.agent.prompt import CARD_SHOWN
from realtime.rehearsal import texts
from realtime.rehearsal.countries import is_only_a_country, named_country
from realtime.rehearsal.grave import is_grave
from realtime.rehearsal.quoting import quoted

HELP_TOOL = "find_hotlines"
_PREFERRED_NEED = "suicide"


@dataclass(frozen=True, slots=True)
class Say:
    """One piece of text, about a token."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; its arguments are told in these pieces."""

    name: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence, in token times."""

    tokens: int


Step = Say | Call | Pause


@dataclass(frozen=True, slots=True)
class Heard:
    """What the conversation comes down to; `answer` is the last tool result since `text`."""

    text: str
    answer: str | None


def plan(messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[Step]:
    """The demo's next reply to `messages`, with the functions of `tools`, in OpenAI's shapes."""
    heard = listen(messages)
    schema = next((t.get("parameters") or {} for t in tools if t.get("name") == HELP_TOOL), None)
    if is_grave(heard.text):
        return _grave(heard, None if told_of_a_card(messages) else schema)
    wish = _simple(heard.text)
    if "helpline" in wish or "hotline" in wish or is_only_a_country(heard.text):
        return _helpline(heard, schema)
    if wish == _simple(texts.STREAMING):
        return _say(texts.STREAMING_REPLY)
    if wish == _simple(texts.DROP):
        return _say(texts.DROP_REPLY)
    said = [content_text(m.get("content")) for m in messages if m.get("role") == "assistant"]
    return _say(quoted(shown_examples(messages), said) or texts.OTHERWISE)


def listen(messages: Sequence[dict[str, Any]]) -> Heard:
    """Find what the person said last and what a tool has answered since."""
    text, answer = "", None
    for message in messages:
        if message.get("role") == "user":
            text, answer = content_text(message.get("content")), None
        elif message.get("role") == "tool":
            answer = content_text(message.get("content"))
    return Heard(text=text, answer=answer)


def told_of_a_card(messages: Sequence[dict[str, Any]]) -> bool:
    """Whether the page shows the lines already, as the service says in its first message."""
    told = (m for m in messages if m.get("role") == "system")
    return any(CARD_SHOWN in content_text(message.get("content")) for message in told)


def shown_examples(messages: Sequence[dict[str, Any]]) -> list[Example]:
    """The exchanges of others that the service shows to its model: none where danger is about."""
    told = next((m for m in messages if m.get("role") == "system"), {})
    return examples_in(content_text(told.get("content")))


def content_text(content: object) -> str:
    """The text of a message's content, a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    said = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in said if isinstance(text, str))


def _grave(heard: Heard, schema: dict[str, Any] | None) -> list[Step]:
    """One fixed sentence and the card, nothing else: the reply after the card is empty.

    Where the message brought a card of its own the sentence is all.
    """
    if heard.answer is not None:
        return []
    return [*_say(texts.GRAVE_REPLY), *_ask(heard, schema)]


def _helpline(heard: Heard, schema: dict[str, Any] | None) -> list[Step]:
    if heard.answer is not None:
        return _say(_about(heard.answer))
    if schema is None:
        return _say(texts.HELPLINE_INTRO + texts.HELPLINE_NO_TOOL)
    return [*_say(texts.HELPLINE_INTRO), Pause(8), *_ask(heard, schema)]


def _ask(heard: Heard, schema: dict[str, Any] | None) -> list[Step]:
    if schema is None:
        return []
    arguments = json.dumps(_arguments(heard.text, schema), ensure_ascii=False)
    return [Call(HELP_TOOL, tuple(re.findall(r".{1,7}", arguments, re.DOTALL)))]


def _arguments(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Arguments the schema allows: a need it offers, a country only when the person named it."""
    needs = _offered(schema, "needs")
    need = [_PREFERRED_NEED] if _PREFERRED_NEED in needs or not needs else needs[:1]
    arguments: dict[str, Any] = {
        "country": named_country(text, offered=_offered(schema, "country")),
        "needs": need,
    }
    for name in schema.get("required", ()):
        arguments.setdefault(name, [] if _is_list(schema, name) else None)
    return arguments


def _offered(schema: dict[str, Any], name: str) -> list[str]:
    """Every value the schema allows for a property, wherever it lists them."""
    found: list[str] = []
    nodes: list[Any] = [_property(schema, name)]
    seen: set[str] = set()  # a schema may refer to itself
    while nodes:
        node = nodes.pop(0)
        if not isinstance(node, dict):
            continue
        values = [*node.get("enum", ()), node.get("const")]
        found += [value for value in values if isinstance(value, str)]
        nodes += [node.get("items"), *node.get("anyOf", ()), *node.get("oneOf", ())]
        if isinstance(node.get("$ref"), str) and node["$ref"] not in seen:
            seen.add(node["$ref"])
            nodes.append(schema.get("$defs", {}).get(node["$ref"].rpartition("/")[2]))
    return found


def _property(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("properties", {}).get(name, {})
    return found


def _is_list(schema: dict[str, Any], name: str) -> bool:
    kind = _property(schema, name).get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


def _about(answer: str) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        return texts.HELPLINE_FAILED
    if not isinstance(found, dict) or "lines" not in found:
        return texts.HELPLINE_FAILED
    return texts.HELPLINE_FOUND if found.get("country") else texts.HELPLINE_NO_COUNTRY


def _say(text: str) -> list[Step]:
    return [Say(piece) for piece in re.findall(r"\s*\S+\s*$|\s*\S+", text)]


def _simple(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
