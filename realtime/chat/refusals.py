"""What is said to a person whose message is not taken."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A submit that was not accepted; nothing was stored. `code` is one of protocol.md 1.7.

    With a `retry_after_ms` the same frame may be sent again after it; else the person decides.
    `help` is what text or thread call for, as far as it is known where it is raised.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after_ms: int = 0,
        active_run_id: str | None = None,
        help: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.active_run_id = active_run_id
        self.help = help


def storage_unavailable(*, help: dict[str, Any] | None = None) -> Refusal:
    message = "Your words are safe on your device. They will be sent again in a moment."
    return Refusal("storage_unavailable", message, retry_after_ms=2_000, help=help)
