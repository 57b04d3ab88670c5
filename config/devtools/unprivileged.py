"""Postgres refuses to run as root: find a way to run it as somebody else.

Three ways, the first that works:
1. a user namespace: root looks like an ordinary user inside, the files stay root's;
2. as `nobody`, where nobody can reach the programs and the data;
3. as `nobody` with CAP_DAC_OVERRIDE, for a checkout under a folder closed to others.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

from config.devtools.processes import MYSELF, Who, clean_env
from config.devtools.say import Trouble
from config.devtools.tools import on_path


def somebody(programs: Path, base: Path) -> Who:
    """Choose who runs Postgres; `base` (its folder) is given to that user."""
    if os.geteuid() != 0:
        return MYSELF
    for who in ways():
        give(base, who)
        if _can_run(who, programs, base):
            return who
    raise Trouble(
        "Postgres does not run as root, and neither a user namespace nor `nobody` can run it "
        "here: start ./dev as an ordinary user, or set DATABASE_URL"
    )


def ways() -> Iterator[Who]:
    # initdb looks its user up by number: take one that has a name.
    ordinary = next((user for user in pwd.getpwall() if user.pw_uid), None)
    if ordinary and (unshare := on_path("unshare")):
        as_user = (f"--map-user={ordinary.pw_uid}", f"--map-group={ordinary.pw_gid}")
        yield Who(prefix=(str(unshare), "--user", *as_user, "--"))
    nobody = pwd.getpwnam("nobody")
    yield Who(uid=nobody.pw_uid, gid=nobody.pw_gid)
    if setpriv := on_path("setpriv"):
        yield Who(prefix=(str(setpriv), *_setpriv_options(nobody), "--"), owner=nobody.pw_uid)


def _setpriv_options(user: pwd.struct_passwd) -> tuple[str, ...]:
    only = "-all,+dac_override"
    return (
        # Else access(2), by which initdb looks for postgres, forgets the capability.
        "--securebits=+no_setuid_fixup",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        f"--inh-caps={only}",
        f"--ambient-caps={only}",
        f"--bounding-set={only}",
    )


def give(base: Path, who: Who) -> None:
    """Make `base` and all in it belong to the user who runs Postgres."""
    places = (place for place in (base, base / "data") if place.exists())
    if os.geteuid() != 0 or all(place.stat().st_uid == who.file_owner for place in places):
        return
    for folder, _, files in os.walk(base):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, who.file_owner, -1, follow_symlinks=False)


def _can_run(who: Who, programs: Path, base: Path) -> bool:
    """Try it: run the program, and look into the data's folder."""
    script = 'exec 2>/dev/null; cd -- "$2" && "$1" --version'
    command = [*who.prefix, "/bin/sh", "-c", script, "sh", str(programs / "postgres"), str(base)]
    try:
        done = subprocess.run(
            command, capture_output=True, cwd="/", env=clean_env(), **who.popen_arguments()
        )
    except OSError:
        return False
    return done.returncode == 0
