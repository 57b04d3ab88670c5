"""PUBLIC_URL: the one address people type, from which the safe settings of the web follow."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
_USER = re.compile(r"^([a-z]+://)?.*@", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """`host` as Django's ALLOWED_HOSTS has it, IPv6 in brackets; `origin` as browsers send it."""

    host: str
    origin: str

    @property
    def https(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def loopback(self) -> bool:
        """Whether only this machine's own people can mean it."""
        return self.host in LOOPBACK_HOSTS

    @property
    def hosts(self) -> list[str]:
        """Names to answer to: this machine has three for itself."""
        return list(LOOPBACK_HOSTS) if self.loopback else [self.host]


def read_public_url(text: str) -> PublicUrl | None:
    """None for blank. Raises ImproperlyConfigured that says what is wrong."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, port = _host(parts), parts.port
    except ValueError:
        raise _refused(text, "say https://kindline.example") from None
    if parts.scheme not in ("http", "https") or parts.username is not None or port == 0:
        raise _refused(text, "say https://kindline.example")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _refused(text, "give the address without a path")
    default = {"http": 80, "https": 443}[parts.scheme]
    tail = "" if port in (None, default) else f":{port}"
    url = PublicUrl(host=host, origin=f"{parts.scheme}://{host}{tail}")
    if not url.https and not url.loopback:
        raise _refused(text, "what people write needs https; http is for this machine alone")
    return url


def refuse_endless_redirect(trusted_proxies: list[str]) -> None:
    """Raise where nobody is believed to have come by https: each page would redirect for ever."""
    if not trusted_proxies:
        raise ImproperlyConfigured(
            "TRUSTED_PROXIES is not set: name the proxy that ends TLS for PUBLIC_URL, else every "
            "page redirects to itself (SECURE_SSL_REDIRECT=off where the proxy redirects)."
        )


def _host(parts: SplitResult) -> str:
    """Raises ValueError for what is no name and no address."""
    name = parts.hostname or ""
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    if not _HOST.fullmatch(name):
        raise ValueError(name)
    return name


def _refused(text: str, cure: str) -> ImproperlyConfigured:
    shown = _USER.sub(r"\1***@", text)  # what comes before an @ may be a password
    return ImproperlyConfigured(f"PUBLIC_URL={shown!r}: {cure}")
