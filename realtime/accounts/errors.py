"""What the HTTP API refuses; config/api.py turns every refusal into JSON.

Codes are those of protocol.md 1.7; messages are safe to show.
"""

from __future__ import annotations


class ApiError(Exception):
    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        retry_after_s: float | None = None,
        known: list[str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s
        self.known = known  # the values that would have been understood


def origin_refused(message: str) -> ApiError:
    return ApiError(status=403, code="forbidden", message=message)
