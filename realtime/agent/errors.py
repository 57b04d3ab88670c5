"""Why a model could not answer.

    ModelError
    ├── ModelUnavailable    upstream_unavailable, retryable: refused, reset, cut, 5xx
    ├── ModelRateLimited    upstream_unavailable, retryable: 429, after `retry_after_s`
    ├── ModelTimeout        upstream_timeout, retryable: no first or next chunk in time
    ├── ModelMalformed      upstream_unavailable, retryable: an answer we cannot read
    ├── ModelRefused        upstream_unavailable, final: 400, 401, 403, 404 (wrong key, model ...)
    ├── ContentFiltered     content_filtered, final
    └── ModelBroken         internal, final: a defect of ours, not the vendor's

`str(error)` is for the operator's log; it names the cause, never what anybody wrote. `status` is
that of the HTTP answer, where there was one that refused.
`message` is for the person who waits. `upstream_said` may quote the request: the probe shows it
(the text is its own), nobody logs it.
"""

from __future__ import annotations


class ModelError(Exception):
    code = "upstream_unavailable"
    retryable = False
    status: int | None = None
    message = (
        "The AI cannot answer right now. You can try again in a moment; "
        "Help lists people you can reach."
    )

    def __init__(
        self, detail: str, *, retry_after_s: float | None = None, upstream_said: str = ""
    ) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.upstream_said = upstream_said


class ModelUnavailable(ModelError):
    retryable = True


class ModelRateLimited(ModelError):
    retryable = True


class ModelTimeout(ModelError):
    code = "upstream_timeout"
    retryable = True
    message = "The AI took too long to answer. You can try again; Help lists people you can reach."


class ModelMalformed(ModelError):
    retryable = True


class ModelRefused(ModelError):
    """Asking again would be refused again."""

    message = (
        "The AI cannot answer: this service needs a look from the people who run it. "
        "Help lists people you can reach."
    )


class ContentFiltered(ModelError):
    code = "content_filtered"
    message = (
        "A filter of the AI's provider stopped this answer. It says nothing about you. "
        "You can write it in other words; Help lists people you can reach."
    )


class ModelBroken(ModelError):
    code = "internal"
    message = (
        "Something went wrong on our side. You can try again; Help lists people you can reach."
    )
