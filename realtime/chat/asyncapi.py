"""The socket as an AsyncAPI 3 document, made from the structs that read and write its frames."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import yaml

from realtime.chat import protocol
from realtime.chat.frames import OUTBOUND

_REF = "#/components/schemas/{name}"
_HEAD = "# Made by ./dev protocol from realtime/chat/protocol.py, frames.py and agui.py.\n"
_QUERY = {
    "threadId": "follow this thread at once",
    "cursor": "with threadId: from there on; unsaid, from a snapshot",
    "runId": "with offset: replay this run and nothing else",
    "offset": "an id of the run's events, or -1; alone it means nothing",
    "ticket": "of POST /api/v1/ws-ticket, once",
}


def as_yaml() -> str:
    return _HEAD + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)


def document() -> dict[str, Any]:
    inbound = {"say something": protocol.RunAgentInput, **protocol.INBOUND}
    names = {kind: _name(kind) for kind in inbound.values()}
    schemas = _schemas(inbound, [*inbound.values(), *OUTBOUND.values()])
    messages = {_name(kind): _message(kind) for kind in [*inbound.values(), *OUTBOUND.values()]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kindline's socket",
            "version": protocol.PROTOCOL,
            "description": "JSON text frames. What they mean, and what a client must do to lose"
            " nothing, says protocol.md beside this file.",
        },
        "defaultContentType": "application/json",
        "channels": {"chat": _channel(list(messages))},
        "operations": {
            "hear": _operation("receive", [names[kind] for kind in inbound.values()]),
            "tell": _operation("send", [_name(kind) for kind in OUTBOUND.values()]),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _schemas(inbound: dict[str, type[protocol.Inbound]], kinds: list[type[Any]]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    for word, kind in inbound.items():
        if kind is not protocol.RunAgentInput:  # the one that says no type
            schema = schemas[_name(kind)]
            schema["properties"] = {"type": {"const": word}, **schema.get("properties", {})}
            schema["required"] = ["type", *schema.get("required", [])]
    return dict(sorted(schemas.items()))


def _channel(messages: list[str]) -> dict[str, Any]:
    query = {name: {"type": "string", "description": what} for name, what in _QUERY.items()}
    return {
        "address": "/ws/v1/chat",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"query": {"type": "object", "properties": query}}},
    }


def _operation(action: str, messages: list[str]) -> dict[str, Any]:
    """`action` is the server's, as AsyncAPI 3 wants it."""
    return {
        "action": action,
        "channel": {"$ref": "#/channels/chat"},
        "messages": [{"$ref": f"#/channels/chat/messages/{name}"} for name in messages],
    }


def _message(kind: type[Any]) -> dict[str, Any]:
    told = {} if kind.__doc__ is None else {"summary": inspect.cleandoc(kind.__doc__)}
    return {**told, "payload": {"$ref": _REF.format(name=_name(kind))}}


def _name(kind: type[Any]) -> str:
    return str(kind.__name__)
