"""The help pages as files: made at import and whenever the directory changes, read by `/help`.

A set of pages is a folder named by all that it was made of, and appears whole, by one rename.
Who knows the directory reads the set that was made of it, so that no older number is shown; who
has not reached the database yet reads the set that `current` names. Where there is no such file
the page is made from memory: nothing here raises, and nothing waits for the database.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone

from realtime.hotlines.directory import Directory
from realtime.hotlines.help_page import render_help
from realtime.hotlines.queries import directory_in_memory, stored_directory

logger = logging.getLogger(__name__)

_ROOM = Path(__file__).parent
_CURRENT = "current"
_GENERAL = "any"
_KEPT_SETS = 4  # an older server beside this one still reads its own
_CODE = re.compile(r"[A-Z]{2}")
_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class HelpPage:
    """`version` changes with the content, and with nothing else."""

    content: bytes
    version: str


def help_page(country: str | None) -> HelpPage:
    """Give the page for a country (any spelling; None asks which)."""
    content = _read(country) or _made(country)
    return HelpPage(content, hashlib.sha256(content).hexdigest()[:32])


def version() -> str:
    """Name the set of pages that is shown now."""
    directory = stored_directory()
    return set_name(directory) if directory else _current() or set_name(directory_in_memory())


def are_written() -> bool:
    """Say whether there are pages at all; servers see to it that they are the right ones."""
    name = _current()
    return name is not None and (Path(settings.HELP_DIR) / name).is_dir()


def write_pages(directory: Directory, *, pause_s: float = 0.0) -> bool:
    """Leave the set for a directory there, and `current` naming it; False where it cannot be.

    `pause_s`: between two pages, for whoever has other work in this process.
    """
    root = Path(settings.HELP_DIR)
    name = set_name(directory)
    try:
        with _writing:
            root.mkdir(parents=True, exist_ok=True)
            if not (root / name).is_dir():
                _write_set(root, name, directory, pause_s)
            os.utime(root / name)  # used last, removed last
            if _current() != name:
                _replace(root / _CURRENT, name.encode())
            _tidy(root)
    except OSError as error:
        logger.warning("help pages: no files (%s): made from memory", error.strerror)
        return False
    return True


def set_name(directory: Directory) -> str:
    return _set_name(directory, f"{timezone.now():%Y-%m}", static("hotlines/help.css"))


@lru_cache(maxsize=4)
def _set_name(directory: Directory, month: str, style: str) -> str:
    """Name a set by data, code, the month (old lines go last) and the address of the style."""
    facts = [*directory.countries.items(), *directory.needs.items(), *directory.audiences.items()]
    made_of = repr((facts, directory.lines, month, style)).encode()
    return hashlib.sha256(_code() + made_of).hexdigest()[:32]


@cache
def _code() -> bytes:
    sources = sorted([*_ROOM.glob("*.py"), *_ROOM.glob("templates/hotlines/*.html")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).digest()


def _read(country: str | None) -> bytes | None:
    """Give the file's content; None where there is none, or the country has to be looked up."""
    directory = stored_directory()
    name = set_name(directory) if directory else _current()
    page = _page_name(directory, country)
    if not name or not page:
        return None
    try:
        return (Path(settings.HELP_DIR) / name / page).read_bytes()
    except OSError:
        return None


def _page_name(directory: Directory | None, country: str | None) -> str | None:
    if country is None:
        return f"{_GENERAL}.html"
    code = directory.country_code(country) if directory else country.strip().upper()
    return f"{code}.html" if code and _CODE.fullmatch(code) else None


def _made(country: str | None) -> bytes:
    return render_help(directory_in_memory(), country=country, now=_of_day()).encode()


def _of_day() -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


def _current() -> str | None:
    try:
        name = (Path(settings.HELP_DIR) / _CURRENT).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return name if re.fullmatch(r"[0-9a-f]{32}", name) else None


def _write_set(root: Path, name: str, directory: Directory, pause_s: float) -> None:
    new = Path(tempfile.mkdtemp(prefix="new-", dir=root))
    try:
        for code in (None, *directory.countries):
            html = render_help(directory, country=code, now=_of_day())
            (new / f"{code or _GENERAL}.html").write_bytes(html.encode())
            time.sleep(pause_s)
        new.chmod(0o755)  # mkdtemp's is for its maker alone; the server may be another user
        new.rename(root / name)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not (root / name).is_dir():  # else another process was quicker
            raise


def _replace(path: Path, content: bytes) -> None:
    handle, new = tempfile.mkstemp(prefix="new-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(new, 0o644)
    os.replace(new, path)


def _tidy(root: Path) -> None:
    """Remove all but the newest sets; one that is being read now stays among them."""
    sets = [path for path in root.iterdir() if re.fullmatch(r"[0-9a-f]{32}", path.name)]
    newest = sorted(sets, key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest[_KEPT_SETS:]:
        shutil.rmtree(old, ignore_errors=True)
