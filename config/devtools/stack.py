"""Postgres and Valkey together, or the ones whose addresses are given."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.devtools.binaries import postgres_bin, valkey_bin
from config.devtools.checkout import Checkout
from config.devtools.environment import has
from config.devtools.postgres import postgres
from config.devtools.processes import Child, Warden
from config.devtools.say import step
from config.devtools.valkey import valkey


@dataclass(frozen=True)
class Stack:
    """Addresses for the environment, and the processes behind them."""

    env: dict[str, str]
    children: tuple[Child, ...]


@contextlib.contextmanager
def stack(
    guard: Warden, checkout: Checkout, env: dict[str, str], base: Path, *, durable: bool
) -> Iterator[Stack]:
    """Start what `env` gives no address for; data and logs lie under `base`."""
    logs = base / "log"
    found: dict[str, str] = {}
    children: list[Child] = []
    with contextlib.ExitStack() as running:
        if not has(env, "DATABASE_URL"):
            with step("starting Postgres"):
                programs = postgres_bin(checkout, env)
                found["DATABASE_URL"], server = running.enter_context(
                    postgres(guard, programs, base / "pg", logs, durable=durable)
                )
            children.append(server)
        if not has(env, "REDIS_URL"):
            with step("starting Valkey"):
                program = valkey_bin(checkout, env)
                found["REDIS_URL"], server = running.enter_context(valkey(guard, program, logs))
            children.append(server)
        yield Stack(found, tuple(children))
