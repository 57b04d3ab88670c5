"""`./dev run`: the whole of Kindline on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from config.devtools import application, data, model, place, preflight, setup, state
from config.devtools.checkout import Checkout
from config.devtools.environment import debugging, run_env
from config.devtools.processes import Child, Warden, guarded
from config.devtools.say import Trouble, note, result, step
from config.devtools.stack import stack


def run(checkout: Checkout, *, port: int) -> NoReturn:
    """Install, start and serve until Ctrl-C or SIGTERM."""
    refuse_taken(checkout, port)
    place.refuse_unusable(checkout)
    me = state.Running(os.getpid(), "run", f"http://127.0.0.1:{port}")
    with state.own_stack(checkout, me) as lock, guarded(hold=[lock]) as guard:
        setup.with_page(guard, checkout)
        env = run_env(checkout)
        settings = preflight.begin(guard, checkout, env)
        with stack(guard, checkout, env, checkout.run, durable=True) as services:
            preflight.finish(guard, settings)
            env |= services.env
            rehearsal = application.start_rehearsal(guard, checkout, env)
            data.prepare(guard, checkout, env, ours="DATABASE_URL" in services.env)
            state.publish(checkout, replace(me, env=addresses(env)))
            server = application.start_server(guard, checkout, env, port=port)
            workers: list[Child] = []
            try:
                _await(server, rehearsal, port=port)
                result(f"ready: {me.url}")
                _offer_admin(guard, checkout, env, me.url)
                trial = model.begin(guard, checkout, env)
                # Last, for no one waits for it and it costs a processor two seconds.
                workers.append(application.start_worker(guard, checkout, env))
                _watch(guard, [server, *rehearsal, *services.children], workers, trial)
            finally:
                for child in (*workers, server, *rehearsal):
                    guard.end(child)


def refuse_taken(checkout: Checkout, port: int) -> None:
    """Raise when something listens on this port, before any work is done."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections fade out counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            kept = "ports below 1024 are for root" if port < 1024 else "the system keeps it"
            raise Trouble(f"port {port}: {kept}: ./dev run --port 8000") from None
        except OSError:
            state.refuse_second(checkout, port)
            other = port + 1 if port < 65535 else 8000
            cure = f"stop what listens there, or ./dev run --port {other}"
            raise Trouble(f"port {port} is taken by another program: {cure}") from None


def addresses(env: dict[str, str]) -> dict[str, str]:
    """What a joining `./dev manage` needs to know."""
    names = ("DATABASE_URL", "REDIS_URL", "REHEARSAL_URL")
    return {name: env[name] for name in names if env.get(name)}


def _await(server: Child, rehearsal: Sequence[Child], *, port: int) -> None:
    with step("starting the server"):
        for model in rehearsal:
            application.await_rehearsal(model)
        application.await_answer(server, port=port)


def _offer_admin(guard: Warden, checkout: Checkout, env: dict[str, str], url: str) -> None:
    """Show a one-time link; the server serves on without."""
    if not debugging(env):
        return
    try:
        result(application.admin_link(guard, checkout, env, url=url))
    except Trouble as trouble:
        note(f"no admin link: {trouble}")


def _watch(
    guard: Warden, children: Sequence[Child], workers: list[Child], trial: model.Trial | None
) -> NoReturn:
    """Raise when a part ends by itself, let Ctrl-C pass; tell how the model's trial ends."""
    while guard.alive:
        _look_after(workers)
        if trial and trial.over:
            trial.tell()
            trial = None
        for child in children:
            if not child.alive:
                raise Trouble(child.last_words())
        time.sleep(0.2)
    raise Trouble("the guard process was killed: stopping")


def _look_after(workers: list[Child]) -> None:
    """Say when one is gone: the server serves on without."""
    for worker in [each for each in workers if not each.alive]:
        workers.remove(worker)
        note(f"{worker.last_words()}: old conversations stay until the next ./dev run")
