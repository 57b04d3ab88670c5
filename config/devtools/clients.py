"""Installs the stock clients that tests/clients drives; skipped while nothing changed."""

from __future__ import annotations

from config.devtools.checkout import Checkout
from config.devtools.node import Node
from config.devtools.processes import Warden
from config.devtools.say import Trouble, note, step
from config.devtools.stamps import Stamp, fingerprint
from config.devtools.tools import run_tool


def ready_clients(guard: Warden, checkout: Checkout, node: Node, *, needed: bool) -> None:
    """Leave tests/clients/node_modules as its lock says; chosen tests may do without."""
    try:
        _install(guard, checkout, node)
    except Trouble as trouble:
        if needed:
            raise
        note(f"{trouble}; the tests of stock clients will be skipped")


def _install(guard: Warden, checkout: Checkout, node: Node) -> None:
    folder = checkout.root / "tests" / "clients"
    wanted = fingerprint(folder / "package.json", folder / "package-lock.json")
    stamp = Stamp(folder / "node_modules" / ".kindline-stamp")
    if stamp.holds(wanted):
        return
    with step("installing the stock clients (7 MB)"):
        command = node.npm_command("ci", "--no-audit", "--no-fund", "--fetch-retries=1")
        run_tool(guard, checkout, "clients", command, env=node.env, cwd=folder, fetches=True)
    stamp.put(wanted)
