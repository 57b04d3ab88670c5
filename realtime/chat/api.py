"""The HTTP API of the room: what the socket does, as requests (protocol.md 1.7).

Threads and runs have their owner's ids; an unknown one and somebody else's look alike.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from realtime.accounts.api import ErrorOut
from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError
from realtime.chat import bridge, engine, listing, operations, paths, queries
from realtime.chat.lasting import lasting
from realtime.chat.protocol import FrameError, check_id
from realtime.chat.schemas import RunOut, SnapshotOut, ThreadsIn, ThreadsOut

router = Router(auth=PersonAuth(), tags=["chat"], by_alias=True)
_REFUSALS = {401: ErrorOut, 403: ErrorOut, 422: ErrorOut, 503: ErrorOut}
_THREAD = f"/threads/{{{paths.NAME}:thread_id}}"


@router.get("/threads", response={200: ThreadsOut, **_REFUSALS}, summary="List conversations")
def list_threads(
    request: PersonRequest, response: HttpResponse, asked: Query[ThreadsIn]
) -> dict[str, Any]:
    """Your own, the one last written in first; one that stirs meanwhile moves to the top."""
    response["Cache-Control"] = "no-store"
    entries = listing.threads_of(
        owner_id=request.auth.user_id, before=_place(asked.before), limit=asked.limit + 1
    )
    page, more = entries[: asked.limit], entries[asked.limit :]
    return {
        "threads": [_listed(entry) for entry in page],
        "next": listing.write_place(page[-1].place) if more else None,
    }


@router.post(
    f"{_THREAD}/runs/{{{paths.NAME}:run_id}}/stop",
    response={200: RunOut, 404: ErrorOut, **_REFUSALS},
    summary="Stop a reply",
)
async def stop_run(request: PersonRequest, thread_id: str, run_id: str) -> dict[str, str]:
    """End a run, whichever process writes it. One that is over stays as it is: look at `state`."""
    check_id(thread_id, name="threadId")
    check_id(run_id, name="runId")
    owner_id = request.auth.user_id
    place = await bridge.run(queries.run_place, owner_id=owner_id, run_id=run_id)
    if place is not None and place.thread_id == thread_id and not place.over:
        await lasting((await engine.started()).intake.stop(owner_id=owner_id, run_id=run_id))
        place = await bridge.run(queries.run_place, owner_id=owner_id, run_id=run_id)
    if place is None or place.thread_id != thread_id:
        raise ApiError(status=404, code="not_found", message="You have no such run.")
    return {"threadId": thread_id, "runId": run_id, "state": place.state}


@router.get(
    _THREAD,
    response={200: SnapshotOut, **_REFUSALS},
    exclude_unset=True,
    summary="Read a conversation",
)
def read_thread(request: PersonRequest, response: HttpResponse, thread_id: str) -> dict[str, Any]:
    """Its finished messages; what is being written follows `cursor`. An unknown one is empty."""
    response["Cache-Control"] = "no-store"
    snapshot, active = queries.thread_snapshot(
        owner_id=request.auth.user_id, thread_id=check_id(thread_id, name="threadId")
    )
    return {
        "threadId": thread_id,
        "cursor": str(snapshot.cursor),
        "messages": [msgspec.to_builtins(message) for message in snapshot.messages],
        "notices": snapshot.notices,
        "active": _active(active),
    }


@router.delete(_THREAD, response={204: None, **_REFUSALS}, summary="Delete a conversation")
def delete_thread(request: PersonRequest, thread_id: str) -> Status[None]:
    """Delete its messages, runs and log for good; an unknown one and a foreign one look alike."""
    owner_id = request.auth.user_id
    active = operations.delete_thread(
        owner_id=owner_id, thread_id=check_id(thread_id, name="threadId")
    )
    running = engine.installed()
    if running is not None:
        running.thread_deleted(owner_id=owner_id, thread_id=thread_id, active=active)
    return Status(204, None)


def _place(text: str | None) -> listing.Place | None:
    if text is None:
        return None
    try:
        return listing.read_place(text)
    except ValueError:
        raise FrameError("before is what `next` of another page said") from None


def _listed(entry: listing.ThreadEntry) -> dict[str, Any]:
    return {
        "threadId": entry.thread_id,
        "createdAt": entry.created_at,
        "lastActivityAt": entry.last_activity_at,
        "active": _active(entry.active_run_id),
    }


def _active(run_id: str | None) -> dict[str, str] | None:
    return None if run_id is None else {"runId": run_id}
