"""Finds out whether the settings make sense, beside the starting of Postgres and Valkey."""

from __future__ import annotations

from config.devtools.checkout import Checkout
from config.devtools.environment import NOWHERE, has
from config.devtools.processes import Child, Warden
from config.devtools.say import Trouble, note
from config.devtools.tools import explained


def begin(guard: Warden, checkout: Checkout, env: dict[str, str]) -> Child:
    """Start reading the settings and trying the services whose addresses are given."""
    given = [name for name in NOWHERE if has(env, name)]
    to_come = {name: url for name, url in NOWHERE.items() if name not in given}
    command = checkout.python_command("-m", "config.preflight", *given)
    log = checkout.logs / "preflight.log"
    return guard.spawn("preflight", command, log=log, env=env | to_come, cwd=checkout.root)


def finish(guard: Warden, preflight: Child) -> None:
    """Wait for what it found: raise it, or show it where one can live with it."""
    code = preflight.process.wait()
    guard.end(preflight)
    said = preflight.log_text.strip()
    if not code:
        if said:
            note(said)
    elif len(said.splitlines()) == 1:
        raise Trouble(said)
    else:
        assert preflight.log
        raise explained("reading the settings", preflight.log, fetches=False)
