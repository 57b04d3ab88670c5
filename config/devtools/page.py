"""Installs the page's packages and builds it; skipped while nothing changed."""

from __future__ import annotations

from config.devtools.checkout import Checkout
from config.devtools.node import Node
from config.devtools.processes import Warden
from config.devtools.say import step
from config.devtools.stamps import Stamp, fingerprint, tree_fingerprint
from config.devtools.tools import run_tool

_NOT_SOURCES = ("node_modules", "dist", "tests")


def ready_packages(guard: Warden, checkout: Checkout, node: Node) -> None:
    """Leave frontend/node_modules as package-lock.json says."""
    folder = checkout.frontend
    wanted = fingerprint(folder / "package.json", folder / "package-lock.json")
    stamp = Stamp(folder / "node_modules" / ".kindline-stamp")
    if stamp.holds(wanted):
        return
    with step("installing the page's packages"):
        options = ("--no-audit", "--no-fund", "--fetch-retries=1")
        command = node.npm_command("ci", *options)
        run_tool(guard, checkout, "npm", command, env=node.env, cwd=folder, fetches=True)
    stamp.put(wanted)


def ready_page(guard: Warden, checkout: Checkout, node: Node) -> None:
    """Leave frontend/dist built from the sources as they are."""
    ready_packages(guard, checkout, node)
    folder = checkout.frontend
    wanted = tree_fingerprint(folder, skip=_NOT_SOURCES)
    stamp = Stamp(checkout.run / "page-stamp")
    if stamp.holds(wanted) and (folder / "dist" / ".vite" / "manifest.json").is_file():
        return
    with step("building the page"):
        command = node.npm_command("run", "build")
        run_tool(guard, checkout, "build", command, env=node.env, cwd=folder)
    stamp.put(wanted)
