"""The door's rules with the operator's settings put in, for requests and for sockets."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from realtime.accounts import addresses, handshake
from realtime.accounts.identity import Identity, Method


def request_credentials(request: HttpRequest) -> handshake.Credentials:
    headers = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    return handshake.read_credentials(headers, session_cookie=settings.SESSION_COOKIE_NAME)


def socket_credentials(scope: dict[str, Any]) -> handshake.Credentials:
    return handshake.read_credentials(
        scope["headers"],
        scope.get("subprotocols", ()),
        scope.get("query_string", b""),
        session_cookie=settings.SESSION_COOKIE_NAME,
    )


def request_admitted(
    request: HttpRequest,
    *,
    method: Method,
    token_origins: tuple[str, ...] = (),
) -> bool:
    return handshake.origin_allowed(
        request.headers.get("Origin"),
        method=method,
        own=handshake.own_origin(
            scheme=request.scheme or "http",
            host=request.get_host(),
            allowed_hosts=settings.ALLOWED_HOSTS,
        ),
        site_origins=settings.ALLOWED_ORIGINS,
        token_origins=token_origins,
    )


def socket_admitted(scope: dict[str, Any], identity: Identity) -> bool:
    """Whether this identity may open a socket from where the handshake's Origin says it is."""
    return handshake.origin_allowed(
        handshake.read_header(scope["headers"], b"origin"),
        method=identity.method,
        own=handshake.own_origin(
            scheme=_socket_scheme(scope),
            host=handshake.read_header(scope["headers"], b"host"),
            allowed_hosts=settings.ALLOWED_HOSTS,
        ),
        site_origins=settings.ALLOWED_ORIGINS,
        token_origins=identity.allowed_origins,
    )


def request_limit_key(request: HttpRequest) -> str:
    """What this request is counted by: its real address."""
    return _limit_key(request.META.get("REMOTE_ADDR"), request.headers.get("X-Forwarded-For"))


def socket_limit_key(scope: dict[str, Any]) -> str:
    """The same for a socket."""
    forwarded_for = handshake.read_header(scope["headers"], b"x-forwarded-for")
    return _limit_key((scope.get("client") or [None])[0], forwarded_for)


def _limit_key(peer: str | None, forwarded_for: str | None) -> str:
    trusted = addresses.parse_networks(settings.TRUSTED_PROXIES)
    return addresses.limit_key(addresses.client_address(peer, forwarded_for, trusted))


def _socket_scheme(scope: dict[str, Any]) -> str:
    """The scheme the browser used: a trusted proxy that ends TLS tells it."""
    trusted = addresses.parse_networks(settings.TRUSTED_PROXIES)
    if addresses.comes_by_proxy((scope.get("client") or [None])[0], trusted):
        told = handshake.read_header(scope["headers"], b"x-forwarded-proto")
        if told is not None:
            return told.partition(",")[0].strip().lower()  # as Django reads it
    return str(scope.get("scheme", "ws"))
