from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.devtools.checkout import this_checkout
from config.devtools.commands import COMMANDS

DEV = this_checkout().root / "dev"


def dev(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DEV, *words], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["run", "--port"],
        ["run", "--port", "http"],
        ["run", "--port=65536"],
        ["run", "8000"],
        ["check", "realtime"],
        ["demo", "--base-url"],
    ],
)
def test_words_it_does_not_know_get_one_line_and_status_2(words: list[str]) -> None:
    done = dev(*words)

    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_word_is_answered_with_the_known_ones() -> None:
    assert "say one of run, test, check" in dev("serve").stderr


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_names_every_command_from_any_folder(word: str, tmp_path: Path) -> None:
    shown = dev(word, cwd=tmp_path).stdout

    assert all(f"./dev {name}" in shown for name in COMMANDS)


def test_what_does_not_exist_yet_says_so() -> None:
    done = dev("audit")

    assert (done.returncode, done.stdout) == (0, "nothing yet\n")


def test_a_taken_port_is_said_before_anything_is_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = dev("run", "--port", str(port))

    assert done.returncode == 1
    taken_by = f"dev: port {port} is taken by another program: stop what listens there, or "
    assert done.stderr == f"{taken_by}./dev run --port {port + 1}\n"


def test_an_old_python_is_refused_in_one_line() -> None:
    code = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['dev']; exec(open('dev').read())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=DEV.parent, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("dev: needs Python 3.11 or newer")
    assert len(done.stderr.splitlines()) == 1


def test_an_unexpected_error_is_one_line_and_its_trace_a_file(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from config.devtools import checkout, commands as c;"
        f"c.this_checkout = lambda: checkout.Checkout(Path({str(tmp_path)!r}));"
        "c.COMMANDS['bench'] = c.Command('', '', lambda *_: 1 // 0); c.main(['bench'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=DEV.parent, check=False
    )

    assert done.stderr.startswith("dev: unexpected ZeroDivisionError: ")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" in (tmp_path / ".run" / "log" / "dev.log").read_text("utf-8")
