"""What ./dev run finds out about settings and services before anything depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from config.devtools import preflight
from config.devtools.environment import check_env
from config.devtools.processes import Warden, guarded
from config.devtools.say import Trouble
from config.devtools.stack import stack
from tests.support.checkout import here

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of a real Postgres and Valkey, both with passwords."""
    base = tmp_path_factory.mktemp("services")
    with guarded() as guard, stack(guard, here(), {}, base, durable=False) as services:
        yield services.env


def look(guard: Warden, **given: str) -> None:
    nothing = dict.fromkeys(("DATABASE_URL", "REDIS_URL"), "")
    preflight.finish(guard, preflight.begin(guard, here(), check_env() | nothing | given))


def test_what_makes_sense_passes_in_silence(
    guard: Warden, given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    look(guard, **given)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("OPENAI_WIRE", "nonsense", r"^OPENAI_WIRE='nonsense': say one of auto, responses, chat$"),
        (
            "OPENAI_BASE_URL",
            "127.0.0.1",
            r"^OPENAI_BASE_URL: say an address like https://host/v1$",
        ),
        (
            "OPENAI_BASE_URL",
            "https://joe:pw@127.0.0.1/v1",
            r"^OPENAI_BASE_URL holds a user or password: use OPENAI_API_KEY instead$",
        ),
        ("DATABASE_URL", "mysql://a@h/d", r"^DATABASE_URL: say an address like postgres://"),
        (
            "DATABASE_URL",
            "postgres://a:b@127.0.0.1:1/d",
            r"refused: start Postgres there, .*unset",
        ),
        ("DATABASE_URL", "postgres://a:b@nowhere.invalid/d", r"^DATABASE_URL: .*: mend the host"),
        ("REDIS_URL", "127.0.0.1:6379", r"^REDIS_URL: say an address like redis://"),
    ],
)
def test_what_cannot_work_is_one_line(guard: Warden, name: str, value: str, line: str) -> None:
    with pytest.raises(Trouble, match=line):
        look(guard, **{name: value})


@pytest.mark.parametrize(
    ("part", "wrong", "line"),
    [
        ("password", "wrong", 'password authentication failed for user "kindline": mend user and'),
        ("path", "/missing", 'database "missing" does not exist: mend the name in it, or make'),
        ("path", "/postgres?sslmode=require", r"SSL was required: mend \?sslmode="),
    ],
)
def test_a_postgres_that_refuses_says_how_to_mend_the_address(
    part: str, wrong: str, line: str, guard: Warden, given: dict[str, str]
) -> None:
    url = urlsplit(given["DATABASE_URL"])
    right = {"password": url.password, "path": url.path} | {part: wrong}
    address = f"postgres://{url.username}:{right['password']}@127.0.0.1:{url.port}{right['path']}"

    with pytest.raises(Trouble, match=line) as trouble:
        look(guard, DATABASE_URL=address)

    assert str(url.password) not in str(trouble.value)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            "create database odd encoding 'SQL_ASCII' template template0 locale_provider libc "
            "locale 'C'",
            "keeps SQL_ASCII, not",
        ),
        ("create database odd owner kindline", "may create no tables in that database: make it"),
    ],
)
def test_a_database_that_cannot_hold_it_is_refused(
    make: str, line: str, guard: Warden, given: dict[str, str]
) -> None:
    url = urlsplit(given["DATABASE_URL"])
    with psycopg.connect(given["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("drop database if exists odd")
        connection.execute("drop role if exists guest")
        connection.execute("create role guest login password 'x'")
        connection.execute(make.encode())

    with pytest.raises(Trouble, match=line):
        look(guard, DATABASE_URL=f"postgres://guest:x@127.0.0.1:{url.port}/odd")


def test_a_wrong_password_of_redis_is_refused(guard: Warden, given: dict[str, str]) -> None:
    port = urlsplit(given["REDIS_URL"]).port

    with pytest.raises(Trouble, match=r"^REDIS_URL: .*: mend the password in it$"):
        look(guard, REDIS_URL=f"redis://:wrong@127.0.0.1:{port}/0")


@pytest.mark.parametrize("options", ["db=abc", "nonsense=x", "encoding=x", "retry=x"])
def test_options_of_redis_that_make_no_sense_are_one_line(
    options: str, guard: Warden, given: dict[str, str]
) -> None:
    line = r"^REDIS_URL: the options after its \? make no sense: mend them, or unset it [^\n]*$"

    with pytest.raises(Trouble, match=line):
        look(guard, REDIS_URL=f"{given['REDIS_URL']}?{options}")


def test_a_redis_that_is_away_is_no_reason_not_to_start(
    guard: Warden, capsys: pytest.CaptureFixture[str]
) -> None:
    look(guard, REDIS_URL="redis://127.0.0.1:1/0")

    told = capsys.readouterr().err
    assert told.startswith("REDIS_URL: connecting to 127.0.0.1:1. Connection refused: serving")
    assert len(told.splitlines()) == 1
