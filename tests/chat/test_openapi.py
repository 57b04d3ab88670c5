"""The OpenAPI document says what the API answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from config.api import api
from realtime.accounts import operations as accounts
from realtime.accounts.models import User
from realtime.chat import operations
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENT = api.get_openapi_schema(path_prefix="/api/v1/")
OPERATIONS = [(way, path) for path, ways in DOCUMENT["paths"].items() for way in ways]


def schema(way: str, path: str, status: int) -> dict[str, Any]:
    """What the document promises, with what it refers to."""
    answer = DOCUMENT["paths"][path][way]["responses"][status]
    return {
        **answer["content"]["application/json"]["schema"],
        "components": DOCUMENT["components"],
    }


@pytest.fixture
def client() -> Client:
    issued = accounts.create_client_token()
    owner = User.objects.get(pk=issued.user_id)
    operations.submit(submission=asking(owner, run_id="r1"))
    operations.stop(owner_id=owner.pk, run_id="r1")
    operations.submit(submission=asking(owner, run_id="r2"))
    return Client(headers={"Authorization": f"Bearer {issued.token}", "Host": "127.0.0.1"})


def test_it_is_served(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").json()["paths"].keys() == DOCUMENT["paths"].keys()


@pytest.mark.parametrize("path", ["/api/v1/threads", "/api/v1/threads/{thread_id}"])
def test_what_is_read_is_as_promised(client: Client, path: str) -> None:
    answer = client.get(path.format(thread_id="t1"))

    Draft202012Validator(schema("get", path, 200)).validate(answer.json())


@pytest.mark.parametrize(
    ("way", "path", "asked"),
    [
        ("get", "/api/v1/threads", "?limit=0"),
        ("get", "/api/v1/threads/{thread_id}", ""),
        ("delete", "/api/v1/threads/{thread_id}", ""),
        ("post", "/api/v1/threads/{thread_id}/runs/{run_id}/stop", ""),
        ("get", "/api/v1/threads/{thread_id}/events", ""),
        ("post", "/api/v1/agui", ""),
        ("get", "/api/v1/agui", ""),
    ],
)
def test_what_is_refused_is_as_promised(client: Client, way: str, path: str, asked: str) -> None:
    address = path.format(thread_id="%20", run_id="r1") + asked
    unknown = Client(headers={"Host": "127.0.0.1"}).generic(way.upper(), address)
    refused = client.generic(way.upper(), address, "{}")

    assert (unknown.status_code, refused.status_code) == (401, 422)
    for answer in (unknown, refused):
        Draft202012Validator(schema(way, path, answer.status_code)).validate(answer.json())


@pytest.mark.parametrize(("way", "path"), OPERATIONS)
def test_each_operation_is_told_in_a_line(way: str, path: str) -> None:
    told = DOCUMENT["paths"][path][way]

    assert told["summary"]
    assert {200, 201, 204} & told["responses"].keys()
