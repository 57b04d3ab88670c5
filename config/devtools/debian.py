"""Debian's own packages, for a bare machine where ./dev runs as root (CI)."""

from __future__ import annotations

import os
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.processes import Warden
from config.devtools.say import Trouble, step
from config.devtools.tools import on_path, run_tool

_ENV = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def can_install(os_release: Path = Path("/etc/os-release")) -> bool:
    """Say whether apt-get may be used: root, and Debian itself (Ubuntu's chromium is a snap)."""
    if os.geteuid() != 0 or not on_path("apt-get") or not os_release.is_file():
        return False
    return "ID=debian" in os_release.read_text("utf-8").splitlines()


def install(guard: Warden, checkout: Checkout, package: str) -> None:
    """Install one package; its index is fetched first when it is missing or old."""
    if not can_install():
        raise Trouble(f"{package} is missing: install it (sudo apt-get install {package})")
    get = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    with step(f"installing {package} by apt-get"):
        try:
            run_tool(guard, checkout, "apt", get, env=_ENV, fetches=True)
        except Trouble:
            run_tool(
                guard, checkout, "apt-update", ["apt-get", "update", "-q"], env=_ENV, fetches=True
            )
            run_tool(guard, checkout, "apt", get, env=_ENV, fetches=True)
