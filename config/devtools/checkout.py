"""Where things lie in one checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    root: Path
    other_venv: Path | None = None  # of who runs the tests without ./dev

    @property
    def venv(self) -> Path:
        return self.other_venv or self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def python_command(self, *words: str | Path) -> list[str]:
        """A command line for .venv's Python."""
        return [str(self.python), *map(str, words)]

    @property
    def run(self) -> Path:
        """What ./dev keeps between starts: data, logs, secrets, stamps; ignored by git."""
        return self.root / ".run"

    @property
    def logs(self) -> Path:
        return self.run / "log"

    @property
    def frontend(self) -> Path:
        return self.root / "frontend"

    @property
    def pins(self) -> Path:
        """Locks of the tools ./dev itself needs."""
        return Path(__file__).resolve().parent / "pins"

    def package(self, name: str) -> Path | None:
        """Find a package in .venv by its folder: ./dev runs outside and cannot import it."""
        return next(iter(sorted(self.venv.glob(f"lib/python3.*/site-packages/{name}"))), None)


def this_checkout() -> Checkout:
    return Checkout(Path(__file__).resolve().parents[2])
