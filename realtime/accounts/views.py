from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from realtime.accounts import operations, queries
from realtime.accounts.models import User


@method_decorator(never_cache, name="dispatch")
class AdminLinkView(View):
    """The one-time way into the admin: a page with a button, so that no link preview spends it."""

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if not queries.admin_link_open(token=token):
            return _gone(request)
        return render(request, "accounts/enter.html", {"ends_chat": _is_guest(request)})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        superuser = operations.use_admin_link(token=token)
        if superuser is None:
            return _gone(request)
        login(request, superuser, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("admin:index")


def _is_guest(request: HttpRequest) -> bool:
    """A browser has one session: that of the admin takes the place of a guest's."""
    return isinstance(request.user, User) and request.user.kind == User.Kind.GUEST


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/link_gone.html", status=404)
