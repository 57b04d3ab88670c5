"""Addresses that fail in every way a view can."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe

from config import urls

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

SECRET = "a detail of the inside"
ERRORS: dict[str, Exception] = {
    "bad": BadRequest(SECRET),
    "closed": PermissionDenied(SECRET),
    "gone": Http404(SECRET),
    "big": RequestDataTooBig(SECRET),
    "broken": RuntimeError(SECRET),
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    raise ERRORS[how]


@require_safe
def only_read(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sent")


def cookie_then_fail(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
    raise PermissionDenied


_troubles: list[Any] = [
    path("fail/<str:how>", fail),
    path("read", only_read),
    path("form", form),
    path("cookie", cookie_then_fail),
]
urlpatterns = [*_troubles, path("api/v1/", include(_troubles)), *urls.urlpatterns]
