"""What a proxy says of a request is believed from TRUSTED_PROXIES only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from realtime.accounts.addresses import Network, comes_by_proxy, parse_networks

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def forwarded_proto(get_response: Sync | Async) -> Sync | Async:
    """Drop a stranger's X-Forwarded-Proto: Django itself believes it from any peer."""
    trusted = _trusted()
    if iscoroutinefunction(get_response):
        inner = cast(Async, get_response)

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            _drop_claim(request, trusted)
            return await inner(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        _drop_claim(request, trusted)
        return cast(Sync, get_response)(request)

    return answer


def _trusted() -> tuple[Network, ...]:
    """Raises ImproperlyConfigured, so that a server with a wrong entry does not start."""
    try:
        return parse_networks(settings.TRUSTED_PROXIES)
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from error


def _drop_claim(request: HttpRequest, trusted: tuple[Network, ...]) -> None:
    if not comes_by_proxy(request.META.get("REMOTE_ADDR"), trusted):
        request.META.pop("HTTP_X_FORWARDED_PROTO", None)
