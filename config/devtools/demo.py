"""`./dev demo`: synthetic threads for the admin, on the running stack or on one of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence

from config.devtools import data, setup, state
from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.environment import has, run_env
from config.devtools.processes import Warden, foreground, guarded
from config.devtools.stack import stack


def demo(checkout: Checkout, options: Sequence[str]) -> int:
    """Make the threads, or with `--remove` remove them; the exit status."""
    with guarded() as guard:
        setup.python_only(guard, checkout)
    env = run_env(checkout)
    if has(env, "DATABASE_URL") and has(env, "REDIS_URL"):
        return _join(checkout, env, options, prepared=False)
    try:
        return _with_own_stack(checkout, env, options)
    except state.Busy as busy:
        joined = state.once_up(checkout, busy.running)
        where = ["--base-url", joined.url] if joined.url else []
        prepared = joined.doing == "run"
        return _join(checkout, joined.env | env, [*options, *where], prepared=prepared)


def _join(
    checkout: Checkout, env: dict[str, str], options: Sequence[str], *, prepared: bool
) -> int:
    with guarded() as guard:
        if not prepared:
            data.prepare(guard, checkout, env, ours=False)
        return _manage(guard, checkout, env, options)


def _with_own_stack(checkout: Checkout, env: dict[str, str], options: Sequence[str]) -> int:
    me = state.Running(os.getpid(), "demo")
    with (
        state.own_stack(checkout, me) as lock,
        guarded(hold=[lock]) as guard,
        stack(guard, checkout, env, checkout.run, durable=True) as services,
    ):
        env |= services.env
        data.prepare(guard, checkout, env, ours="DATABASE_URL" in services.env)
        state.publish(checkout, state.Running(me.pid, me.doing, env=services.env))
        return _manage(guard, checkout, env, options)


def _manage(guard: Warden, checkout: Checkout, env: dict[str, str], options: Sequence[str]) -> int:
    command = manage_command(checkout, "demo", *options)
    return foreground(guard, command, env=env, cwd=checkout.root)
