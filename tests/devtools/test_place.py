"""What keeps a start from ending half-way: rights, room, a mount's options."""

from __future__ import annotations

import errno
import os
import pwd
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.devtools import place
from config.devtools.checkout import Checkout
from config.devtools.say import Trouble

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others may look into, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def ordinary_user() -> Iterator[str]:
    """Be nobody for a while where the tests run as root, to whom everything is open."""
    if os.getuid():
        yield pwd.getpwuid(os.getuid()).pw_name
        return
    os.setresuid(NOBODY.pw_uid, NOBODY.pw_uid, 0)
    try:
        yield NOBODY.pw_name
    finally:
        os.setresuid(0, 0, 0)


def checkout_in(folder: Path) -> Checkout:
    """One in which all is made that a start makes."""
    for made in (".venv/.kindline-packages", "frontend/node_modules/.kindline-stamp"):
        (folder / made).parent.mkdir(parents=True)
        (folder / made).touch()
    (folder / ".run" / "pg" / "data").mkdir(parents=True)
    return Checkout(folder)


def test_a_folder_of_ones_own_will_do(folder: Path) -> None:
    place.refuse_unusable(checkout_in(folder))


def test_a_folder_of_somebody_else_is_named_with_its_owner() -> None:
    with ordinary_user() as me, pytest.raises(Trouble) as trouble:
        place.refuse_unusable(Checkout(Path("/usr")))

    line = f"/usr belongs to root, you are {me} and cannot write there: sudo chown -R {me} /usr, "
    assert str(trouble.value) == f"{line}or clone it anew as {me}"


def test_what_root_left_in_the_checkout_is_found_before_any_work(folder: Path) -> None:
    checkout = checkout_in(folder)
    for made in (folder, *folder.rglob("*")):
        made.chmod(0o777)
    (folder / "frontend" / "dist").symlink_to("/usr")

    with ordinary_user(), pytest.raises(Trouble, match=r"/dist belongs to root, you are "):
        place.refuse_unusable(checkout)


def test_a_folder_closed_to_oneself_is_told_apart(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    if os.getuid() == 0:
        os.chown(closed, NOBODY.pw_uid, -1)
    closed.chmod(0o500)

    with ordinary_user():
        told = place.unwritable(closed / "new" / "file")

    assert told == f"{closed} cannot be written, not even by you: chmod u+rwx {closed}"


def test_too_little_room_is_refused_with_the_figures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = checkout_in(folder)
    (checkout.venv / ".kindline-packages").unlink()
    monkeypatch.setattr(place, "_VENV", 10**9)

    with pytest.raises(Trouble, match=r" has \d+ MB free, a start needs 1000000060 MB: make room"):
        place.refuse_unusable(checkout)


def test_what_is_there_needs_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_VENV", 10**9)

    place.refuse_unusable(checkout_in(folder))


def test_a_mount_that_starts_no_programs_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOEXEC))

    with pytest.raises(Trouble, match="is mounted noexec, no program may start there: mount it"):
        place.refuse_unusable(checkout_in(folder))


def test_a_read_only_disk_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))

    told = place.unwritable(Path("/usr"))

    assert told == "/usr cannot be written, its disk is mounted read-only: clone it elsewhere"


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (errno.ENOSPC, r"the disk is full \(\d+ MB are left in /.*\): make room and start again"),
        (errno.ENOENT, "No such file or directory: /usr/x"),
    ],
)
def test_an_error_in_mid_work_is_one_line(number: int, line: str) -> None:
    told = place.explained(OSError(number, os.strerror(number), "/usr/x"))

    assert re.fullmatch(line, told)


def test_caches_go_elsewhere_where_the_home_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_CACHE_DIR", "npm_config_cache"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/usr")
    monkeypatch.setenv("UV_CACHE_DIR", "/chosen")

    with ordinary_user():
        moved = place.cache_env(Checkout(folder))

    cache = folder / ".run" / "cache"
    assert moved == {"PIP_CACHE_DIR": f"{cache}/pip", "npm_config_cache": f"{cache}/npm"}


def test_caches_stay_in_a_home_that_takes_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))

    assert place.cache_env(Checkout(folder)) == {}
