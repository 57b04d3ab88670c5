from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.devtools import debian
from config.devtools.browser import find_browser
from config.devtools.checkout import Checkout
from config.devtools.node import ready_node
from config.devtools.processes import Warden, foreground, telling_line
from config.devtools.say import Trouble
from config.devtools.stamps import Stamp, fingerprint, tree_fingerprint
from config.devtools.tools import Distrusted, explained, run_tool
from tests.support.checkout import here


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.process
def test_an_installer_without_network_gets_one_line(guard: Warden, tmp_path: Path) -> None:
    nowhere = ["--index-url", "http://127.0.0.1:1/simple", "--no-cache-dir", "--retries", "1"]
    pip = ["-m", "pip", "--isolated", "install", "--dry-run", *nowhere, "no-such-thing"]
    command = here().python_command(*pip)
    alone = {"PIP_CONFIG_FILE": os.devnull}

    with pytest.raises(Trouble, match=r"^pip: cannot reach the package index: check the network"):
        run_tool(guard, Checkout(tmp_path), "pip", command, env=alone, fetches=True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("npm error code ENOSPC", "the disk is full"),
        ("npm error code ENOTFOUND", "cannot reach the package index"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "DO NOT MATCH THE HASHES"),
    ],
)
def test_a_failed_installer_is_explained(words: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"some\n{words}\n", "utf-8")

    assert line in str(explained("npm", tmp_path / "log", fetches=True))


def test_an_unknown_certificate_is_told_from_no_network(tmp_path: Path) -> None:
    words = "error sending request\ninvalid peer certificate: UnknownIssuer\n"
    (tmp_path / "log").write_text(words, "utf-8")

    assert isinstance(explained("uv", tmp_path / "log", fetches=True), Distrusted)


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (
            'FATAL:  could not open shared memory segment "/x": No such file\nLOG:  shut down\n',
            'FATAL:  could not open shared memory segment "/x": No such file',
        ),
        ("ERROR:  x: No space left on device\nPANIC:  cannot\n", "No space left on device"),
        (
            "npm error code X\nnpm error the lock is old: npm install\nnpm error log: y\n",
            "install",
        ),
        ("just\nwords\n", "words"),
        ("", ""),
    ],
)
def test_the_line_that_tells_the_cause_is_found(log: str, cause: str) -> None:
    assert telling_line(log).endswith(cause)


@pytest.mark.process
def test_a_command_in_front_gives_its_status(guard: Warden, tmp_path: Path) -> None:
    assert foreground(guard, ["sh", "-c", "exit 7"], env=os.environ, cwd=tmp_path) == 7


def test_an_old_node_is_passed_over_and_a_missing_one_explained(
    guard: Warden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program(tmp_path / "bin" / "node", "echo v18.20.1")
    program(tmp_path / "bin" / "npm", "echo 10")
    program(tmp_path / ".venv" / "bin" / "python", "echo 'dns error' >&2; exit 2")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin")

    with pytest.raises(Trouble, match=r"^no Node 20\.19 or newer found, and node: cannot"):
        ready_node(guard, Checkout(tmp_path))

    assert "node is 18.20, the page needs 20.19" in capsys.readouterr().err


def test_a_chosen_browser_that_does_not_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(program(tmp_path / "browser", "exit 1")))

    with pytest.raises(Trouble, match=r"BROWSER_PATH=.*/browser: it does not answer"):
        find_browser()


@pytest.mark.parametrize(("name", "may"), [("debian", True), ("ubuntu", False)])
def test_apt_is_used_by_root_on_debian_alone(
    name: str, may: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "os-release").write_text(f"NAME=x\nID={name}\n", "utf-8")
    program(tmp_path / "bin" / "apt-get", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert debian.can_install(tmp_path / "os-release") is may


def test_a_stamp_holds_until_a_file_changes(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("1", "utf-8")
    stamp = Stamp(tmp_path / "stamp")
    stamp.put(tree_fingerprint(tmp_path / "src", skip=()))
    assert stamp.holds(tree_fingerprint(tmp_path / "src", skip=()))

    (tmp_path / "src" / "a.ts").write_text("2", "utf-8")

    assert not stamp.holds(tree_fingerprint(tmp_path / "src", skip=()))


def test_moving_text_between_parts_changes_the_fingerprint() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
