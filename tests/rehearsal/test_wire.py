from __future__ import annotations

import json
from typing import Any

import pytest

from realtime.rehearsal.wire import BadRequest, read_request

FINE: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
FUNCTION = {"type": "function", "function": {"name": "f"}}


def read_with(**changes: object) -> None:
    read_request(json.dumps({**FINE, **changes}).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(body)


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("model", None, "model"),
        ("model", 3, "model"),
        ("messages", None, "messages"),
        ("messages", [], "messages"),
        ("messages", "hi", "messages"),
        ("messages", ["hi"], "messages.0.role"),
        ("messages", [{"role": "wizard"}], "messages.0.role"),
        ("messages", [{"role": ["user"]}], "messages.0.role"),
        ("tools", {}, "tools.0"),
        ("tools", ["f"], "tools.0"),
        ("tools", [FUNCTION, {"type": "function"}], "tools.1"),
        ("tools", [{"function": {"name": "f", "parameters": 3}}], "tools.0"),
        ("tools", [{"function": {"name": "f", "parameters": {"properties": 3}}}], "tools.0"),
        ("stream", "yes", "stream"),
        ("stream_options", 3, "stream_options"),
        ("stream_options", {"include_usage": 1}, "include_usage"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_with(**{field: value})

    assert refused.value.param == param


def test_unknown_fields_are_ignored() -> None:
    read_with(temperature=1, safety_identifier="x", store=False, stream_options=None)


def test_tools_are_not_offered_where_none_may_be_chosen() -> None:
    body = json.dumps({**FINE, "tools": [FUNCTION], "tool_choice": "none"}).encode()

    assert read_request(body).tools == ()
