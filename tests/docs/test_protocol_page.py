"""docs/protocol.md says what the code does: names are taken from the code, not from a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
import pytest
from django.conf import settings

from config.api import api
from realtime.accounts.operations import TOKEN_LIFETIME
from realtime.agent import errors
from realtime.chat import agui, codes, following, gate, protocol, routing
from realtime.chat.timings import Timings
from tests.support.documents import ROOT, quoted, text

PAGE = text("docs/protocol.md")
CODE = " ".join(quoted(PAGE))
TOLD = {*re.findall(r"\w+", CODE), *re.findall(r"[\w.]+", CODE)}
NOT_YET: set[str] = set()  # read, and refused or ignored: the page says "planned"


def tree_of(module: ModuleType) -> ast.Module:
    assert module.__file__
    return ast.parse(Path(module.__file__).read_text("utf-8"))


def code_files() -> list[Path]:
    return [*(ROOT / "realtime").rglob("*.py"), ROOT / "config" / "api.py"]


def texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def numbers(node: ast.AST) -> Iterator[int]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and type(inner.value) is int:
            yield inner.value


def outbound() -> tuple[set[str], set[str]]:
    """The types and the keys of the frames that protocol.py makes."""
    types: set[str] = set()
    keys: set[str] = set()
    for node in ast.walk(tree_of(protocol)):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            named = [(str(k.value), v) for k, v in pairs if isinstance(k, ast.Constant)]
            keys |= {key for key, _ in named}
            types |= {word for key, value in named if key == "type" for word in texts(value)}
    for written in texts(tree_of(protocol)):  # frames that are written as text
        keys |= set(re.findall(r'"(\w+)":', written))
        types |= set(re.findall(r'"type":"(\w+)"', written))
    return types, keys - set(protocol.INBOUND)


def notices() -> set[str]:
    """Names of CUSTOM events; what processes tell each other (relay.py) is no client's matter."""
    files = [path for path in (ROOT / "realtime").rglob("*.py") if path.name != "relay.py"]
    found = {word for path in files for word in texts(ast.parse(path.read_text("utf-8")))}
    return {word for word in found if re.fullmatch(r"kindline\.[a-z]+", word)}


def error_codes() -> set[str]:
    """Of refusals, of ends of runs and of the HTTP API."""
    makers = {"Refusal", "ApiError", "RunError", "_fail", "refusal", "HttpError"}
    kinds: list[type[errors.ModelError]] = [errors.ModelError, *errors.ModelError.__subclasses__()]
    codes = {kind.code for kind in kinds}
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in makers:
                plain = [*node.args[:2], *(k.value for k in node.keywords if k.arg == "code")]
                said = [str(each.value) for each in plain if isinstance(each, ast.Constant)]
                codes |= {word for word in said if re.fullmatch(r"[a-z]+(_[a-z]+)*", word)}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_CODES":
                codes |= set(texts(node.value))
    return codes


def close_codes() -> set[int]:
    found = {*numbers(tree_of(codes)), *numbers(tree_of(routing))}
    return {code for code in found if 1000 <= code <= 1015 or 4000 <= code <= 4999}


def test_every_frame_a_client_may_send_is_told() -> None:
    frames = {f'{{"type":"{kind}"' for kind in protocol.INBOUND}

    assert {frame for frame in frames if frame not in PAGE} == set()


def test_every_key_a_client_may_send_is_told() -> None:
    kinds = [*get_args(protocol.Inbound), protocol.InboundMessage, protocol.ForwardedProps]
    fields = [f for k in [*kinds, protocol.KindlineProps] for f in msgspec.structs.fields(k)]

    assert {field.encode_name for field in fields} - TOLD - NOT_YET == set()


def test_every_frame_the_server_sends_is_told_with_its_keys() -> None:
    types, keys = outbound()

    assert {"ready", "pong"} <= types
    assert {"connectionId", "chunk", "recovered", "retryAfterMs"} <= keys
    assert {kind for kind in types if f'{{"type":"{kind}"' not in PAGE} == set()
    assert keys - TOLD == set()


def test_no_frame_is_told_that_nobody_reads_or_sends() -> None:
    told = set(re.findall(r'"type":"(\w+)"', PAGE))

    assert told - set(protocol.INBOUND) - outbound()[0] == set()


def test_every_custom_event_is_told() -> None:
    assert "kindline.status" in notices()
    assert notices() - TOLD == set()


def test_every_event_of_a_run_is_told() -> None:
    tags = {str(event.__struct_config__.tag) for event in get_args(agui.AguiEvent)}

    assert tags - TOLD == set()


def test_the_error_codes_are_those_of_the_code() -> None:
    table = PAGE.split("| error code |")[1]
    told = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", table, re.M))))

    assert told == error_codes()


def test_every_close_code_is_told() -> None:
    assert {4400, 4401, 4403, 4408, 1013} <= close_codes()
    table = PAGE.split("| close code |")[1].split("\n\n")[0]
    assert close_codes() - {int(code) for code in re.findall(r"\d{4}", table)} == set()


def test_every_address_of_the_http_api_is_told() -> None:
    paths = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
    told = PAGE.replace("{threadId}", "{thread_id}").replace("{runId}", "{run_id}")

    asked = [f"{method.upper()} {path}" for path, ways in paths.items() for method in ways]

    assert asked
    assert [each for each in asked if f"`{each}`" not in told] == []


@pytest.mark.parametrize(
    "limit",
    [
        f"at most {protocol.MAX_FRAME_BYTES // 2**20} MiB",
        f"at most {settings.MAX_MESSAGE_BYTES // 1024} KB",
        f"1 to {protocol.MAX_ID} printable ASCII",
        f"at most {following.MAX_THREADS} on a socket",
        f"{gate.RATE:.0f} frames a second",
        f"{gate.BURST:.0f} at once",
        f"good for {TOKEN_LIFETIME.days} days",
        f"every {Timings().ping_s:.0f} s",
    ],
)
def test_every_limit_is_told_as_it_is(limit: str) -> None:
    assert limit in PAGE
