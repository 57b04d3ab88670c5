"""Who asks, for django-ninja's routes.

These routes are exempt from Django's CSRF token, which a custom client cannot have. Instead a
cookie only counts on an unsafe method when the Origin is ours: browsers put an Origin on every
POST and DELETE and no page can forge it; SameSite=Lax keeps the cookie at home besides.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security.base import AuthBase

from realtime.accounts import door, queries
from realtime.accounts.errors import origin_refused
from realtime.accounts.identity import Identity

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class PersonRequest(HttpRequest):
    """A request that `PersonAuth` let pass."""

    auth: Identity


class PersonAuth(AuthBase):
    """Accepts a bearer token or the session cookie; `request.auth` is then the Identity."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token of POST /api/v1/tokens, or the session cookie of a browser."

    def __call__(self, request: HttpRequest) -> Identity | None:
        identity = queries.identify(credentials=door.request_credentials(request))
        if identity is None:
            return None
        if identity.method == "cookie" and request.method in SAFE_METHODS:
            return identity
        if not door.request_admitted(
            request, method=identity.method, token_origins=identity.allowed_origins
        ):
            raise origin_refused("This request needs an Origin that is allowed here.")
        return identity
