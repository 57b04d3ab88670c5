"""`./dev pictures`: the documents' pictures, made from a server of their own with the demo."""

from __future__ import annotations

import tempfile
from pathlib import Path

from config.devtools import application, data, environment, setup
from config.devtools.browser import ready_browser
from config.devtools.checkout import Checkout
from config.devtools.processes import Child, Warden, foreground, free_port, guarded
from config.devtools.say import step
from config.devtools.stack import stack
from config.devtools.tools import run_tool

# Slow enough to be read in a film.
_TOKENS_PER_S = "14"
# Of the caller's: the pictures show nobody's data, model or address.
_NOT_WANTED = {*environment.NOWHERE, "REHEARSAL_URL", "PUBLIC_URL", "ALLOWED_HOSTS"}


def pictures(checkout: Checkout) -> int:
    """Make docs/pictures again; nothing of the caller's data or model is in them."""
    with guarded() as guard:
        node = setup.with_page(guard, checkout)
        browser = ready_browser(guard, checkout, node)
        env = _env() | {"PLAYWRIGHT_NODEJS_PATH": str(node.node)}
        with tempfile.TemporaryDirectory(prefix="kindline-pictures-") as base:
            guard.remove_at_end(Path(base))
            with stack(guard, checkout, env, Path(base), durable=False) as services:
                env |= services.env
                model = _start_model(guard, checkout, env, Path(base) / "log")
                return _make(guard, checkout, env, browser, model)


def _env() -> dict[str, str]:
    """As for tests, with the timers of a real server, and never on somebody's own database."""
    given = environment.test_env() | {"TIMINGS_SCALE": "1"}
    return {k: v for k, v in given.items() if k.removesuffix("_FILE") not in _NOT_WANTED}


def _start_model(guard: Warden, checkout: Checkout, env: dict[str, str], logs: Path) -> Child:
    port = str(free_port())
    env["REHEARSAL_URL"] = f"http://127.0.0.1:{port}/v1"
    words = ("rehearsal", "--port", port, "--pace", _TOKENS_PER_S)
    command = application.manage_command(checkout, *words)
    log = logs / "rehearsal.log"
    return guard.spawn("the built-in model", command, log=log, env=env, cwd=checkout.root)


def _make(
    guard: Warden, checkout: Checkout, env: dict[str, str], browser: Path, model: Child
) -> int:
    data.prepare(guard, checkout, env, ours=False)
    with step("making the demo's threads"):
        run_tool(guard, checkout, "demo", application.manage_command(checkout, "demo"), env=env)
    port = free_port()
    server = application.start_server(guard, checkout, env, port=port)
    try:
        application.await_rehearsal(model)
        application.await_answer(server, port=port)
        words = _order(guard, checkout, env, f"http://127.0.0.1:{port}", browser)
        command = checkout.python_command("-m", "config.pictures", *words)
        return foreground(guard, command, env=env, cwd=checkout.root)
    finally:
        for child in (server, model):
            guard.end(child)


def _order(
    guard: Warden, checkout: Checkout, env: dict[str, str], url: str, browser: Path
) -> list[str]:
    link = application.admin_link(guard, checkout, env, url=url).removeprefix("admin: ")
    return [
        *("--url", url, "--admin-link", link, "--browser", str(browser)),
        *("--into", str(checkout.root / "docs" / "pictures")),
    ]
