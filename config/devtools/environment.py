"""What the project's programs find in their environment: the caller's, .env, what ./dev adds."""

from __future__ import annotations

import secrets
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.keys import kept_secret
from config.devtools.processes import clean_env
from config.devtools.say import Trouble

# Where nothing listens: for commands that read the settings and need no database.
NOWHERE = {
    "DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def run_env(checkout: Checkout) -> dict[str, str]:
    """For `run` and `manage`: .env is read, DEBUG is on unless said otherwise."""
    env = dotenv(checkout.root / ".env") | _given(clean_env())
    env.setdefault("DEBUG", "1")
    if not has(env, "SECRET_KEY"):
        kept_secret(checkout.run / "secret_key")
        env["SECRET_KEY_FILE"] = str(checkout.run / "secret_key")
    return env


def test_env() -> dict[str, str]:
    """For `test`: fast timers, and no key or model of the caller, so that no test can spend."""
    env = {key: value for key, value in clean_env().items() if not key.startswith("OPENAI_")}
    env.pop("SECRET_KEY_FILE", None)
    return env | {"DEBUG": "1", "SECRET_KEY": "test", "TIMINGS_SCALE": "0.1"}


def check_env() -> dict[str, str]:
    """For checks that need the settings only."""
    files = {f"{name}_FILE" for name in (*NOWHERE, "SECRET_KEY")}
    env = {key: value for key, value in clean_env().items() if key not in files}
    return env | NOWHERE | {"DEBUG": "1", "SECRET_KEY": "check"}


def production_env() -> dict[str, str]:
    """What a deployment sets, for `check --deploy`."""
    return check_env() | {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "PUBLIC_URL": "https://kindline.example",
        "TRUSTED_PROXIES": "127.0.0.1",
        "OPERATOR_CONTACT": "safety@kindline.example",
    }


def has(env: dict[str, str], name: str) -> bool:
    """Say whether NAME, or the file NAME_FILE, is given."""
    return bool(env.get(name) or env.get(f"{name}_FILE"))


def debugging(env: dict[str, str]) -> bool:
    return env["DEBUG"].lower() not in {"0", "no", "off", "false"}


def dotenv(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; blank values count as not given."""
    if not path.is_file():
        return {}
    values = {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Trouble(f"{path} is not UTF-8: save it as UTF-8") from None
    for number, line in enumerate(text.splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip().isidentifier():
            raise Trouble(f"{path}:{number}: expected KEY=VALUE")
        values[key.strip()] = _unquoted(value.strip())
    return _given(values)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


def _given(values: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value.strip()}
