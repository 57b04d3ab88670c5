"""Django's handlers of errors: a page for people, JSON for programs under /api/."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from config.api import refusal
from config.error_pages.pages import (
    BAD_REQUEST,
    BROKEN,
    FORBIDDEN,
    NOT_FOUND,
    STALE_FORM,
    TEXTS,
    TOO_BIG,
    ErrorPage,
)

_CODES = {FORBIDDEN: "forbidden", NOT_FOUND: "not_found", BROKEN: "internal"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    too_big = isinstance(exception, RequestDataTooBig)
    return answer(request, TOO_BIG if too_big else BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, FORBIDDEN)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is missing, old or another's."""
    return answer(request, FORBIDDEN, page=STALE_FORM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    return answer(request, BROKEN)


def answer(request: HttpRequest, status: int, *, page: int | str | None = None) -> HttpResponse:
    """Give the page for a status (or another `page` under it), or the API's refusal."""
    kind = page or status
    if request.path_info.startswith("/api/"):
        return refusal(status, _CODES.get(status, "invalid_input"), " ".join(TEXTS[kind]))
    return ErrorPage(kind, status=status)
