"""`python -m config.secret_files FOLDER`: the secrets of one installation, each made once.

For docker-compose.yml, which mounts each folder below into those services alone that read it.
Postgres' and Valkey's files are open to every user inside, for who runs there is their image's
choice; ours are for our user. A lost address or configuration is written again from its password.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

OURS, THEIRS = 0o400, 0o444


def make(root: Path) -> None:
    """Leave every file there; what exists keeps its value. Raises OSError."""
    postgres = _kept(root / "postgres" / "password", THEIRS)
    valkey = _kept(root / "valkey" / "password", THEIRS)
    _put(root / "valkey" / "valkey.conf", _valkey_settings(valkey), THEIRS)
    _kept(root / "app" / "secret_key", OURS)
    database = f"postgres://kindline:{postgres}@postgres:5432/kindline"
    _put(root / "app" / "database_url", database, OURS)
    _put(root / "app" / "redis_url", f"redis://:{valkey}@valkey:6379/0", OURS)


def _valkey_settings(password: str) -> str:
    """It only passes words on: nothing goes to the disk."""
    return f'requirepass {password}\nsave ""\nappendonly no\n'


def _kept(path: Path, mode: int) -> str:
    if not path.exists():
        _put(path, secrets.token_urlsafe(48), mode)
    return path.read_text("ascii")


def _put(path: Path, text: str, mode: int) -> None:
    """Write in one step, whole or not at all, unless it says so already."""
    if path.exists() and path.read_text("ascii") == text:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    fresh.replace(path)


def main(words: Sequence[str]) -> None:
    """Make them below the folder named."""
    if len(words) != 1:
        sys.exit("say: python -m config.secret_files FOLDER")
    try:
        make(Path(words[0]))
    except OSError as error:
        sys.exit(f"secrets: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
