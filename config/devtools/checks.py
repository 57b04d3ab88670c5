"""`./dev check`: the one definition of clean. Every failure is shown, not only the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from config.devtools import compose, environment, house, locks, setup, wording
from config.devtools.application import manage_command
from config.devtools.checkout import Checkout
from config.devtools.node import Node
from config.devtools.processes import Warden, clean_env, guarded
from config.devtools.say import note

Finding = Callable[[], str]


@dataclass(frozen=True)
class Check:
    """A name, and a function that returns what is wrong ("" when nothing is)."""

    name: str
    find: Finding


def check(checkout: Checkout) -> int:
    """Run all checks; 1 when one found something."""
    with guarded() as guard:
        node = setup.with_packages(guard, checkout)
        failed = _failed(all_checks(guard, checkout, node))
    if failed:
        note(f"not clean: {', '.join(failed)}")
        return 1
    note("clean")
    return 0


def _failed(checks: list[Check]) -> list[str]:
    """Two at a time: the types alone take as long as all others."""
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        passed = pool.map(_passes, checks)
        return [each.name for each, passes in zip(checks, passed, strict=True) if not passes]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who interrupts waits for no check


def _passes(each: Check) -> bool:
    began = time.monotonic()
    found = each.find()
    lines = [f"{'FAIL' if found else ' ok '} {each.name} ({time.monotonic() - began:.1f} s)"]
    lines += ["     " + line for line in found.rstrip().splitlines()]
    note("\n".join(lines))
    return not found


def all_checks(guard: Warden, checkout: Checkout, node: Node) -> list[Check]:
    return [*_python(guard, checkout), *_django(guard, checkout), *_rest(guard, checkout, node)]


def _python(guard: Warden, checkout: Checkout) -> list[Check]:
    python = checkout.python_command
    commands = {
        "format": python("-m", "ruff", "format", "--diff", "--quiet"),
        "lint": python("-m", "ruff", "check", "--quiet"),
        "types": python("-m", "mypy"),
        "layers": python(checkout.venv / "bin" / "lint-imports"),
    }
    env = environment.check_env()
    return [_command(guard, checkout, name, words, env) for name, words in commands.items()]


def _django(guard: Warden, checkout: Checkout) -> list[Check]:
    deploy = ["check", "--deploy", "--fail-level", "WARNING"]
    # makemigrations warns that it cannot ask a database, which there is none of.
    offline = environment.check_env() | {"PYTHONWARNINGS": "ignore::RuntimeWarning"}
    commands = {
        "django": (["check", "--fail-level", "WARNING"], environment.check_env()),
        "migrations": (["makemigrations", "--check", "--dry-run"], offline),
        "deployment": (deploy, environment.production_env()),
    }
    return [
        _command(guard, checkout, name, manage_command(checkout, *words), env)
        for name, (words, env) in commands.items()
    ]


def _rest(guard: Warden, checkout: Checkout, node: Node) -> list[Check]:
    schema = ("-m", "check_jsonschema", "--builtin-schema")
    valid = checkout.python_command(*schema, "vendor.compose-spec", "docker-compose.yml")
    flows = sorted((checkout.root / ".github" / "workflows").glob("*.yml"))
    workflows = checkout.python_command(*schema, "vendor.github-workflows", *flows)
    hadolint = [
        str(checkout.venv / "bin" / "hadolint"),
        "--config",
        ".hadolint.yaml",
        "Dockerfile",
    ]
    page, env = checkout.frontend, clean_env(node.env)
    return [
        _command(guard, checkout, "compose file", valid, clean_env()),
        _command(guard, checkout, "workflows", workflows, clean_env()),
        Check("compose variables", lambda: "\n".join(compose.strange_variables(checkout.root))),
        _command(guard, checkout, "Dockerfile", hadolint, clean_env()),
        Check("locks", lambda: "\n".join(locks.stale(checkout))),
        Check("short functions", lambda: "\n".join(house.long_functions(checkout.root))),
        Check("wording", lambda: "\n".join(wording.wrong_words(checkout.root))),
        Check("no machine's paths", lambda: "\n".join(house.machine_paths(checkout.root))),
        _command(guard, checkout, "page types", node.npm_command("run", "check"), env, page),
        _command(guard, checkout, "page lint", node.npm_command("run", "lint"), env, page),
    ]


def _command(
    guard: Warden,
    checkout: Checkout,
    name: str,
    command: Sequence[str],
    env: dict[str, str],
    cwd: Path | None = None,
) -> Check:
    """A check that runs a program: its output is what is wrong, unless it ends with 0."""

    def find() -> str:
        log = checkout.logs / f"check-{name.replace(' ', '-')}.log"
        child = guard.spawn(name, command, log=log, env=env, cwd=cwd or checkout.root)
        try:
            code = child.process.wait()
        finally:
            guard.end(child)
        return (log.read_text("utf-8", "replace") or f"ended with status {code}") if code else ""

    return Check(name, find)
