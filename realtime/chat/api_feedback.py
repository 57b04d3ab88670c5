"""The person's word on a help card that was shown to them."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Router, Schema
from ninja.responses import Status

from realtime.accounts.api import ErrorOut
from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError
from realtime.chat import feedback
from realtime.chat.protocol import check_id

router = Router(auth=PersonAuth(), tags=["help"], by_alias=True)
_REFUSALS = {401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut, 503: ErrorOut}


class FeedbackIn(Schema):
    thread_id: str = Field(alias="threadId")
    card_id: str = Field(alias="cardId")
    verdict: Literal["does_not_fit", "fits"]


@router.post("/help/feedback", response={204: None, **_REFUSALS}, summary="Judge a help card")
def give_feedback(request: PersonRequest, body: FeedbackIn) -> Status[None]:
    """Say whether a card fits. For reviewers alone: it lowers no level and withholds no card.

    One that came in a refusal is not kept, and so cannot be judged.
    """
    kept = feedback.note_feedback(
        owner_id=request.auth.user_id,
        thread_id=check_id(body.thread_id, name="threadId"),
        card_id=check_id(body.card_id, name="cardId"),
        verdict=body.verdict,
    )
    if not kept:
        message = "No such card was kept there. Help with a refused message is not kept."
        raise ApiError(status=404, code="not_found", message=message)
    return Status(204, None)
