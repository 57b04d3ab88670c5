"""`./dev fmt`: format, and fix what can be fixed safely."""

from __future__ import annotations

from config.devtools import setup
from config.devtools.checkout import Checkout
from config.devtools.processes import guarded
from config.devtools.say import step
from config.devtools.tools import run_tool


def fmt(checkout: Checkout) -> int:
    """Run ruff over the Python and prettier over the page."""
    with guarded() as guard:
        node = setup.with_packages(guard, checkout)
        ruff = checkout.python_command("-m", "ruff")
        with step("formatting Python"):
            run_tool(guard, checkout, "fix", [*ruff, "check", "--fix", "--exit-zero", "--quiet"])
            run_tool(guard, checkout, "format", [*ruff, "format", "--quiet"])
        with step("formatting the page"):
            command = node.npm_command("run", "format")
            run_tool(guard, checkout, "prettier", command, env=node.env, cwd=checkout.frontend)
    return 0
