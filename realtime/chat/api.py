from __future__ import annotations

from ninja import Router
from ninja.responses import Status

from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError
from realtime.chat import engine, operations
from realtime.chat.protocol import FrameError, check_id

router = Router(auth=PersonAuth(), tags=["chat"])


@router.delete("/threads/{path:thread_id}", response={204: None}, summary="Delete a conversation")
def delete_thread(request: PersonRequest, thread_id: str) -> Status[None]:
    """Delete its messages, runs and log for good; an unknown one and a foreign one look alike."""
    try:
        check_id(thread_id, name="threadId")
    except FrameError as error:
        raise ApiError(status=422, code="invalid_input", message=str(error)) from None
    owner_id = request.auth.user_id
    active = operations.delete_thread(owner_id=owner_id, thread_id=thread_id)
    running = engine.installed()
    if running is not None:
        running.thread_deleted(owner_id=owner_id, thread_id=thread_id, active=active)
    return Status(204, None)
