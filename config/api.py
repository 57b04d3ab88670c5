"""The HTTP API: the rooms' routers under /api/v1, and one shape for every refusal.

{"code": "...", "message": "...", "retryAfterMs": 1200}     retryAfterMs only where it helps
"retryable", "activeRunId", "help" besides where a message was not taken
"known" besides, the values there are, where one was asked for that is not
"""

from __future__ import annotations

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from realtime.accounts.api import router as accounts_router
from realtime.accounts.errors import ApiError
from realtime.chat import tallies
from realtime.chat.api import router as chat_router
from realtime.chat.api_consent import router as consent_router
from realtime.chat.api_feedback import router as feedback_router
from realtime.chat.api_streams import router as streams_router
from realtime.chat.api_streams import told_of_danger
from realtime.chat.bridge import StorageUnavailable
from realtime.chat.failures import log_failure
from realtime.chat.protocol import FrameError
from realtime.chat.refusals import Refusal
from realtime.hotlines.api import router as hotlines_router
from realtime.hotlines.api_taps import router as taps_router
from realtime.hotlines.place_api import router as place_router

logger = logging.getLogger(__name__)


class ObjectParser(Parser):
    """Takes a JSON object or null; ninja would read an empty list as no body."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = super().parse_body(request)
        if body is not None and not isinstance(body, dict):
            raise ValueError("not an object")
        return body


# No docs page: Swagger's comes from another host, which the content policy forbids.
api = NinjaAPI(
    title="Kindline", version="1", urls_namespace="api", docs_url=None, parser=ObjectParser()
)
api.add_router("", accounts_router)
api.add_router("", place_router)
api.add_router("", hotlines_router)
api.add_router("", streams_router)  # before: threads/a/events is no thread
api.add_router("", chat_router)
api.add_router("", taps_router)
api.add_router("", feedback_router)
api.add_router("", consent_router)

_CODES = {400: "invalid_input", 401: "unauthenticated", 403: "forbidden", 404: "not_found"}
_STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "thread_busy": 409,
    "invalid_input": 422,
    "rate_limited": 429,
    "too_many_runs": 429,
    "upstream_unavailable": 503,
    "storage_unavailable": 503,
}
_STORAGE_RETRY_S = 2.0


def refusal(
    status: int, code: str, message: str, *, retry_after_s: float | None = None, **more: Any
) -> JsonResponse:
    told = {name: value for name, value in more.items() if value is not None}
    body: dict[str, Any] = {"code": code, "message": message, **told}
    if retry_after_s is None:
        return JsonResponse(body, status=status)
    body["retryAfterMs"] = math.ceil(retry_after_s * 1000)
    headers = {"Retry-After": str(math.ceil(retry_after_s))}
    return JsonResponse(body, status=status, headers=headers)


@csrf_exempt
def unknown_address(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer what no router knows."""
    return refusal(404, "not_found", "There is nothing at this address.")


@api.exception_handler(ApiError)
def _refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    about = told_of_danger(request, retryable=False) if error.code == "forbidden" else {}
    more = {"retry_after_s": error.retry_after_s, "known": error.known, **about}
    return refusal(error.status, error.code, error.message, **more)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 401:
        message = "Show a session cookie or a bearer token."
        about = told_of_danger(request, retryable=False)
        return refusal(401, "unauthenticated", message, **about)
    code = _CODES.get(error.status_code, "invalid_input")
    message = "The body must be a JSON object." if error.status_code == 400 else error.message
    return refusal(error.status_code, code, message)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the first wrong field, never its value."""
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != "body") or "body"
    message = str(first["msg"]).removeprefix("Value error, ")
    return refusal(422, "invalid_input", f"{where}: {message}")


@api.exception_handler(FrameError)
def _unreadable(request: HttpRequest, error: FrameError) -> HttpResponse:
    return refusal(422, "invalid_input", str(error))


@api.exception_handler(Refusal)
def _not_taken(request: HttpRequest, error: Refusal) -> HttpResponse:
    """What the socket would refuse, in the words it would use."""
    retryable = error.retry_after_ms > 0
    wait_s = error.retry_after_ms / 1000 if retryable else None
    about = {"retryable": retryable, "activeRunId": error.active_run_id, "help": error.help}
    tallies.refused_with(error.help)
    status = _STATUS.get(error.code, 500)
    return refusal(status, error.code, error.message, retry_after_s=wait_s, **about)


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return refusal(413, "invalid_input", "The body is too big.")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
@api.exception_handler(StorageUnavailable)
def _storage_away(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("storage failed under %s: %s", request.path, type(error).__name__)
    message = "Storage does not answer. Please try again in a moment."
    # Who is asked for at the door: the view never saw the message.
    about = told_of_danger(request, retryable=True)
    return refusal(503, "storage_unavailable", message, retry_after_s=_STORAGE_RETRY_S, **about)


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log_failure(request.path, error)
    return refusal(500, "internal", "Something went wrong here.")
