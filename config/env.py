"""Reads settings from the environment through django-environ and refuses nonsense loudly.

Every reader raises ImproperlyConfigured with the variable's name and what it takes. Blank counts
as not given, as in .env: a compose file hands on what the operator left blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def env_str(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default)).strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    raw = env_str(name, "on" if default else "off").lower()
    if raw in _TRUE:
        return True
    if raw in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r}: say on or off")


def env_int(name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
    raw = env_str(name, str(default))
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r}: must be a whole number") from None
    if value < least:
        raise ImproperlyConfigured(f"{name}={value}: must be {least} or more")
    if most is not None and value > most:
        raise ImproperlyConfigured(f"{name}={value}: must be {most} or less")
    return value


def env_float(
    name: str, *, default: float, above: float = 0.0, most: float | None = None
) -> float:
    raw = env_str(name, str(default))
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r}: must be a number") from None
    if not above < value < float("inf"):
        raise ImproperlyConfigured(f"{name}={raw}: must be above {above:g} and finite")
    if most is not None and value > most:
        raise ImproperlyConfigured(f"{name}={raw}: must be {most:g} or less")
    return value


def env_list(name: str) -> list[str]:
    """A comma-separated list without blanks."""
    return [item.strip() for item in env_str(name).split(",") if item.strip()]


def env_choice(name: str, *, choices: tuple[str, ...], default: str) -> str:
    value = env_str(name, default).lower() or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: say one of {', '.join(choices)}")
    return value


def checked_url(name: str, url: str, *, schemes: Sequence[str], example: str) -> str:
    """Give `url` back; refused, it is not repeated, for it may hold a password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname or parts.path)
        usable = usable and parts.port != 0  # `port` raises for what is none
    except ValueError:
        usable = False
    if url and not usable:
        cure = "; in a password, / is %2F, # is %23, @ is %40" if "@" in url else ""
        raise ImproperlyConfigured(f"{name}: say an address like {example}{cure}")
    return url


def without_user(name: str, url: str, *, instead: str) -> str:
    """Give `url` back unless it holds a user or password, which belongs into `instead`."""
    if "@" in urlsplit(url).netloc:
        raise ImproperlyConfigured(f"{name} holds a user or password: use {instead} instead")
    return url


def checked_key(name: str, key: str) -> str:
    """Give `key` back; it travels in a header, which takes visible ASCII alone."""
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ImproperlyConfigured(f"{name} holds a blank or an odd letter: copy the key again")
    return key


def env_secret(name: str, default: str = "") -> str:
    """The value of NAME, or the first line of the file that NAME_FILE names."""
    path = env_str(f"{name}_FILE")
    if not path:
        return env_str(name, default)
    if env_str(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one")
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE={path}: is not UTF-8: save it as UTF-8") from None
    if not text:
        raise ImproperlyConfigured(f"{name}_FILE={path}: the file is empty")
    return text
