"""What docker-compose.yml asks of the environment, held against .env.example.

Read as text: ./dev runs before anything is installed, and knows no YAML.
"""

from __future__ import annotations

import re
from pathlib import Path

# What may come from a file (config/env.py), and what the images of others read.
SECRETS = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "FINETUNE_API_KEY"}
_OTHERS = re.compile(r"POSTGRES_(USER|DB|PASSWORD_FILE)")
_FILLED_IN = re.compile(r"(?<!\$)\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_GIVEN = re.compile(r"^\s+(?:- *)?[\"']?([A-Z][A-Z0-9_]*)[\"']?\s*(?:[:=]|$)", re.MULTILINE)
_LISTED = re.compile(r"^#([A-Z_]+)=", re.MULTILINE)


def strange_variables(root: Path) -> list[str]:
    """One line for each variable of the compose file that .env.example does not list."""
    listed = set(_LISTED.findall((root / ".env.example").read_text("utf-8")))
    text = _without_comments((root / "docker-compose.yml").read_text("utf-8"))
    read = listed | {f"{name}_FILE" for name in SECRETS & listed}
    filled_in = set(_FILLED_IN.findall(text)) - listed
    given = {name for name in given_variables(text) if not _OTHERS.fullmatch(name)} - read
    return [
        *(f"docker-compose.yml: ${{{name}}} is not in .env.example" for name in sorted(filled_in)),
        *(f"docker-compose.yml: nothing reads {name}" for name in sorted(given)),
    ]


def given_variables(text: str) -> set[str]:
    """Names in capitals that begin a line, as only those of environments do."""
    return set(_GIVEN.findall(text))


def _without_comments(text: str) -> str:
    return re.sub(r"(^|\s)#.*", "", text)
