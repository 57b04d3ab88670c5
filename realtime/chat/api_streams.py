"""Server-Sent Events (protocol.md 1.7): a thread from a cursor on, and AG-UI's own endpoint.

Each view says yes or no; what is sent after a yes is written by `streams`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from realtime.accounts import door
from realtime.accounts.api import ErrorOut
from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError
from realtime.chat import bridge, engine, helping, paths, protocol, queries, tallies
from realtime.chat.engine import Engine
from realtime.chat.follower import Place
from realtime.chat.helping import Card
from realtime.chat.intake import read_submission
from realtime.chat.lasting import lasting
from realtime.chat.protocol import MAX_FRAME_BYTES, Cursor, FrameError, MessageError, RunAgentInput
from realtime.chat.refusals import Refusal, storage_unavailable
from realtime.chat.schemas import RUN_AGENT_INPUT, ReplayIn, stream_of
from realtime.chat.sse import EVENTS, OPENING
from realtime.chat.streams import HEADERS, EventStream, hand_over, run_gone
from realtime.chat.wording import RunOnly

router = Router(auth=PersonAuth(), tags=["chat"], by_alias=True)
FROM_START = "-1"
STRANGERS_ENDS, STRANGERS_BYTES = 1_000, 256 * 1024
_REFUSALS = {401: ErrorOut, 403: ErrorOut, 422: ErrorOut, 429: ErrorOut, 503: ErrorOut}


@router.get(
    f"/threads/{{{paths.NAME}:thread_id}}/events",
    response=_REFUSALS,
    openapi_extra=stream_of("Events of the conversation, from the cursor on, without end."),
    summary="Follow a conversation",
)
async def thread_events(
    request: PersonRequest, thread_id: str, cursor: str | None = None
) -> HttpResponse:
    """Its events after `Last-Event-ID` or `cursor`; before them, if need be, what is finished."""
    protocol.check_id(thread_id, name="threadId")
    running = await _unhurried()
    after = request.headers.get("Last-Event-ID") or cursor
    stream = EventStream(
        running,
        request.auth,
        thread_id=thread_id,
        place=Place(Cursor.parse(after) if after is not None else None),
        wording=EVENTS,
    )
    return await _begun(request, stream)


@router.post(
    "/agui",
    response={**_REFUSALS, 409: ErrorOut, 413: ErrorOut},
    openapi_extra=stream_of("Events of the run, to its end.") | RUN_AGENT_INPUT,
    summary="Say something, and hear the answer",
)
async def agui(request: PersonRequest) -> HttpResponse:
    """AG-UI's endpoint. The same body again is the same run: it is attached to, never repeated."""
    frame, unfit = _read(request.body)
    aid = await helping.aid_of(frame, person=request.auth.user_id)
    help = aid.card
    if unfit is not None:
        raise Refusal("invalid_input", str(unfit), help=help)
    running = await _unhurried(help)
    help = help or running.intake.known_help(
        frame, owner_id=request.auth.user_id, thread_id=frame.thread_id
    )
    patience_s = None if help is None else running.timings.help_s
    try:
        submission = read_submission(frame, owner_id=request.auth.user_id, aid=aid)
        address = door.request_limit_key(request)
        # Whoever is in danger does not wait for storage; the same body again finds the run.
        async with asyncio.timeout(patience_s):
            await lasting(running.intake.submit(submission, address=address))
    except FrameError as error:
        raise Refusal("invalid_input", str(error), help=help) from None
    except Refusal as refusal:
        refusal.help = help or refusal.help
        raise
    except (bridge.StorageUnavailable, TimeoutError):
        raise storage_unavailable(help=help) from None
    try:
        run = await bridge.run(
            queries.run_place, owner_id=request.auth.user_id, run_id=frame.run_id
        )
    except bridge.StorageUnavailable:  # it is stored: the same body again finds the run
        raise storage_unavailable(help=help) from None
    if run is None:
        raise Refusal("not_found", "This conversation was deleted.", help=help)
    # A client may name the last it got of an earlier run: then it has nothing of this one.
    after = run.after(request.headers.get("Last-Event-ID") or FROM_START) or run.after(FROM_START)
    assert after is not None
    return await _run_events(running, request, frame.run_id, run, after, help=help)


