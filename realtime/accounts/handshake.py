"""The rules at the door (protocol.md 1.14) as pure functions: what a client shows, and from where.

A ticket or token given on purpose wins over a cookie the browser sends by itself; a wrong one is
never mended by a cookie.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from django.http.cookie import parse_cookie
from django.http.request import validate_host

from realtime.accounts.identity import Method

SUBPROTOCOL = "kindline.v1"
_BEARER_SUBPROTOCOL = "bearer."
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Exactly what a browser serialises: no user info, path, query, fragment or blanks.
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE | re.ASCII,
)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed; `subprotocol` is the one to echo, never the one with the token."""

    session_key: str | None
    token: str | None
    origin: str | None
    subprotocol: str | None
    ticket: str | None = None


def read_credentials(
    headers: Headers,
    subprotocols: Sequence[str] = (),
    query_string: bytes = b"",
    *,
    session_cookie: str,
) -> Credentials:
    """`query_string`: a socket's, where a ticket may stand; of requests it is not given."""
    pairs = list(headers)
    cookies = parse_cookie(read_header(pairs, b"cookie", joiner="; ") or "")
    token = bearer_token(read_header(pairs, b"authorization"))
    if token is None:
        token = _subprotocol_token(subprotocols)
    return Credentials(
        session_key=cookies.get(session_cookie) or None,
        token=token,
        origin=read_header(pairs, b"origin"),
        subprotocol=SUBPROTOCOL if SUBPROTOCOL in subprotocols else None,
        ticket=_ticket(query_string),
    )


def read_header(headers: Headers, name: bytes, *, joiner: str = ", ") -> str | None:
    """The header's value, repeated ones joined: two Origins then match nothing."""
    values = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return joiner.join(values) if values else None


def bearer_token(authorization: str | None) -> str | None:
    """The token of a Bearer header, empty if it is blank; None for no header or another scheme."""
    scheme, _, rest = (authorization or "").strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else None


def _subprotocol_token(subprotocols: Sequence[str]) -> str | None:
    for offered in subprotocols:
        if offered.startswith(_BEARER_SUBPROTOCOL):
            return offered.removeprefix(_BEARER_SUBPROTOCOL)
    return None


def _ticket(query_string: bytes) -> str | None:
    """The ticket; an empty one, or one of several, is a wrong one."""
    shown = parse_qs(query_string.decode("latin-1"), keep_blank_values=True).get("ticket")
    if shown is None:
        return None
    return shown[0] if len(shown) == 1 else ""


def clean_origin(text: str | None) -> str | None:
    """The origin in one spelling (lower case, no default port), or None: 'null' is no origin."""
    found = _ORIGIN.fullmatch(text or "")
    if found is None:
        return None
    scheme, host = found["scheme"].lower(), _clean_host(found["host"].lower())
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    if host is None or not 0 < port < 65536:
        return None
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def _clean_host(host: str) -> str | None:
    if not host.startswith("["):
        return host
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    except ValueError:
        return None


def own_origin(*, scheme: str, host: str | None, allowed_hosts: Sequence[str]) -> str | None:
    """The origin a page of this very site has; None for a host that is not ours (DNS rebinding).

    `scheme` may be a socket's: ws is http, wss is https.
    """
    page_scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    origin = clean_origin(f"{page_scheme}://{host}")
    if origin is None:
        return None
    name = re.sub(r":[0-9]+$", "", origin.partition("://")[2])
    return origin if validate_host(name, list(allowed_hosts)) else None


def origin_allowed(
    origin: str | None,
    *,
    method: Method,
    own: str | None,
    site_origins: Iterable[str] = (),
    token_origins: Sequence[str] = (),
) -> bool:
    """Whether a client may act from `origin`: a cookie needs one, what is sent on purpose not."""
    if origin is None:
        return method != "cookie"
    asked = clean_origin(origin)
    if asked is None:
        return False
    if method != "cookie" and token_origins:
        return asked in {clean_origin(each) for each in token_origins}
    return asked == own or asked in {clean_origin(each) for each in site_origins}
