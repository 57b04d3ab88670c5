"""The vendor's errors become ours at the door.

https://developers.openai.com/api/docs/guides/error-codes

Details name status and code only, and a code only where it looks like one: the vendor's other
words may quote what a person wrote, or the key.
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import aiohttp
import httpx2
import openai

from realtime.agent.errors import (
    ContentFiltered,
    ModelError,
    ModelRateLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)

_FILTERED = {
    "bio_policy",
    "content_filter",
    "content_policy_violation",
    "cyber_policy",
    "invalid_prompt",  # "flagged as potentially violating our usage policy"
    "misalignment_policy_violation",
}
_LIMITED = {"429", "rate_limit_error", "rate_limit_exceeded"}
_REFUSED = {
    "400",
    "401",
    "402",
    "403",
    "404",
    "billing_hard_limit_reached",
    "context_length_exceeded",
    "insufficient_quota",  # also comes as 429, but waiting does not fill an account
    "invalid_api_key",
    "invalid_request_error",
    "model_not_found",
}
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")
USE_RESPONSES = (
    "this model takes no tools here while it reasons: "
    "set OPENAI_WIRE=responses, or OPENAI_REASONING_EFFORT=none"
)


@contextmanager
def ours() -> Iterator[None]:
    """Let none of the SDK's or the transport's errors out, and no traceback that quotes a text."""
    try:
        yield
    except openai.OpenAIError as error:
        raise from_sdk(error) from None
    except (httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
        raise ModelUnavailable(f"the connection was lost ({type(error).__name__})") from None


def from_sdk(error: openai.OpenAIError) -> ModelError:
    """Translate what the SDK raised before the stream began."""
    if isinstance(error, openai.APIStatusError):
        return _from_status(error)
    if isinstance(error, openai.APITimeoutError) and _timed_out(error):
        return ModelTimeout("no connection in time")
    return ModelUnavailable(f"no connection ({_root(error)})")


def from_stream(*, code: str, said: str) -> ModelError:
    """Translate an error that came as an event; `code` may be any of the vendors' words."""
    if code in _FILTERED:
        return ContentFiltered(f"filtered in mid-stream: {code}")
    if code in _LIMITED:
        return ModelRateLimited(f"limited in mid-stream: {code}", upstream_said=said)
    if code in _REFUSED:
        return ModelRefused(f"refused in mid-stream: {code}", upstream_said=said)
    detail = f"failed in mid-stream: {_logged(code) or 'no code'}"
    return ModelUnavailable(detail, upstream_said=said)


def _from_status(error: openai.APIStatusError) -> ModelError:
    translated = _kind_of(error)
    translated.status = error.status_code
    return translated


def _kind_of(error: openai.APIStatusError) -> ModelError:
    status, code, said = error.status_code, str(error.code), error.message
    detail = f"{status} {_logged(error.code) or _logged(error.type)}".strip()
    if code in _FILTERED:
        return ContentFiltered(detail)
    if status == 429 and code not in _REFUSED:
        wait_s = retry_after_s(error.response.headers)
        return ModelRateLimited(detail, retry_after_s=wait_s, upstream_said=said)
    if status == 408:
        return ModelTimeout(detail, upstream_said=said)
    if status == 409 or status >= 500:
        wait_s = retry_after_s(error.response.headers)
        return ModelUnavailable(detail, retry_after_s=wait_s, upstream_said=said)
    if status == 400 and "reasoning_effort" in said and "/v1/responses" in said:
        return ModelRefused(f"{detail}: {USE_RESPONSES}", upstream_said=said)
    return ModelRefused(detail, upstream_said=said)


def _logged(code: object) -> str:
    """Give back what looks like an identifier, else nothing: a log must not quote anybody."""
    return str(code) if code and _CODE.fullmatch(str(code)) else ""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (seconds or a date) or the vendor's finer retry-after-ms."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        at = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _timed_out(error: BaseException) -> bool:
    """The aiohttp transport calls every lost connection a time-out; only the cause knows."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return True
        cause = cause.__cause__
    return False


def _root(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
