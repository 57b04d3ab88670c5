from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.devtools import environment
from config.devtools.checkout import Checkout, this_checkout
from config.devtools.say import Trouble

ROOT = this_checkout().root


def test_dotenv_takes_the_forms_people_write(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\n\nA=1\nexport B = two words # why\nC='#3'\nD=\"x=y\"\nE=\n", "utf-8"
    )

    read = environment.dotenv(tmp_path / ".env")

    assert read == {"A": "1", "B": "two words", "C": "#3", "D": "x=y"}


def test_a_line_that_says_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nnonsense\n", "utf-8")

    with pytest.raises(Trouble, match=r"\.env:2: expected KEY=VALUE"):
        environment.dotenv(tmp_path / ".env")


def test_a_dotenv_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\r\nB=  \r\n")

    assert environment.dotenv(tmp_path / ".env") == {"A": "1"}


def test_a_dotenv_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")

    with pytest.raises(Trouble, match=r"\.env is not UTF-8: save it as UTF-8"):
        environment.dotenv(tmp_path / ".env")


def test_the_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OPENAI_MODEL=from-file\nOPENAI_WIRE=chat\n", "utf-8")
    monkeypatch.setenv("OPENAI_MODEL", "from-environment")
    monkeypatch.setenv("OPENAI_WIRE", "")

    env = environment.run_env(Checkout(tmp_path))

    assert (env["OPENAI_MODEL"], env["OPENAI_WIRE"]) == ("from-environment", "chat")


def test_the_secret_key_is_made_once_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    file = Path(environment.run_env(Checkout(tmp_path))["SECRET_KEY_FILE"])
    first = file.read_text("ascii")

    environment.run_env(Checkout(tmp_path))

    assert file.read_text("ascii") == first
    assert len(first) >= 50
    assert file.stat().st_mode & 0o777 == 0o600


def test_tests_get_no_key_to_spend_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up")

    assert not [name for name in environment.test_env() if name.startswith("OPENAI_")]


@pytest.mark.parametrize("name", ["settings.py", "devtools/binaries.py", "devtools/browser.py"])
def test_every_variable_stands_in_the_example(name: str) -> None:
    code = (ROOT / "config" / name).read_text("utf-8")
    example = (ROOT / ".env.example").read_text("utf-8")

    read = re.findall(r'(?:env_\w+|env\.get|environ\.get)\(\s*"([A-Z_]+)"', code)
    listed = re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)

    assert read
    assert set(read) <= set(listed)


def test_the_example_lists_nothing_that_nobody_reads() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    readers = [*(ROOT / "config").rglob("*.py"), ROOT / "docker-compose.yml"]
    code = "".join(path.read_text("utf-8") for path in readers)

    listed = re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)

    assert [name for name in listed if not re.search(rf'["{{]{name}\b', code)] == []
