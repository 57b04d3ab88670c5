"""A private Postgres of one checkout: 127.0.0.1, a free port, a random password.

`base` holds `data` (the cluster) and `password` (0600): who deletes one deletes both.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.devtools import leftover
from config.devtools.keys import new_secret, write_private
from config.devtools.place import least_room
from config.devtools.processes import FULL, Child, Warden, Who, clean_env, free_port, telling_line
from config.devtools.say import Trouble
from config.devtools.unprivileged import somebody

USER = "kindline"
_START_S = 60.0
# Durable is Postgres' default; a test's data may be lost with the machine.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
# Words of a Postgres that finds its data not as it left them.
_BROKEN = ("PANIC:", "could not open file", "could not load", "configuration", "WAL directory")
_STAMPED = re.compile(r"^(\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] |but )")


@dataclass(frozen=True)
class Cluster:
    """One data directory, the programs that run it, and who runs them."""

    programs: Path
    base: Path
    logs: Path
    who: Who

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def password_file(self) -> Path:
        return self.base / "password"

    @property
    def major(self) -> int:
        # "postgres (PostgreSQL) 18.6", "... 15.9 (Debian 15.9-0+deb12u1)", "... 19beta1"
        command = [*self.who.prefix, str(self.programs / "postgres"), "--version"]
        who = self.who.popen_arguments()
        answer = subprocess.run(command, capture_output=True, text=True, cwd="/", **who)
        if not (found := re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)):
            raise Trouble(f"{self.programs}: its postgres does not tell its version")
        return int(found[1])


@contextlib.contextmanager
def postgres(
    guard: Warden, programs: Path, base: Path, logs: Path, *, durable: bool
) -> Iterator[tuple[str, Child]]:
    """Run the cluster in `base`, made when missing; give its URL and process."""
    base.mkdir(parents=True, exist_ok=True)
    base.chmod(0o700)
    cluster = Cluster(programs, base, logs, somebody(programs, base))
    if not cluster.data.exists():
        _create(guard, cluster, durable=durable)
    if not cluster.password_file.exists():
        raise Trouble(f"{cluster.password_file} is lost: move {base} away to start empty")
    cluster.data.chmod(0o700)  # Postgres insists, and a backup may have opened it
    _refuse_another_major(cluster)
    leftover.clear(cluster.data)
    port, server = _start(guard, cluster, durable=durable)
    try:
        password = cluster.password_file.read_text("ascii")
        yield f"postgres://{USER}:{password}@127.0.0.1:{port}/postgres", server
    finally:
        guard.end(server)


def postgres_env() -> dict[str, str]:
    env = {key: value for key, value in clean_env().items() if not key.startswith("PG")}
    return env | {"LC_ALL": "C", "TZ": "UTC"}


def _create(guard: Warden, cluster: Cluster, *, durable: bool) -> None:
    """Run initdb beside and rename: a start that was killed leaves no half cluster."""
    fresh = cluster.base / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    write_private(cluster.password_file, new_secret())
    os.chown(cluster.password_file, cluster.who.file_owner, -1)
    options = [
        f"--pgdata={fresh}",
        f"--username={USER}",
        f"--pwfile={cluster.password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *([] if durable else ["--no-sync"]),
        *_locale(cluster.major),
    ]
    made = _spawn(guard, cluster, "initdb", options)
    try:
        code = made.process.wait()
    finally:
        guard.end(made)
    if code:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Trouble(f"Postgres could not make its data: {_why(cluster, made)}")
    fresh.rename(cluster.data)


def _spawn(guard: Warden, cluster: Cluster, program: str, options: Sequence[str]) -> Child:
    return guard.spawn(
        "Postgres",
        [str(cluster.programs / program), *options],
        log=cluster.logs / f"{program}.log",
        env=postgres_env(),
        cwd="/",
        who=cluster.who,
        polite=signal.SIGINT,  # its "fast shutdown": roll back, write, close
    )


def _locale(major: int) -> list[str]:
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _refuse_another_major(cluster: Cluster) -> None:
    try:
        made_by = int((cluster.data / "PG_VERSION").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        raise Trouble(f"{cluster.data} is no whole Postgres: {_broken(cluster)}") from None
    if made_by != cluster.major:
        raise Trouble(
            f"{cluster.data} was made by Postgres {made_by}, this one is {cluster.major}: "
            f"set PG_BIN to a Postgres {made_by}, or move the folder away to start empty"
        )


def _start(guard: Warden, cluster: Cluster, *, durable: bool) -> tuple[int, Child]:
    """Start on a free port; another one when somebody took it in between."""
    for _ in range(3):
        port = free_port()
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        settings += ["max_connections=200", *(() if durable else _FAST)]
        options = [part for setting in settings for part in ("-c", setting)]
        server = _spawn(guard, cluster, "postgres", ["-D", str(cluster.data), *options])
        if _comes_up(server, cluster.data):
            return port, server
        guard.end(server)
        if "Address already in use" not in server.log_text:
            break
    raise Trouble(f"Postgres did not start: {_why(cluster, server)}")


def _why(cluster: Cluster, child: Child) -> str:
    """Its own word, and what helps where that is known."""
    line = _STAMPED.sub("", telling_line(child.log_text))
    if FULL in line:
        return f"the disk is full ({least_room()[1]}): make room and start again"
    if "could not look up effective user" in line:
        return f"{line}: start ./dev as a user with a name, or set DATABASE_URL"
    if any(sign in line for sign in _BROKEN):
        return f"{line}: {_broken(cluster)}"
    return f"{line} (log: {child.log})"


def _broken(cluster: Cluster) -> str:
    return f"bring {cluster.base} back from a backup, or move it away to start empty"


def _comes_up(server: Child, data: Path) -> bool:
    """Wait for the eighth line of postmaster.pid to say ready."""
    deadline = time.monotonic() + _START_S
    while server.alive and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            status = (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
            if len(status) >= 8 and status[7].strip() == "ready":
                return True
        time.sleep(0.02)
    return False
