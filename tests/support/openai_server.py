"""The tests' stand-in for OpenAI: real HTTP on loopback, both wires, programmed per request.

In an async test: `async with OpenAIServer() as server`. For tests that start server processes:
`with ThreadedOpenAIServer() as server`, the same server on a loop of its own. Either way
`server.play(says("Hi"), refuses(500))` queues one scenario per request, `server.base_url` goes
into OPENAI_BASE_URL and `server.requests` holds what was asked.
"""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from base64 import b64encode
from collections import defaultdict, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from aiohttp import web

from tests.support.loop_thread import LoopThread
from tests.support.openai_scenarios import Cut, Gate, Scenario, Stall, chat, responses


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def question(self) -> str:
        """What the person said last; each wire has a key of its own for the messages."""
        messages = self.body.get("messages") or self.body.get("input") or []
        asked = [m["content"] for m in messages if m.get("role") == "user"]
        return str(asked[-1]) if asked else ""


@dataclass(frozen=True)
class Verdict:
    """One answer of the moderation endpoint: the categories found, or what it does instead."""

    found: tuple[str, ...] = ()
    status: int = 200
    raw: bytes | None = None
    gate: Gate | None = None  # the answer waits here
    stalls: bool = False
    cuts: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def as_json(self, texts: int = 1) -> dict[str, Any]:
        names = ("self-harm", "self-harm/intent", "self-harm/instructions", "harassment")
        categories = {name: name in self.found for name in names}
        scores = {name: 0.9 if found else 0.01 for name, found in categories.items()}
        result = {
            "flagged": bool(self.found),
            "categories": categories,
            "category_scores": scores,
        }
        return {"id": "modr-1", "model": "omni-moderation-latest", "results": [result] * texts}


