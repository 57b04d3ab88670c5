"""`./dev manage ARGS...`: Django's command line on the running stack, or on one of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence

from config.devtools import data, setup, state
from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.environment import has, run_env
from config.devtools.processes import foreground, guarded
from config.devtools.stack import stack


def manage(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run the command; its exit status is ours."""
    with guarded() as guard:
        setup.python_only(guard, checkout)
    data.forget(checkout)
    env = run_env(checkout)
    if has(env, "DATABASE_URL") and has(env, "REDIS_URL"):
        return _become(checkout, env, arguments)
    try:
        return _with_own_stack(checkout, env, arguments)
    except state.Busy as busy:
        joined = state.once_up(checkout, busy.running)
        return _become(checkout, joined.env | env, arguments)


def _become(checkout: Checkout, env: dict[str, str], arguments: Sequence[str]) -> int:
    """Turn into the command: nothing is left for ./dev to do."""
    command = manage_command(checkout, *arguments)
    os.execve(command[0], command, env)


def _with_own_stack(checkout: Checkout, env: dict[str, str], arguments: Sequence[str]) -> int:
    me = state.Running(os.getpid(), "manage")
    with (
        state.own_stack(checkout, me) as lock,
        guarded(hold=[lock]) as guard,
        stack(guard, checkout, env, checkout.run, durable=True) as services,
    ):
        state.publish(checkout, state.Running(me.pid, me.doing, env=services.env))
        command = manage_command(checkout, *arguments)
        return foreground(guard, command, env=env | services.env, cwd=checkout.root)
