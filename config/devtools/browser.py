"""Finds a Chromium for the browser tests, or installs one."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from config.devtools import debian
from config.devtools.checkout import Checkout
from config.devtools.node import Node
from config.devtools.processes import Warden, clean_env
from config.devtools.say import Trouble, step
from config.devtools.stamps import Stamp, fingerprint
from config.devtools.tools import on_path, run_tool

_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_FONTS = Path("/etc/fonts/fonts.conf")
# Unpacks the program into TMPDIR and says where.
_ASK = "import('@sparticuz/chromium').then(m => m.default.executablePath()).then(console.log)"


def ready_browser(guard: Warden, checkout: Checkout, node: Node) -> Path:
    """Return a browser's program, installing one when there is none."""
    if found := find_browser():
        return found
    if debian.can_install():
        debian.install(guard, checkout, "chromium")
        if found := find_browser():
            return found
    try:
        return _from_npm(guard, checkout, node)
    except Trouble as trouble:
        cure = "install Chromium, or set BROWSER_PATH"
        raise Trouble(f"no browser for the browser tests: {trouble}; {cure}") from None


def find_browser() -> Path | None:
    """Return $BROWSER_PATH, or the system's Chromium or Chrome, if it runs."""
    if chosen := os.environ.get("BROWSER_PATH"):
        if _runs(Path(chosen)):
            return Path(chosen)
        raise Trouble(f"BROWSER_PATH={chosen}: it does not answer to --version")
    found = [path for name in _NAMES if (path := on_path(name))]
    return next((path for path in [*found, _MAC] if _runs(path)), None)


def _from_npm(guard: Warden, checkout: Checkout, node: Node) -> Path:
    """Chromium as an npm package: for users who are not root."""
    source, folder = checkout.pins / "chromium", checkout.run / "chromium"
    wanted = fingerprint(source / "package-lock.json")
    stamp = Stamp(folder / "stamp")
    if not stamp.holds(wanted):
        with step("installing Chromium for the browser tests (66 MB)"):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source, folder)
            command = node.npm_command("ci", "--no-audit", "--no-fund", "--fetch-retries=1")
            env = node.env
            run_tool(guard, checkout, "chromium", command, env=env, cwd=folder, fetches=True)
        stamp.put(wanted)
    return _unpacked(folder, node)


def _unpacked(folder: Path, node: Node) -> Path:
    # The package unpacks its libraries for a bare system only where it takes that for AWS Lambda.
    env = clean_env({"TMPDIR": str(folder), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"})
    command = [str(node.node), "-e", _ASK]
    asked = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)
    program = Path(asked.stdout.strip() or "nothing")
    if _runs(launcher := _launcher(folder, program)):
        return launcher
    raise Trouble("the one from npm does not run on this machine")


def _launcher(folder: Path, program: Path) -> Path:
    """Make a script that starts the program with what a bare system lacks, packed beside it."""
    env = [] if _runs(program) else [f"LD_LIBRARY_PATH={shlex.quote(str(folder / 'al2023/lib'))}"]
    if not _FONTS.is_file():  # without fonts no text has a size, and headings count as hidden
        env.append(f"FONTCONFIG_FILE={shlex.quote(str(_font_list(folder)))}")
    launcher = folder / "browser"
    start = " ".join([*env, "exec", shlex.quote(str(program)), '"$@"'])
    launcher.write_text(f"#!/bin/sh\n{start}\n", "utf-8")
    launcher.chmod(0o755)
    return launcher


def _font_list(folder: Path) -> Path:
    """Name the fonts of the package: its own list knows AWS Lambda's places only."""
    places = {"dir": folder / "fonts", "cachedir": folder / "fonts-cache"}
    listed = "".join(f"<{name}>{escape(str(place))}</{name}>" for name, place in places.items())
    path = folder / "fonts.conf"
    path.write_text(f"<fontconfig>{listed}</fontconfig>\n", "utf-8")
    return path


def _runs(program: Path) -> bool:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
