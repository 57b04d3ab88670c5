"""`./dev run`: the whole of Kindline on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence

from config.devtools import application, setup, state
from config.devtools.checkout import Checkout
from config.devtools.environment import run_env
from config.devtools.processes import Child, Warden, guarded
from config.devtools.say import Trouble, result, step
from config.devtools.stack import stack


def run(checkout: Checkout, *, port: int) -> int:
    """Install, start and serve until Ctrl-C or SIGTERM."""
    refuse_taken(port)
    url = f"http://127.0.0.1:{port}"
    me = state.Running(os.getpid(), "run", url)
    with state.own_stack(checkout, me) as lock, guarded(hold=[lock]) as guard:
        setup.with_page(guard, checkout)
        env = run_env(checkout)
        with stack(guard, checkout, env, checkout.run, durable=True) as services:
            env |= services.env
            children = [*services.children, *application.start_rehearsal(guard, checkout, env)]
            application.prepare_data(guard, checkout, env)
            state.publish(checkout, state.Running(me.pid, me.doing, url, addresses(env)))
            _serve(guard, checkout, env, children, port=port)
    return 0


def refuse_taken(port: int) -> None:
    """Raise when something listens on this port, before any work is done."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections fade out counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            raise Trouble(f"port {port} is the system's: ./dev run --port 8000") from None
        except OSError:
            other = port + 1 if port < 65535 else 8000
            raise Trouble(f"port {port} is taken: ./dev run --port {other}") from None


def addresses(env: dict[str, str]) -> dict[str, str]:
    """What a joining `./dev manage` needs to know."""
    names = ("DATABASE_URL", "REDIS_URL", "REHEARSAL_URL")
    return {name: env[name] for name in names if env.get(name)}


def _serve(
    guard: Warden, checkout: Checkout, env: dict[str, str], parts: Sequence[Child], *, port: int
) -> None:
    url = f"http://127.0.0.1:{port}"
    with step("starting the server"):
        link = application.start_admin_link(guard, checkout, env, url=url)
        server = application.start_server(guard, checkout, env, port=port)
    try:
        application.await_answer(server, port=port)
        result(f"ready: {url}")
        if link and (line := application.admin_link(guard, link)):
            result(line)
        _watch(guard, [server, *parts])
    finally:
        guard.end(server)


def _watch(guard: Warden, children: Sequence[Child]) -> None:
    """Return never: raise when a part ends by itself, let Ctrl-C pass."""
    while guard.alive:
        for child in children:
            if not child.alive:
                raise Trouble(child.last_words())
        time.sleep(0.2)
    raise Trouble("the guard process was killed: stopping")
