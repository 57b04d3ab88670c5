"""How people get in: a cookie for a browser, a token for a custom client.

The cookie ends with the browser unless the guest asked to be kept on this device.
POST /guest needs an allowed Origin, as everything that works by cookie; a client that sends none
is no browser and takes POST /tokens, which reads no cookie and asks for no Origin. A foreign page
may use neither: it could read no answer, only spend its visitor's hourly share.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema
from ninja.responses import Status
from pydantic import AfterValidator, StrictBool

from realtime.accounts import door, operations, sessions
from realtime.accounts.auth import PersonAuth, PersonRequest
from realtime.accounts.errors import ApiError, origin_refused
from realtime.accounts.handshake import clean_origin
from realtime.accounts.models import User
from realtime.accounts.throttle import guest_throttle

router = Router(tags=["people"])
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _checked_origin(text: str) -> str:
    origin = clean_origin(text)
    if origin is None:
        raise ValueError("must be an origin such as https://example.org")
    return origin


class GuestIn(Schema):
    keep: StrictBool | None = None


class GuestOut(Schema):
    kind: Literal["guest", "account"]
    kept: bool


class TokenIn(Schema):
    allowed_origins: list[Annotated[str, AfterValidator(_checked_origin)]] = Field(
        default=[], alias="allowedOrigins", max_length=20
    )


class TokenOut(Schema):
    token: str
    expires_at: datetime = Field(serialization_alias="expiresAt")


class TicketOut(Schema):
    ticket: str
    expires_at: datetime = Field(serialization_alias="expiresAt")


class ErrorOut(Schema):
    code: str
    message: str
    retry_after_ms: int | None = Field(default=None, serialization_alias="retryAfterMs")


_REFUSALS = {403: ErrorOut, 422: ErrorOut, 429: ErrorOut}


@router.post("/guest", auth=None, response={200: GuestOut, **_REFUSALS})
def enter_as_guest(
    request: HttpRequest, response: HttpResponse, body: GuestIn | None = None
) -> Status[GuestOut]:
    """Give this browser a guest's session, or let the one it has live on.

    `keep` asks for one that outlives the browser, or no longer; absent leaves it as it is.
    """
    if not door.request_admitted(request, method="cookie"):
        raise origin_refused(
            "This needs an Origin that is allowed here. Not a browser? POST /api/v1/tokens."
        )
    keep = None if body is None else body.keep
    response["Cache-Control"] = "no-store"
    if isinstance(request.user, User):
        return Status(200, _welcome_back(request, request.user, keep=keep))
    _spend_share(request)
    login(request, operations.create_guest(), backend=_BACKEND)
    kept = sessions.renew(request.session, keep=keep is True)
    return Status(200, GuestOut(kind="guest", kept=kept))


@router.post("/tokens", auth=None, response={201: TokenOut, **_REFUSALS}, by_alias=True)
def issue_token(
    request: HttpRequest, response: HttpResponse, body: TokenIn | None = None
) -> Status[TokenOut]:
    """Make a new guest for a custom client; the token is told this once."""
    if not door.request_admitted(request, method="token"):
        raise origin_refused("This page's Origin is not allowed here.")
    _spend_share(request)
    issued = operations.create_client_token(allowed_origins=(body or TokenIn()).allowed_origins)
    response["Cache-Control"] = "no-store"
    return Status(201, TokenOut(token=issued.token, expires_at=issued.expires_at))


@router.post(
    "/ws-ticket",
    auth=PersonAuth(),
    response={201: TicketOut, 401: ErrorOut, 403: ErrorOut, 429: ErrorOut},
    by_alias=True,
)
def issue_ticket(request: PersonRequest, response: HttpResponse) -> Status[TicketOut]:
    """Make a ticket that opens one socket within 30 seconds, as `?ticket=`."""
    issued = operations.create_ws_ticket(identity=request.auth)
    if issued is None:
        raise ApiError(
            status=429,
            code="rate_limited",
            message="Too many tickets are still unused.",
            retry_after_s=operations.TICKET_LIFETIME.total_seconds(),
        )
    response["Cache-Control"] = "no-store"
    return Status(201, TicketOut(ticket=issued.ticket, expires_at=issued.expires_at))


def _welcome_back(request: HttpRequest, user: User, *, keep: bool | None) -> GuestOut:
    """An account chose its session's end by logging in: `keep` is for guests."""
    if user.kind != User.Kind.GUEST:
        request.session.modified = True  # lives on from this visit
        return GuestOut(kind="account", kept=not request.session.get_expire_at_browser_close())
    operations.note_visit(user_id=user.pk)
    return GuestOut(kind="guest", kept=sessions.renew(request.session, keep=keep))


def _spend_share(request: HttpRequest) -> None:
    """Count a new person for this address; raises the 429 when its hour is spent."""
    address = door.request_limit_key(request)
    wait_s = guest_throttle().wait_s(address, per_hour=settings.GUESTS_PER_HOUR)
    if wait_s:
        raise ApiError(
            status=429,
            code="rate_limited",
            message="Too many new visitors from this network. Please try again later.",
            retry_after_s=wait_s,
        )
