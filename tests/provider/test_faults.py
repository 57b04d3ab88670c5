from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest

from realtime.agent.errors import ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from realtime.provider.faults import from_sdk, from_stream, ours, retry_after_s

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/responses")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_retry_after_may_be_a_date_to_come() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)

    wait_s = retry_after_s({"retry-after": later})

    assert wait_s is not None
    assert 90 < wait_s <= 100


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (408, ModelTimeout),
        (409, ModelUnavailable),
        (413, ModelRefused),
        (422, ModelRefused),
        (529, ModelUnavailable),
    ],
)
def test_a_status_says_whether_to_ask_again(status: int, expected: type[ModelError]) -> None:
    response = httpx2.Response(status, request=REQUEST)

    error = from_sdk(openai.APIStatusError("No.", response=response, body=None))

    assert type(error) is expected


def refusal(**error: object) -> ModelError:
    response = httpx2.Response(400, request=REQUEST)
    return from_sdk(openai.APIStatusError("No.", response=response, body=error))


def test_the_parameter_is_left_out_of_the_log() -> None:
    error = refusal(code="invalid_value", type="x", param="input[0]: I feel so low")

    assert str(error) == "400 invalid_value"


@pytest.mark.parametrize("code", ["I feel so low", "Received=KEY", "a" * 65, "low\n", {"a": 1}])
def test_a_code_that_looks_like_none_is_left_out_of_the_log(code: object) -> None:
    assert str(refusal(code=code, type="invalid_request_error")) == "400 invalid_request_error"
    assert str(refusal(code=code, type=code)) == "400"
    assert str(from_stream(code=str(code), said="")) == "failed in mid-stream: no code"


def test_a_connection_that_was_not_made_in_time_is_a_timeout() -> None:
    late = openai.APITimeoutError(REQUEST)
    late.__cause__ = TimeoutError()

    assert isinstance(from_sdk(late), ModelTimeout)


def test_a_connection_that_was_lost_is_none() -> None:
    lost = openai.APITimeoutError(REQUEST)
    lost.__cause__ = ConnectionResetError()

    error = from_sdk(lost)

    assert isinstance(error, ModelUnavailable)
    assert "ConnectionResetError" in str(error)


@pytest.mark.parametrize("raised", [httpx2.ReadError("x"), OSError("x"), openai.OpenAIError("x")])
def test_no_error_of_the_transport_gets_out(raised: Exception) -> None:
    with pytest.raises(ModelUnavailable), ours():
        raise raised


def test_a_defect_of_ours_is_not_the_vendors() -> None:
    with pytest.raises(KeyError), ours():
        raise KeyError("x")
