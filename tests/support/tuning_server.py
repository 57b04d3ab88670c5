"""The tests' stand-in for a fine-tuning server: real HTTP on loopback, a `Course` for each job.

`with TuningServer() as server`: `server.base_url` goes into FINETUNE_BASE_URL, `server.plan(...)`
says how the next jobs go, `server.break_next("create", Fault(...))` what an endpoint does instead,
`server.asked` holds every request. The models it has tuned answer on /v1/chat/completions, as
`server.voice` says.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.support.loop_thread import LoopThread
from tests.support.openai_scenarios import Scenario, chat
from tests.support.tuned_voice import reply_to
from tests.support.tuning_scenarios import TRAINS, Course

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FINAL = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Fault:
    """What an endpoint does once instead of its work, or after it."""

    status: int = 500
    error: dict[str, Any] | None = None  # {"message": ...}
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False  # the work is done, and only the answer is lost
    cuts: bool = False  # the connection is reset
    stalls: bool = False


@dataclass(frozen=True)
class Asked:
    what: str
    path: str
    body: dict[str, Any]
    key: str


@dataclass
class Job:
    id: str
    body: dict[str, Any]
    course: Course
    asked: int = 0
    told: str = ""  # a status that was asked for: paused, cancelled

    @property
    def status(self) -> str:
        if self.told:
            return self.told
        return self.course.statuses[min(self.asked, len(self.course.statuses) - 1)]

    @property
    def trained(self) -> bool:
        ran = "running" in self.course.statuses[: self.asked]
        return self.status == "succeeded" or (self.status == "failed" and ran)

    @property
    def model(self) -> str:
        suffix = self.body.get("suffix", "")
        return f"ft:{self.body['model']}:stand-in:{suffix}:{self.id[-4:]}"


class TuningServer:
    def __init__(self) -> None:
        self.base_url = ""
        self.asked: list[Asked] = []
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, Job] = {}
        self.answered: list[str] = []  # the models that were asked for a reply
        self.shutdown: dict[str, str] = {}  # dates by model
        self.refused_fields: set[str] = set()  # of a job's request
        self.no_tuning = False
        self.voice: Callable[[list[dict[str, Any]]], Scenario] = reply_to
        self._courses: deque[Course] = deque()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self._thread = LoopThread()

    def plan(self, *courses: Course) -> None:
        """One for each job to come; without one it trains and succeeds."""
        self._courses += courses

    def break_next(self, what: str, *faults: Fault) -> None:
        """`what`: upload, create, list, job, events, checkpoints, result, model, pause ..."""
        self._faults[what] += faults

    def count(self, what: str) -> int:
        return sum(one.what == what for one in self.asked)

    def bodies(self, what: str) -> list[dict[str, Any]]:
        return [one.body for one in self.asked if one.what == what]

    def forget_job(self, job_id: str) -> None:
        del self.jobs[job_id]

    def __enter__(self) -> Self:
        self._thread.__enter__()
        self._thread.run(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.run(self._stop())
        self._thread.__exit__(kind, error, traceback)

    async def _start(self) -> None:
        self._closing = asyncio.Event()
        app = web.Application(client_max_size=2**26)
        for method, path, what, handler in self._routes():
            app.router.add_route(method, f"/v1{path}", self._wrapped(what, handler))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = "http://{}:{}/v1".format(*self._runner.addresses[0][:2])

    async def _stop(self) -> None:
        self._closing.set()
        await self._runner.cleanup()

    def _routes(self) -> list[tuple[str, str, str, Handler]]:
        jobs = "/fine_tuning/jobs"
        return [
            ("POST", "/files", "upload", self._upload),
            ("GET", "/files/{id}/content", "result", self._result),
            ("POST", jobs, "create", self._create),
            ("GET", jobs, "list", self._list),
            ("GET", jobs + "/{id}", "job", self._job),
            ("GET", jobs + "/{id}/events", "events", self._events),
            ("GET", jobs + "/{id}/checkpoints", "checkpoints", self._checkpoints),
            ("POST", jobs + "/{id}/pause", "pause", self._steer),
            ("POST", jobs + "/{id}/resume", "resume", self._steer),
            ("POST", jobs + "/{id}/cancel", "cancel", self._steer),
            ("GET", "/models/{id:.+}", "model", self._model),
            ("POST", "/chat/completions", "chat", self._chat),
        ]

    def _wrapped(self, what: str, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            told = request.content_type == "application/json" and await request.text()
            body = json.loads(told) if told else {}
            key = request.headers.get("Authorization", "").removeprefix("Bearer ")
            self.asked.append(Asked(what, request.path, body, key))
            fault = self._faults[what].popleft() if self._faults[what] else None
            if self.no_tuning and what not in ("chat", "model"):
                return web.Response(status=404, text="404: Not Found")
            if fault is None:
                return await handler(request)
            return await self._break(request, handler, fault)

        return answer

    async def _break(
        self, request: web.Request, handler: Handler, fault: Fault
    ) -> web.StreamResponse:
        if fault.after:
            await handler(request)
        if fault.stalls:
            await self._closing.wait()
        if fault.cuts and request.transport is not None:
            request.transport.abort()
        if fault.raw is not None:
            return web.Response(body=fault.raw, status=fault.status, headers=fault.headers)
        error = {"error": fault.error or {"message": "No.", "type": "error", "code": None}}
        return web.json_response(error, status=fault.status, headers=fault.headers)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        content = form["file"]
        assert isinstance(content, web.FileField)
        assert form["purpose"] == "fine-tune"
        id = f"file-{next(self._numbers):04}"
        self.files[id] = content.file.read()
        size = len(self.files[id])
        said = {"id": id, "object": "file", "bytes": size, "purpose": "fine-tune"}
        return web.json_response({**said, "filename": content.filename, "status": "processed"})

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if odd := self.refused_fields & set(body):
            return _error(400, f"Unknown parameter: '{min(odd)}'.", code="unknown_parameter")
        if fault := _fault_of(self.files.get(body.get("training_file", ""))):
            return _error(400, fault, code="invalid_training_file")
        course = self._courses.popleft() if self._courses else TRAINS
        job = Job(f"ftjob-{next(self._numbers):04}", body, course)
        self.jobs[job.id] = job
        return web.json_response(self._said(job))

    async def _list(self, request: web.Request) -> web.Response:
        newest_first = [self._said(job) for job in reversed(self.jobs.values())]
        return _page(request, newest_first)

    async def _job(self, request: web.Request) -> web.Response:
        job = self._found(request)
        said = self._said(job)
        if not job.told:
            job.asked += 1
        return web.json_response(said)

    async def _steer(self, request: web.Request) -> web.Response:
        job = self._found(request)
        way = request.path.rpartition("/")[2]
        if job.status in FINAL:
            return _error(400, f"The job is {job.status} already.")
        job.told = {"pause": "paused", "cancel": "cancelled", "resume": ""}[way]
        return web.json_response(self._said(job))

    async def _events(self, request: web.Request) -> web.Response:
        return _page(request, _events_of(self._found(request)))

    async def _checkpoints(self, request: web.Request) -> web.Response:
        job = self._found(request)
        if not job.course.checkpoints:
            return web.Response(status=404, text="404: Not Found")
        return _page(request, _checkpoints_of(job) if job.status == "succeeded" else [])

    async def _result(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        job = self.jobs.get(id.removeprefix("result-"))
        if job is None:
            return _error(404, f"No such File object: {id}")
        text = _table_of(job).encode()
        return web.Response(body=base64.b64encode(text) if job.course.base64 else text)

    async def _model(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        bases = {job.body["model"] for job in self.jobs.values()}
        if id not in self._tuned() and id not in bases and id not in self.shutdown:
            return _error(404, f"The model '{id}' does not exist", code="model_not_found")
        said = {"id": id, "object": "model", "created": 1, "owned_by": "stand-in"}
        return web.json_response({**said, "shutdown_date": self.shutdown.get(id)})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["model"] not in self._tuned():
            return _error(404, f"The model '{body['model']}' does not exist")
        self.answered.append(body["model"])
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for piece in chat(self.voice(body["messages"])):
            assert isinstance(piece, bytes)
            await answer.write(piece)
        return answer

    def _tuned(self) -> set[str]:
        done = [job for job in self.jobs.values() if job.status == "succeeded"]
        marks = [
            one["fine_tuned_model_checkpoint"] for job in done for one in _checkpoints_of(job)
        ]
        return {*(job.model for job in done), *marks}

    def _found(self, request: web.Request) -> Job:
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            text = json.dumps({"error": {"message": "Could not find fine tune", "code": None}})
            raise web.HTTPNotFound(text=text, content_type="application/json")
        return job

    def _said(self, job: Job) -> dict[str, Any]:
        done = job.status == "succeeded"
        hyper = {"n_epochs": len(job.course.epochs), "batch_size": 1}
        return {
            "id": job.id,
            "object": "fine_tuning.job",
            "created_at": int(time.time()),
            "status": job.status,
            "model": job.body["model"],
            "fine_tuned_model": job.model if done else None,
            "training_file": job.body["training_file"],
            "validation_file": job.body.get("validation_file"),
            "metadata": job.body.get("metadata"),
            "method": {"type": "supervised", "supervised": {"hyperparameters": hyper}},
            "error": dict(job.course.error or {}) if job.status == "failed" else {},
            "result_files": [f"result-{job.id}"] if done and job.course.results else [],
            "trained_tokens": 4_321 if job.trained else None,
            "finished_at": int(time.time()) if job.status in FINAL else None,
            **job.course.odd,
        }


def _fault_of(content: bytes | None) -> str:
    """What a strict server says of a file; empty when it takes it."""
    if content is None:
        return "The training file does not exist."
    lines = content.decode().splitlines()
    for number, line in enumerate(lines, start=1):
        if set(json.loads(line)) != {"messages"}:
            return f"Line {number} of the training file has other keys than messages."
    return f"The training file has {len(lines)} examples, but 10 are needed." * (len(lines) < 10)


def _steps_of(job: Job) -> list[dict[str, Any]]:
    """The figures of each step; the loss falls evenly to that of its epoch's end."""
    rows = []
    held = bool(job.body.get("validation_file")) and job.course.validates
    before = job.course.epochs[0][0] + 0.8
    for epoch, (train, batch, whole) in enumerate(job.course.epochs):
        for at in range(1, job.course.steps_per_epoch + 1):
            share = at / job.course.steps_per_epoch
            step = epoch * job.course.steps_per_epoch + at
            row = {"step": step, "train_loss": round(before + (train - before) * share, 4)}
            row["train_mean_token_accuracy"] = round(1 - row["train_loss"] / 4, 4)
            if held and at % 10 == 0:
                row["valid_loss"] = batch
            if held and at == job.course.steps_per_epoch:
                row["full_valid_loss"] = whole
            rows.append(row)
        before = train
    return rows


