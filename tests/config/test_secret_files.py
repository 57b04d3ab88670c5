from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.secret_files import main, make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folders as the image has them."""
    for name in ("app", "postgres", "valkey"):
        (tmp_path / name).mkdir()
    return tmp_path


def contents(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_text("ascii") for path in files}


def test_the_addresses_hold_the_passwords_that_the_servers_get(root: Path) -> None:
    make(root)

    made = contents(root)
    password, other = made["postgres/password"], made["valkey/password"]
    assert made["app/database_url"] == f"postgres://kindline:{password}@postgres:5432/kindline"
    assert made["app/redis_url"] == f"redis://:{other}@valkey:6379/0"
    assert made["valkey/valkey.conf"].startswith(f"requirepass {other}\n")


def test_all_three_are_long_and_differ(root: Path) -> None:
    make(root)

    made = contents(root)
    found = {made[name] for name in ("app/secret_key", "postgres/password", "valkey/password")}
    assert len(found) == 3
    assert all(len(each) >= 50 for each in found)


def test_a_second_start_changes_nothing(root: Path) -> None:
    make(root)
    first = contents(root)

    make(root)

    assert contents(root) == first


def test_a_lost_address_is_made_again_from_its_password(root: Path) -> None:
    make(root)
    first = contents(root)
    (root / "app" / "database_url").unlink()
    (root / "valkey" / "valkey.conf").unlink()

    make(root)

    assert contents(root) == first


def test_our_files_are_for_our_user_and_the_others_for_whoever_runs_there(root: Path) -> None:
    make(root)

    modes = {str(p.relative_to(root)): p.stat().st_mode & 0o777 for p in root.rglob("*/*")}
    assert modes == {
        **dict.fromkeys(("app/secret_key", "app/database_url", "app/redis_url"), 0o400),
        **dict.fromkeys(("postgres/password", "valkey/password", "valkey/valkey.conf"), 0o444),
    }


def test_a_write_that_was_killed_leaves_nothing_in_the_way(root: Path) -> None:
    (root / "app" / ".secret_key.new").write_text("ha")

    make(root)

    assert len(contents(root)["app/secret_key"]) >= 50


def test_a_folder_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"secrets: .*postgres.*: No such file or directory"):
        main([str(tmp_path)])


def test_it_runs_before_there_are_settings(root: Path) -> None:
    command = [sys.executable, "-S", "-m", "config.secret_files", str(root)]

    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(contents(root)) == 6
