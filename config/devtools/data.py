"""Brings the database to the state the code expects, before the server starts."""

from __future__ import annotations

from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.environment import debugging
from config.devtools.processes import Warden
from config.devtools.say import step
from config.devtools.stamps import Stamp, fingerprint, tree_fingerprint
from config.devtools.tools import run_tool


def prepare(guard: Warden, checkout: Checkout, env: dict[str, str], *, ours: bool) -> None:
    """Migrate, import hotlines and example exchanges, and without DEBUG collect static files.

    Skipped for our own Postgres while the code is the same and no `./dev manage` has run since:
    each Django process costs the second start a second or two.
    """
    wanted = _fingerprint(checkout)
    if ours and debugging(env) and _stamp(checkout).holds(wanted):
        return
    forget(checkout)
    steps = [
        ("migrating the database", ["migrate", "--no-input"]),
        ("importing hotlines", ["import_hotlines"]),
        ("importing example exchanges", ["dataset", "sample"]),
    ]
    if not debugging(env):
        steps.append(("collecting static files", ["collectstatic", "--no-input"]))
    for what, arguments in steps:
        with step(what):
            command = manage_command(checkout, *arguments)
            run_tool(guard, checkout, arguments[0], command, env=env)
    if ours:
        _stamp(checkout).put(wanted)


def forget(checkout: Checkout) -> None:
    """Somebody may have changed the data: prepare it at the next start."""
    _stamp(checkout).path.unlink(missing_ok=True)


def _stamp(checkout: Checkout) -> Stamp:
    """Beside the data, so that it goes where they go."""
    return Stamp(checkout.run / "pg" / "prepared")


def _fingerprint(checkout: Checkout) -> str:
    code = tree_fingerprint(checkout.root / "realtime", skip=["__pycache__"])
    password = (
        checkout.run / "pg" / "password"
    )  # exchanged with its data or without: see if it fits
    own = [password] if password.is_file() else []
    return fingerprint(code, checkout.root / "requirements.lock", *own)
