"""Runs the tools of set-up (pip, uv, npm, apt): a log file, and one clear line on failure."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.place import cache_env, least_room
from config.devtools.place import explained as unstartable
from config.devtools.processes import Env, Warden, clean_env, telling_line
from config.devtools.say import Trouble


class Full(Trouble):
    """Nothing more can be written."""


class Distrusted(Trouble):
    """The other side showed a certificate that the tool does not trust."""


_NO_NETWORK = (
    "name resolution",
    "name or service not known",
    "nodename nor servname",
    "dns error",
    "failed to lookup address",
    "network is unreachable",
    "no route to host",
    "connection refused",
    "failed to establish a new connection",
    "error sending request",
    "cannot connect to proxy",
    "enotfound",
    "eai_again",
    "econnrefused",
    "econnreset",
    "etimedout",
    "enetunreach",
    "timed out",
    "could not resolve",
    "temporary failure resolving",
)


def run_tool(
    guard: Warden,
    checkout: Checkout,
    name: str,
    command: Sequence[str],
    *,
    env: Env | None = None,
    cwd: Path | None = None,
    fetches: bool = False,
) -> Path:
    """Run to the end, give its log or raise Trouble saying why; `fetches`: from the network."""
    log = checkout.logs / f"{name}.log"
    try:
        its_env = clean_env(cache_env(checkout) | dict(env or {}))
        child = guard.spawn(name, command, log=log, env=its_env, cwd=cwd or checkout.root)
    except OSError as error:
        raise Trouble(f"{name}: {unstartable(error)}") from None
    try:
        code = child.process.wait()
    finally:
        guard.end(child)
    if code:
        raise explained(name, log, fetches=fetches)
    return log


def explained(name: str, log: Path, *, fetches: bool) -> Trouble:
    """One line for a tool that failed: no space, no network, or the log's own words."""
    text = log.read_text("utf-8", "replace")
    lower = text.lower()
    free, where = least_room()
    # On a full disk the log itself may be empty.
    if "no space left" in lower or "enospc" in lower or not (text.strip() or free):
        return Full(f"{name}: the disk is full ({where}): make room and start again")
    if fetches and "certificate" in lower:
        cure = "set SSL_CERT_FILE (for npm NODE_EXTRA_CA_CERTS) to your authorities"
        return Distrusted(f"{name}: the package index shows an unknown certificate: {cure}")
    if fetches and any(sign in lower for sign in _NO_NETWORK):
        cure = "check the network or proxy"
        return Trouble(f"{name}: cannot reach the package index: {cure} (log: {log})")
    return Trouble(f"{name} failed: {telling_line(text)} (log: {log})")


def on_path(*names: str) -> Path | None:
    """Find the first of these programs."""
    return next((Path(found) for name in names if (found := shutil.which(name))), None)
