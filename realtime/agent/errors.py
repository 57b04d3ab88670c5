"""Why a model could not answer.

    ModelError
    ├── ModelUnavailable    upstream_unavailable, retryable: refused, reset, cut, 5xx
    ├── ModelRateLimited    upstream_unavailable, retryable: 429, after `retry_after_s`
    ├── ModelTimeout        upstream_timeout, retryable: no first or next chunk in time
    ├── ModelMalformed      upstream_unavailable, retryable: an answer we cannot read
    ├── ModelRefused        upstream_unavailable, final: 400, 401, 403, 404 (wrong key, model, request)
    └── ContentFiltered     content_filtered, final

`str(error)` is for the operator's log; it names the cause, never what anybody wrote.
"""

from __future__ import annotations


class ModelError(Exception):
    code = "upstream_unavailable"
    retryable = False

    def __init__(self, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ModelUnavailable(ModelError):
    retryable = True


class ModelRateLimited(ModelError):
    retryable = True


class ModelTimeout(ModelError):
    code = "upstream_timeout"
    retryable = True


class ModelMalformed(ModelError):
    retryable = True


class ModelRefused(ModelError):
    """Asking again would be refused again."""


class ContentFiltered(ModelError):
    code = "content_filtered"
