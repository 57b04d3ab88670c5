"""The person's own say whether reviewed pieces of their chats may be learnt from."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from ninja import Field, Router, Schema
from ninja.responses import Status

from realtime.accounts import consenting as words
from realtime.accounts.api import ErrorOut
from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError
from realtime.chat import consenting

router = Router(auth=PersonAuth(), tags=["people"], by_alias=True)
_REFUSALS = {401: ErrorOut, 403: ErrorOut, 422: ErrorOut, 429: ErrorOut, 503: ErrorOut}
_PATH = "/me/learning"


class WordsOut(Schema):
    version: str
    title: str
    text: list[str]


class LearningOut(Schema):
    given: bool
    given_at: datetime | None = Field(serialization_alias="givenAt")
    offered: bool
    words: WordsOut


class LearningIn(Schema):
    words: str = Field(max_length=16)  # the version that was read


@router.get(_PATH, response={200: LearningOut, **_REFUSALS}, summary="Read what you agreed to")
def read_learning(request: PersonRequest, response: HttpResponse) -> LearningOut:
    """Off unless you turned it on. Show the words before you ask; ask only where it is offered."""
    response["Cache-Control"] = "no-store"
    return _told(request.auth.user_id)


@router.put(_PATH, response={200: LearningOut, **_REFUSALS}, summary="Agree to be learnt from")
def give_learning(request: PersonRequest, response: HttpResponse, body: LearningIn) -> LearningOut:
    """Let reviewed, redacted pieces of your chats be learnt from, in the words of this version."""
    response["Cache-Control"] = "no-store"
    if body.words != words.WORDS_VERSION:
        message = "words: not the version that is asked now. Read it again, then ask again."
        raise ApiError(
            status=422, code="invalid_input", message=message, known=[words.WORDS_VERSION]
        )
    try:
        given = consenting.give(user_id=request.auth.user_id, words=body.words)
    except consenting.NotAsked:
        message = "Nothing of your chats is used, and nobody asks you for it."
        raise ApiError(status=403, code="forbidden", message=message) from None
    except words.TooManyChanges:
        raise ApiError(
            status=429,
            code="rate_limited",
            message="This was changed very often today. Please try again tomorrow.",
            retry_after_s=3600,
        ) from None
    if not given:
        raise ApiError(
            status=401, code="unauthenticated", message="You are not known here any more."
        )
    return _told(request.auth.user_id)


@router.delete(_PATH, response={204: None, **_REFUSALS}, summary="Take your agreement back")
def withdraw_learning(request: PersonRequest) -> Status[None]:
    """Have what was picked erased; no later training uses it. Nothing there is no error."""
    words.withdraw(user_id=request.auth.user_id)
    return Status(204, None)


def _told(user_id: int) -> LearningOut:
    now = consenting.learning_of(user_id=user_id)
    read = WordsOut(version=words.WORDS_VERSION, title=words.TITLE, text=list(words.WORDS))
    return LearningOut(
        given=now.given_at is not None, given_at=now.given_at, offered=now.offered, words=read
    )
