"""`./dev protocol`: the socket's AsyncAPI document, made again from the code."""

from __future__ import annotations

from config.devtools import environment, setup
from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.processes import guarded
from config.devtools.say import step
from config.devtools.tools import run_tool


def protocol(checkout: Checkout) -> int:
    with guarded() as guard:
        setup.python_only(guard, checkout)
        with step("writing docs/asyncapi.yaml"):
            command = manage_command(checkout, "protocol")
            run_tool(guard, checkout, "protocol", command, env=environment.check_env())
    return 0
