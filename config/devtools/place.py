"""Says before any work why a start would fail in this folder: rights, room, a mount's options."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

from config.devtools.checkout import Checkout, this_checkout
from config.devtools.say import Trouble

# What a start makes, in MB on Linux with its own Node: the packages (uv links them from its cache,
# where that lies on the same disk), the page's packages, an empty database; and some to breathe.
_VENV, _PAGE, _DATA, _SPARE = 920, 160, 60, 60


def refuse_unusable(checkout: Checkout) -> None:
    """Raise where a start would break off half-way."""
    for folder in _written(checkout):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Trouble(unwritable(folder))
    if os.statvfs(checkout.root).f_flag & getattr(os, "ST_NOEXEC", 0):
        cure = "mount it without noexec, or clone it elsewhere"
        raise Trouble(f"{checkout.root} is mounted noexec, no program may start there: {cure}")
    _refuse_full(checkout)


def unwritable(path: Path) -> str:
    """One line: why `path` cannot be written, and what to do."""
    place = _nearest(path)
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return f"{place} cannot be written, its disk is mounted read-only: clone it elsewhere"
    me, owner = _name(os.geteuid()), _name(place.stat().st_uid)
    if owner == me:
        return f"{place} cannot be written, not even by you: chmod u+rwx {place}"
    whole = this_checkout().root if this_checkout().root in place.parents else place
    cure = f"sudo chown -R {me} {whole}, or clone it anew as {me}"
    return f"{place} belongs to {owner}, you are {me} and cannot write there: {cure}"


def explained(error: OSError) -> str:
    """One line for an error that came in the middle of work."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full ({least_room()[1]}): make room and start again"
    if error.filename is None:
        return str(error)
    path = Path(os.fsdecode(error.filename))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and not os.access(path, os.W_OK):
        return unwritable(path)
    return f"{error.strerror}: {path}"


def least_room() -> tuple[int, str]:
    """MB free where a start writes and least is left, and that in words."""
    free = {place: shutil.disk_usage(place).free // 1_000_000 for place in _fillable()}
    place = min(free, key=free.__getitem__)
    return free[place], f"{free[place]} MB are left in {place}"


def cache_env(checkout: Checkout) -> dict[str, str]:
    """Where the tools keep downloads when the home is missing or closed; {} when it will do."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    kept = {"UV_CACHE_DIR": ".cache/uv", "PIP_CACHE_DIR": ".cache/pip", "npm_config_cache": ".npm"}
    return {
        name: str(checkout.run / "cache" / Path(place).name.lstrip("."))
        for name, place in kept.items()
        if name not in os.environ and not _can_make(home / place)
    }


def _can_make(path: Path) -> bool:
    return os.access(_nearest(path), os.W_OK | os.X_OK)


def _nearest(path: Path) -> Path:
    """What is not there is made in the first folder above that is."""
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))


def _written(checkout: Checkout) -> Iterator[Path]:
    page = checkout.frontend
    data = (checkout.run, checkout.run / "pg", checkout.run / "pg" / "data")
    made = (checkout.venv, *data, page / "node_modules", page / "dist")
    yield from (checkout.root, page)
    # Not Path.exists: it raises where the folder above is closed to us.
    yield from (folder for folder in made if os.path.exists(folder))


def _refuse_full(checkout: Checkout) -> None:
    needed = sum(size for sign, size in _to_make(checkout) if not os.path.exists(sign))
    free = shutil.disk_usage(checkout.root).free // 1_000_000
    if needed and free < needed + _SPARE:
        cure = "make room, or clone it to another disk"
        raise Trouble(
            f"{checkout.root} has {free} MB free, a start needs {needed + _SPARE} MB: {cure}"
        )


def _to_make(checkout: Checkout) -> list[tuple[Path, int]]:
    """Each thing's last sign of being whole, and its size in MB."""
    return [
        (checkout.venv / ".kindline-packages", _VENV),
        (checkout.frontend / "node_modules" / ".kindline-stamp", _PAGE),
        (checkout.run / "pg" / "data", _DATA),
    ]


def _fillable() -> list[Path]:
    places = (this_checkout().root, os.environ.get("HOME"), os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - looked at, not written
    return [Path(place) for place in places if place and os.path.isdir(place)]


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
