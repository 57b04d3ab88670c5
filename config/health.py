"""`/healthz` says that this process serves, and nothing about what stands behind it.

It answers 503 from the moment on that the process was told to stop.

A probe that asked Postgres or Redis would have all servers restarted when those are away, although
Help and the page work without them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from realtime.chat import engine

PATH = "/healthz"

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def healthz(get_response: Sync | Async) -> Sync | Async:
    """Answer before the host check and the redirect to https: probes come by address and http."""
    if iscoroutinefunction(get_response):
        inner = cast(Async, get_response)

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return _alive() if _asked(request) else await inner(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _alive() if _asked(request) else cast(Sync, get_response)(request)

    return answer


def _asked(request: HttpRequest) -> bool:
    return request.path == PATH and request.method in ("GET", "HEAD")


def _alive() -> HttpResponse:
    running = engine.installed()
    leaving = running is not None and running.leaving.is_set()
    return HttpResponse(
        "leaving" if leaving else "ok",
        status=503 if leaving else 200,
        content_type="text/plain",
        headers={"Cache-Control": "no-store"},
    )
