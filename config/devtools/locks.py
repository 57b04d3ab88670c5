"""`./dev lock`: the hashed locks, made from the short lists; and whether they still match."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.devtools import setup
from config.devtools.checkout import Checkout
from config.devtools.processes import Warden, guarded
from config.devtools.say import note, step
from config.devtools.stamps import fingerprint
from config.devtools.uv import uv_pip

_MARK = "# Made by ./dev lock from "


@dataclass(frozen=True)
class Lock:
    """A short list and the lock made from it; `agrees_with` fixes the versions of another lock."""

    source: Path
    target: Path
    agrees_with: Path | None = None

    def mark(self) -> str:
        """The lock's first line: it changes whenever the list does."""
        return f"{_MARK}{self.source.name}: {fingerprint(*self._pins())[:16]}\n"

    def is_current(self) -> bool:
        return self.target.is_file() and self.target.read_text("utf-8").startswith(self.mark())

    def _pins(self) -> list[str]:
        """What counts in the list and in those it includes; comments do not."""
        pins: list[str] = []
        lines = self.source.read_text("utf-8").splitlines()
        for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
            included = line.removeprefix("-r ").strip() if line.startswith("-r ") else ""
            pins += (
                Lock(self.source.parent / included, self.target)._pins() if included else [line]
            )
        return pins


def all_locks(checkout: Checkout) -> list[Lock]:
    root, pins = checkout.root, checkout.pins
    production = Lock(root / "requirements.txt", root / "requirements.lock")
    tests = (root / "requirements-dev.txt", root / "requirements-dev.lock")
    return [
        production,
        Lock(*tests, agrees_with=production.target),
        *(Lock(pins / f"{name}.txt", pins / f"{name}.lock") for name in ("uv", "node")),
    ]


def lock(checkout: Checkout) -> int:
    """Make all locks again; versions that still fit stay."""
    with guarded() as guard:
        setup.python_only(guard, checkout)
        for each in all_locks(checkout):
            with step(f"locking {each.source.name}"):
                _compile(guard, checkout, each)
    note("the next ./dev installs what changed")
    return 0


def stale(checkout: Checkout) -> list[str]:
    """One line for each lock that is not made from its list as it is."""
    return [
        f"{each.target.name} is not made from {each.source.name} as it is: ./dev lock"
        for each in all_locks(checkout)
        if not each.is_current()
    ]


def _compile(guard: Warden, checkout: Checkout, each: Lock) -> None:
    quiet = ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"]
    for_all = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    agree = ["--constraint", str(each.agrees_with)] if each.agrees_with else []
    # Relative: the lock's comments repeat the name.
    where = ["--output-file", str(each.target), str(each.source.relative_to(checkout.root))]
    uv_pip(guard, checkout, "lock", "compile", *for_all, *quiet, *agree, *where)
    each.target.write_text(each.mark() + each.target.read_text("utf-8"), "utf-8")