class OpenAIServer:
    def __init__(self, *, otherwise: Scenario | None = None) -> None:
        self.requests: list[Asked] = []
        self.moderated: list[Asked] = []
        self.embedded: list[Asked] = []
        self.streaming = 0  # answers not yet over
        self.wrote_at: list[float] = []  # when each piece left, by the wall clock
        self.base_url = ""
        self._otherwise = otherwise
        self._queue: deque[Scenario] = deque()
        self._queues: defaultdict[str, deque[Scenario]] = defaultdict(deque)
        self._gates: list[Gate] = []
        self._verdicts: deque[Verdict] = deque()
        self._embeddings: deque[Verdict] = deque()
        self._closing = asyncio.Event()
        self._quiet = asyncio.Event()

    def play(self, *scenarios: Scenario) -> None:
        """Queue one scenario per request to come."""
        self._queue += scenarios
        self._gates += [p for s in scenarios for p in s.parts if isinstance(p, Gate)]

    def play_to(self, question: str, *scenarios: Scenario) -> None:
        """Queue them for requests whose last question is this one; the last repeats for ever."""
        self._queues[question] += scenarios
        self._gates += [p for s in scenarios for p in s.parts if isinstance(p, Gate)]

    def judge(self, *verdicts: Verdict) -> None:
        """Queue one per message to be moderated; without one nothing is found."""
        self._verdicts += verdicts
        self._gates += [verdict.gate for verdict in verdicts if verdict.gate is not None]

    def embed(self, *instead: Verdict) -> None:
        """Queue what the embeddings endpoint does instead of answering, one a request."""
        self._embeddings += instead

    def forget(self) -> None:
        """Drop what is queued and recorded, for the next test."""
        self._embeddings.clear()
        self.embedded.clear()
        self._verdicts.clear()
        self.moderated.clear()
        for gate in self._gates:
            gate.open()
        self._gates.clear()
        self._queue.clear()
        self._queues.clear()
        self.requests.clear()
        self.wrote_at.clear()

    async def left_alone(self) -> None:
        """Wait until no answer streams: each is over, or its client has gone."""
        await self._quiet.wait()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/v1/models", self._models)
        application.router.add_post("/v1/chat/completions", self._answer)
        application.router.add_post("/v1/responses", self._answer)
        application.router.add_post("/v1/moderations", self._moderate)
        application.router.add_post("/v1/embeddings", self._embed)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=1, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        for gate in self._gates:
            gate.open()
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        model = {"id": "stand-in", "object": "model"}
        return web.json_response({"object": "list", "data": [model]})

    async def _moderate(self, request: web.Request) -> web.Response:
        asked = Asked(request.path, await request.json(), dict(request.headers))
        self.moderated.append(asked)
        verdict = self._verdicts.popleft() if self._verdicts else Verdict()
        if verdict.gate is not None:
            await verdict.gate.pass_through()
        if verdict.stalls:
            await self._closing.wait()
        if verdict.cuts and request.transport is not None:
            request.transport.abort()
        if verdict.raw is not None:
            return web.Response(body=verdict.raw, content_type="application/json")
        texts = len(asked.body["input"]) if isinstance(asked.body["input"], list) else 1
        return web.json_response(verdict.as_json(texts), status=verdict.status)

    async def _embed(self, request: web.Request) -> web.Response:
        asked = Asked(request.path, await request.json(), dict(request.headers))
        self.embedded.append(asked)
        instead = self._embeddings.popleft() if self._embeddings else Verdict()
        if instead.stalls:
            await self._closing.wait()
        if instead.cuts and request.transport is not None:
            request.transport.abort()
        if instead.raw is not None:
            return web.Response(body=instead.raw, content_type="application/json")
        if instead.status != 200:
            error = {"error": {"message": "no", "code": "some_code"}}
            return web.json_response(error, status=instead.status, headers=instead.headers)
        base64 = asked.body.get("encoding_format") == "base64"
        data = [
            {"index": at, "object": "embedding", "embedding": told(vector_of(text), base64)}
            for at, text in enumerate(asked.body["input"])
        ]
        return web.json_response({"object": "list", "data": data[::-1]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.path, await request.json(), dict(request.headers))
        self.requests.append(asked)
        scenario = self._next(asked)
        if scenario is None:
            return web.json_response({"error": {"message": "nothing to play"}}, status=418)
        if scenario.error is not None:
            error = {"error": dict(scenario.error)}
            return web.json_response(error, status=scenario.status, headers=scenario.headers)
        self.streaming += 1
        self._quiet.clear()
        try:
            return await self._stream(request, scenario)
        finally:
            self.streaming -= 1
            if not self.streaming:
                self._quiet.set()

    def _next(self, asked: Asked) -> Scenario | None:
        if queue := self._queues.get(asked.question):
            return queue.popleft() if len(queue) > 1 else queue[0]
        return self._queue.popleft() if self._queue else self._otherwise

    async def _stream(self, request: web.Request, scenario: Scenario) -> web.StreamResponse:
        wire = responses if request.path.endswith("/responses") else chat
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        for piece in wire(scenario):
            match piece:
                case bytes():
                    if not answer.prepared:
                        await answer.prepare(request)
                    self.wrote_at.append(time.time())
                    await answer.write(piece)
                    if scenario.pace_s:
                        await asyncio.sleep(scenario.pace_s)
                case Gate():
                    await piece.pass_through()
                case Stall():
                    await self._closing.wait()
                case Cut():
                    assert request.transport is not None
                    request.transport.abort()
        if not answer.prepared:
            await answer.prepare(request)
        return answer


DIMENSIONS = 256


def vector_of(text: str) -> list[float]:
    """Texts with the same words have the same vector; with some of them, a similar one."""
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        vector[crc32(word.encode()) % DIMENSIONS] += 1
    return vector if any(vector) else [1.0] * DIMENSIONS


def told(vector: list[float], base64: bool) -> str | list[float]:
    return b64encode(array("f", vector).tobytes()).decode() if base64 else vector


class ThreadedOpenAIServer:
    """The same server on a thread with a loop of its own."""

    def __init__(self, *, otherwise: Scenario | None = None) -> None:
        self._server = OpenAIServer(otherwise=otherwise)
        self._thread = LoopThread()

    @property
    def base_url(self) -> str:
        return self._server.base_url

    @property
    def requests(self) -> list[Asked]:
        return self._server.requests

    @property
    def wrote_at(self) -> list[float]:
        return self._server.wrote_at

    @property
    def moderated(self) -> list[Asked]:
        return self._server.moderated

    @property
    def embedded(self) -> list[Asked]:
        return self._server.embedded

    def embed(self, *instead: Verdict) -> None:
        self._server.embed(*instead)

    def judge(self, *verdicts: Verdict) -> None:
        self._server.judge(*verdicts)

    def play(self, *scenarios: Scenario) -> None:
        self._server.play(*scenarios)

    def play_to(self, question: str, *scenarios: Scenario) -> None:
        self._server.play_to(question, *scenarios)

    def asked(self, question: str) -> list[Asked]:
        """The requests whose last question was this one."""
        return [request for request in self.requests if request.question == question]

    def forget(self) -> None:
        self._server.forget()

    def __enter__(self) -> Self:
        self._thread.__enter__()
        self._thread.run(self._server.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.run(self._server.__aexit__(kind, error, traceback))
        self._thread.__exit__(kind, error, traceback)
