"""`./dev test`: every test, on a private stack that disturbs nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.devtools import environment, setup
from config.devtools.browser import ready_browser
from config.devtools.checkout import Checkout
from config.devtools.clients import ready_clients
from config.devtools.node import Node
from config.devtools.processes import Warden, clean_env, foreground, guarded
from config.devtools.say import Trouble, note
from config.devtools.stack import stack

FAULTS_AT_ONCE = ("-n", "2", "--dist", "loadfile")


def test(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run pytest with these arguments; without any, all tests and the page's own.

    `--faults`: all faults with real timers, those of tests/faults if no others are named.
    """
    if "--faults" in arguments:
        arguments = _faults(arguments)
    with guarded() as guard:
        node = setup.with_page(guard, checkout)
        env = environment.test_env()
        env["PLAYWRIGHT_NODEJS_PATH"] = str(node.node)
        env |= _browser(guard, checkout, node, needed=not arguments)
        ready_clients(guard, checkout, node, needed=not arguments)
        page = 0 if arguments else _page_tests(guard, checkout, node)
        code = _pytest(guard, checkout, env, arguments or _everything())
    if page:
        note("the page's tests failed, see above")
    return code or page


def _everything() -> list[str]:
    """All tests, side by side; those of one file stay together and share its fixtures."""
    workers = min(4, os.cpu_count() or 1)
    return ["-n", str(workers), "--dist", "loadfile"]


def _faults(arguments: Sequence[str]) -> list[str]:
    """They mostly wait, but what they measure wants a machine that is not crowded: two workers."""
    return [*arguments] if len(arguments) > 1 else ["--faults", "tests/faults", *FAULTS_AT_ONCE]


def _pytest(
    guard: Warden, checkout: Checkout, env: dict[str, str], arguments: Sequence[str]
) -> int:
    with tempfile.TemporaryDirectory(prefix="kindline-test-", ignore_cleanup_errors=True) as base:
        guard.remove_at_end(Path(base))
        with stack(guard, checkout, env, Path(base), durable=False) as services:
            command = checkout.python_command("-m", "pytest", *arguments)
            return foreground(guard, command, env=env | services.env, cwd=checkout.root)


def _page_tests(guard: Warden, checkout: Checkout, node: Node) -> int:
    command = node.npm_command("test")
    return foreground(guard, command, env=clean_env(node.env), cwd=checkout.frontend)


def _browser(guard: Warden, checkout: Checkout, node: Node, *, needed: bool) -> dict[str, str]:
    """Set BROWSER_PATH; chosen tests may do without a browser."""
    try:
        return {"BROWSER_PATH": str(ready_browser(guard, checkout, node))}
    except Trouble as trouble:
        if needed:
            raise
        note(str(trouble))
        return {}
