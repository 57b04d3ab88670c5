"""Makes .venv and fills it from the hashed locks, by uv; skipped while nothing changed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from config.devtools import debian
from config.devtools.checkout import Checkout
from config.devtools.processes import Warden, clean_env
from config.devtools.say import Trouble, step
from config.devtools.stamps import Stamp, fingerprint
from config.devtools.tools import Full, run_tool
from config.devtools.uv import uv_pip

_CHECK = "import sys; sys.exit(sys.version_info < (3, 11))"


def ready_venv(guard: Warden, checkout: Checkout) -> None:
    """Leave .venv holding what requirements-dev.lock says, and uv."""
    _ready_uv(guard, checkout)
    lock = checkout.root / "requirements-dev.lock"
    wanted = fingerprint(lock)
    stamp = Stamp(checkout.venv / ".kindline-packages")
    if stamp.holds(wanted):
        return
    with step("installing Python packages (half a minute on a slow line)"):
        install_locked(guard, checkout, lock, name="packages")
    stamp.put(wanted)


def _ready_uv(guard: Warden, checkout: Checkout) -> None:
    # The path counts too: scripts in a .venv that was moved name the old place.
    wanted = fingerprint(str(checkout.root), checkout.pins / "uv.lock")
    stamp = Stamp(checkout.venv / ".kindline-uv")
    if stamp.holds(wanted) and _works(checkout.python):
        return
    with step("making .venv"):
        _make(guard, checkout)
    with step("installing uv"):
        _install_uv(guard, checkout)
    stamp.put(wanted)


def install_locked(guard: Warden, checkout: Checkout, lock: Path, *, name: str) -> None:
    """Install a hashed lock into .venv by uv."""
    where = ("--python", checkout.python, "--quiet", "--require-hashes", "-r", lock)
    uv_pip(guard, checkout, name, "install", *where)


def _works(python: Path) -> bool:
    try:
        return subprocess.run([python, "-I", "-c", _CHECK], env=clean_env()).returncode == 0
    except OSError:
        return False


def _make(guard: Warden, checkout: Checkout) -> None:
    if not importlib.util.find_spec("ensurepip"):  # Debian packs it apart
        debian.install(guard, checkout, "python3-venv")
    # Not sys.executable: in an activated .venv that is the Python about to be cleared away.
    python: str = getattr(sys, "_base_executable", sys.executable)
    try:
        command = [python, "-I", "-m", "venv", "--clear", str(checkout.venv)]
        run_tool(guard, checkout, "venv", command)
    except Full:
        raise
    except Trouble as trouble:
        cure = "on Debian and Ubuntu: apt-get install python3-venv"
        raise Trouble(f"{trouble}; {cure}") from None


def _install_uv(guard: Warden, checkout: Checkout) -> None:
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check")
    options = ("--retries", "2", "--require-hashes", "-r", checkout.pins / "uv.lock")
    run_tool(
        guard,
        checkout,
        "uv",
        checkout.python_command(*pip, *options),
        env={"PIP_USER": "0"},
        fetches=True,
    )
