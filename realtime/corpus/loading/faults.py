"""What is wrong with a file: all of it is counted, the first of it is told."""

from __future__ import annotations

_TOLD = 20


class ImportRefused(Exception):
    """Nothing was stored; `reasons` names file, place and fault, one line each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class Broken(Exception):
    """A file that cannot be read on; `place` is where: "line 12"."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place, self.reason = place, reason


class Faults:
    def __init__(self) -> None:
        self.count = 0
        self._told: list[str] = []

    def add(self, file: str, place: str, reason: str) -> None:
        self.count += 1
        if self.count <= _TOLD:
            self._told.append(": ".join(part for part in (file, place, reason) if part))

    def refuse_if_any(self) -> None:
        if not self.count:
            return
        more = self.count - len(self._told)
        raise ImportRefused([*self._told, f"and {more:,} more faults"] if more else self._told)
