"""Tries the configured model once after a start, while the server serves.

A model that worked is remembered, so that a restart does not spend again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.environment import has
from config.devtools.processes import Child, Warden
from config.devtools.say import note
from config.devtools.stamps import Stamp, fingerprint, tree_fingerprint

_READ = ("OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_WIRE", "OPENAI_REASONING_EFFORT")
_FAILED = "CommandError: "  # how manage.py begins the line that says why


@dataclass(frozen=True)
class Trial:
    """A running try; what it was made with is remembered when it ends well."""

    child: Child
    stamp: Stamp
    wanted: str

    @property
    def over(self) -> bool:
        return not self.child.alive

    def tell(self) -> None:
        """Say what came out: a good end in a line, a bad one so that nobody overlooks it."""
        lines = self.child.log_text.splitlines()
        if self.child.process.returncode == 0:
            self.stamp.put(self.wanted)
            note(f"model: {lines[0] if lines else 'ok'}: it answers and calls tools")
            return
        told = [line.removeprefix(_FAILED) for line in lines if line.startswith(_FAILED)]
        why = told[-1] if told else self.child.last_words()
        note(f"\nMODEL DOES NOT WORK: {why}")
        note("Replies fail until this is mended (then start ./dev run again); Help works.\n")


def begin(guard: Warden, checkout: Checkout, env: dict[str, str]) -> Trial | None:
    """Start trying the operator's model; None for the demo, and for what worked before."""
    if not has(env, "OPENAI_API_KEY") and not env.get("OPENAI_BASE_URL"):
        return None
    stamp, wanted = Stamp(checkout.run / "model-worked"), _fingerprint(checkout, env)
    if stamp.holds(wanted):
        return None
    note("model: trying it once, with one small tool call")
    command = manage_command(checkout, "probe_model")
    log = checkout.logs / "model.log"
    child = guard.spawn("the model's trial", command, log=log, env=env, cwd=checkout.root)
    return Trial(child, stamp, wanted)


def _fingerprint(checkout: Checkout, env: dict[str, str]) -> str:
    code = tree_fingerprint(checkout.root / "realtime" / "provider", skip=["__pycache__"])
    return fingerprint(*(env.get(name, "") for name in _READ), _key(env), code)


def _key(env: dict[str, str]) -> str | Path:
    """As config.env reads it; only its hash goes into the stamp."""
    path = env.get("OPENAI_API_KEY_FILE")
    return Path(path) if path else env.get("OPENAI_API_KEY", "")