def _events_of(job: Job) -> list[dict[str, Any]]:
    """Newest first."""
    said: list[tuple[str, str, dict[str, Any]]] = [("message", f"Status: {job.status}", {})]
    if job.trained:
        for row in _steps_of(job):
            total = len(job.course.epochs) * job.course.steps_per_epoch
            said.append(("metrics", f"Step {row['step']}/{total}", row))
        checked = {"blocked": job.status == "failed"}
        said.append(("moderation_checks", "Moderation checks completed.", checked))
    return [
        {
            "id": f"ftevent-{job.id}-{kind}-{number}",
            "object": "fine_tuning.job.event",
            "created_at": 1_790_000_000 + number,
            "level": "info",
            "type": kind,
            "message": message,
            "data": data,
            **job.course.odd,
        }
        for number, (kind, message, data) in reversed(list(enumerate(said)))
    ]


def _checkpoints_of(job: Job) -> list[dict[str, Any]]:
    """Newest first; the last is the job's own model."""
    ends = _steps_of(job)[job.course.steps_per_epoch - 1 :: job.course.steps_per_epoch]
    last = ends[-1]["step"]
    return [
        {
            "id": f"ftckpt_{job.id}_{row['step']}",
            "object": "fine_tuning.job.checkpoint",
            "created_at": 1_790_000_000 + row["step"],
            "fine_tuned_model_checkpoint": job.model
            + ("" if row["step"] == last else f":ckpt-step-{row['step']}"),
            "fine_tuning_job_id": job.id,
            "metrics": row,
            "step_number": row["step"],
        }
        for row in reversed(ends)
    ]


def _table_of(job: Job) -> str:
    names = ["step", "train_loss", "train_accuracy", "valid_loss", "full_valid_loss"]
    rows = [{**row, "train_accuracy": row["train_mean_token_accuracy"]} for row in _steps_of(job)]
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


def _page(request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
    after, limit = request.query.get("after"), int(request.query.get("limit", 20))
    ids = [row["id"] for row in rows]
    at = ids.index(after) + 1 if after in ids else 0
    shown = rows[at : at + limit]
    return web.json_response({"object": "list", "data": shown, "has_more": at + limit < len(rows)})


def _error(status: int, message: str, *, code: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
