"""`./dev bench`: figures of a real server, a real browser and a private stack."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.devtools import environment, setup
from config.devtools.browser import ready_browser
from config.devtools.checkout import Checkout
from config.devtools.processes import foreground, guarded
from config.devtools.stack import stack


def bench(checkout: Checkout, names: Sequence[str]) -> int:
    """Measure what these names say, or everything; the figures go to standard output."""
    with guarded() as guard:
        node = setup.with_page(guard, checkout)
        env = environment.test_env() | {"TIMINGS_SCALE": "1"}
        env["PLAYWRIGHT_NODEJS_PATH"] = str(node.node)
        env["BROWSER_PATH"] = str(ready_browser(guard, checkout, node))
        with tempfile.TemporaryDirectory(prefix="kindline-bench-") as base:
            guard.remove_at_end(Path(base))
            # Durable: what a commit costs is part of what is measured.
            with stack(guard, checkout, env, Path(base), durable=True) as services:
                command = checkout.python_command("-m", "benchmarks", *names)
                return foreground(guard, command, env=env | services.env, cwd=checkout.root)