@router.get(
    "/agui",
    response={**_REFUSALS, 404: ErrorOut},
    openapi_extra=stream_of("Events of the run, to its end."),
    summary="Hear an answer again",
)
async def agui_again(request: PersonRequest, asked: Query[ReplayIn]) -> HttpResponse:
    """One run of yours, strictly after `Last-Event-ID` or `offset`; `-1` is from its start."""
    protocol.check_id(asked.run_id, name="runId")
    running = await _unhurried()
    run = await bridge.run(queries.run_place, owner_id=request.auth.user_id, run_id=asked.run_id)
    if run is None:
        raise ApiError(status=404, code="not_found", message="You have no such run.")
    after = run.after(request.headers.get("Last-Event-ID") or asked.offset)
    if after is None:
        raise FrameError("that is no place in this run")
    return await _run_events(running, request, asked.run_id, run, after)


async def _run_events(
    running: Engine,
    request: PersonRequest,
    run_id: str,
    run: queries.RunPlace,
    after: Cursor,
    *,
    help: Card | None = None,
) -> HttpResponse:
    if run.over and after == run.end:
        return HttpResponse(OPENING, headers=HEADERS)
    stream = EventStream(
        running,
        request.auth,
        thread_id=run.thread_id,
        place=Place(after, announced=True),
        wording=RunOnly(EVENTS, run.end.ord, gone=run_gone(run.thread_id, run_id)),
        one_run=True,
    )
    return await _begun(request, stream, help=help)


async def _unhurried(help: Card | None = None) -> Engine:
    """The engine, unless its event loop is behind: then somebody else may do better."""
    running = await engine.started()
    if running.limits.overloaded:
        message = "This server has too much to do. Please try again in a moment."
        if help is not None:
            raise Refusal("storage_unavailable", message, retry_after_ms=2_000, help=help)
        raise ApiError(status=503, code="rate_limited", message=message, retry_after_s=2)
    return running


async def _begun(
    request: PersonRequest, stream: EventStream, *, help: Card | None = None
) -> HttpResponse:
    """A stream counts as a socket; from here on it is released by who writes it."""
    if not await stream.admit():
        message = "You have too many windows open here. Close one, and try again."
        raise Refusal("rate_limited", message, retry_after_ms=30_000, help=help)
    return hand_over(request, stream)


def told_of_danger(request: HttpRequest, *, retryable: bool) -> dict[str, Any]:
    """What a message calls for that was turned away at the door; nobody need be known for help.

    Its ends: a stranger may send many.
    """
    if request.method != "POST" or not request.path.endswith("/agui"):
        return {}
    try:
        if len(request.body) > STRANGERS_BYTES:
            return {}
        frame, _ = _read(request.body)
    except (ApiError, FrameError, RequestDataTooBig):
        return {}
    help = helping.card_now(frame, ends=STRANGERS_ENDS)
    tallies.refused_with(help)
    return {"retryable": retryable, "help": help}


def _read(body: bytes) -> tuple[RunAgentInput, FrameError | None]:
    """The message, or so much of it as can be read and why it cannot be taken."""
    if len(body) > MAX_FRAME_BYTES:
        raise ApiError(status=413, code="invalid_input", message="The body is too big.")
    frame, unfit = _parsed(body.decode("utf-8", "replace"))
    if not isinstance(frame, RunAgentInput):
        raise FrameError("a RunAgentInput has no type")
    return frame, unfit


def _parsed(text: str) -> tuple[protocol.Inbound, FrameError | None]:
    try:
        return protocol.parse(text), None
    except MessageError as error:
        return error.message, error
