"""The project's own programs as ./dev starts them: manage.py, the built-in model, the server."""

from __future__ import annotations

import http.client
import time
from contextlib import closing, suppress

from config.devtools.checkout import Checkout
from config.devtools.environment import has
from config.devtools.processes import Child, Warden, free_port
from config.devtools.say import Trouble
from config.devtools.tools import run_tool

_START_S = 60.0


def manage_command(checkout: Checkout, *arguments: str) -> list[str]:
    return checkout.python_command(checkout.root / "manage.py", *arguments)


def start_rehearsal(guard: Warden, checkout: Checkout, env: dict[str, str]) -> list[Child]:
    """Start the built-in scripted model when none is configured; sets REHEARSAL_URL in `env`."""
    if has(env, "OPENAI_API_KEY") or has(env, "OPENAI_BASE_URL") or has(env, "REHEARSAL_URL"):
        return []
    if not _is_on(env, "DEBUG") and not _is_on(env, "ALLOW_REHEARSAL"):
        return []  # chat is refused then, and Help is served
    port = free_port()
    env["REHEARSAL_URL"] = f"http://127.0.0.1:{port}/v1"
    command = manage_command(checkout, "rehearsal", "--port", str(port))
    log = checkout.logs / "rehearsal.log"
    return [guard.spawn("the built-in model", command, log=log, env=env, cwd=checkout.root)]


def start_server(guard: Warden, checkout: Checkout, env: dict[str, str], *, port: int) -> Child:
    """Start the server as the image does; its log goes to the terminal."""
    command = checkout.python_command("-m", "config.serve", "--port", str(port), "--grace", "3")
    return guard.spawn("the server", command, env=env, cwd=checkout.root)


def start_worker(guard: Warden, checkout: Checkout, env: dict[str, str]) -> Child:
    """Start the worker, which removes what is kept no longer."""
    command = manage_command(checkout, "procrastinate", "worker")
    log = checkout.logs / "worker.log"
    return guard.spawn("the worker", command, log=log, env=env, cwd=checkout.root)


def _is_on(env: dict[str, str], name: str) -> bool:
    """As config.env reads it."""
    return env.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def await_rehearsal(child: Child) -> None:
    """Wait until it says that it listens."""
    deadline = time.monotonic() + _START_S
    while "rehearsal: ready" not in child.log_text:
        if not child.alive or time.monotonic() > deadline:
            raise Trouble(child.last_words())
        time.sleep(0.05)


def await_answer(server: Child, *, port: int) -> None:
    """Wait until / is answered, or raise with the reason."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if not server.alive:
            raise Trouble(f"{server.last_words()}: its own words stand above")
        with suppress(OSError, http.client.HTTPException):
            if (status := _status_of_root(port)) >= 500:
                raise Trouble(f"the server answers / with status {status}")
            return
        time.sleep(0.05)
    raise Trouble(f"the server does not answer on port {port} after {_START_S:.0f} s")


def _status_of_root(port: int) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("GET", "/")
        return line.getresponse().status


def admin_link(guard: Warden, checkout: Checkout, env: dict[str, str], *, url: str) -> str:
    """The line with a one-time link into the admin; DEBUG only."""
    command = manage_command(checkout, "admin_link", "--base-url", url)
    log = run_tool(guard, checkout, "admin_link", command, env=env)
    lines = log.read_text("utf-8").splitlines()
    log.unlink()  # the link opens the admin: it is shown, not kept
    return next(line for line in lines if line.startswith("admin:"))
