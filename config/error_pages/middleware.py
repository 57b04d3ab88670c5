"""What Django's handlers cannot do: runs outermost, so that it has the last word on an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config.error_pages.pages import BAD_REQUEST, BROKEN, NOT_ALLOWED, NOT_FOUND, ErrorPage
from config.error_pages.views import answer

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
_HELP = b'<body><p><a href="/help">Help</a></p>'


class ErrorPages:
    """Gives pages to errors that come without one, and cookies to none."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        response = self.get_response(request)
        if isinstance(response, HttpResponseBase):
            return mended(request, response)
        return self._later(request, response)

    async def _later(
        self, request: HttpRequest, response: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        return mended(request, await response)


def mended(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give the answer as a person should meet it."""
    if not isinstance(response, HttpResponse) or response.status_code < BAD_REQUEST:
        return response
    if _is_bare(request, response):
        page = answer(request, response.status_code)
        if "Allow" in response:
            page["Allow"] = response["Allow"]
        response = page
    elif settings.DEBUG and response.status_code in (BAD_REQUEST, BROKEN):
        # Django's page for developers stays, but nobody is left without the link.
        response.content = response.content.replace(b"<body>", _HELP, 1)
        response["Content-Length"] = str(len(response.content))  # else servers cut it
    if isinstance(response, ErrorPage):
        response.cookies.clear()
    return response


def _is_bare(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether nobody wrote an answer: a method refused, or (with DEBUG) an unknown address.

    A newcomer's typo is met under DEBUG, where Django would show its list of addresses.
    """
    if response.status_code == NOT_FOUND:
        return settings.DEBUG and request.resolver_match is None
    return response.status_code == NOT_ALLOWED
