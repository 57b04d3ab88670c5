"""Ids of clients as parts of an address. They may hold a slash; `a%2Fevents` is one part.

Servers hand Django an address without its percent signs, in which `a%2Fevents` and `a/events` are
the same. The middleware looks at what was sent and keeps the two signs that tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import unquote

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import register_converter
from django.utils.decorators import sync_and_async_middleware

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

NAME = "id"  # of the converter
THREADS = "/api/v1/threads/"
_KEPT = re.compile(r"%(?=2f|25)", re.IGNORECASE)


class IdConverter:
    """A thread's or a run's id; a slash in it should be sent as %2F, and must be before a word
    that has a meaning there (`/events`): plain ones are matched from the right."""

    regex = ".+"

    def to_python(self, value: str) -> str:
        return value.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")

    def to_url(self, value: str) -> str:
        return value.replace("%", "%25").replace("/", "%2F")


register_converter(IdConverter, NAME)


@sync_and_async_middleware
def encoded_slashes(get_response: Sync | Async) -> Sync | Async:
    """Keep `%2F` and `%25` of an address with ids until its parts are told apart."""
    if iscoroutinefunction(get_response):
        inner = cast(Async, get_response)

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            _keep(request)
            return await inner(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        _keep(request)
        return cast(Sync, get_response)(request)

    return answer


def _keep(request: HttpRequest) -> None:
    sent = getattr(request, "scope", {}).get("raw_path") or b""
    if b"%" not in sent or not request.path_info.startswith(THREADS):
        return
    address = unquote(_KEPT.sub("%25", sent.decode("latin-1")))
    request.path_info = address.removeprefix(request.META.get("SCRIPT_NAME", ""))
