from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import URLPattern
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError

from config.api import api
from realtime.accounts.auth import PersonAuth
from realtime.accounts.errors import ApiError
from realtime.accounts.operations import create_client_token
from tests.accounts.conftest import HERE, HOST, enter

pytestmark = pytest.mark.django_db


def asked(method: str, **headers: str) -> HttpRequest:
    return RequestFactory().generic(method, "/x", headers={"Host": HOST, **headers})


@pytest.fixture
def cookie(browser: Client) -> str:
    enter(browser)
    return f"sessionid={browser.cookies['sessionid'].value}"


def test_a_cookie_may_delete_from_our_own_page(cookie: str) -> None:
    identity = PersonAuth()(asked("DELETE", Cookie=cookie, Origin=HERE))

    assert identity is not None
    assert identity.method == "cookie"


@pytest.mark.parametrize("origin", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_cookie_may_not_delete_from_elsewhere(cookie: str, origin: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="forbidden"):
        PersonAuth()(asked("DELETE", Cookie=cookie, **origin))


def test_a_cookie_may_read_without_an_origin(cookie: str) -> None:
    assert PersonAuth()(asked("GET", Cookie=cookie)) is not None


def test_a_token_may_delete_without_an_origin() -> None:
    issued = create_client_token()

    identity = PersonAuth()(asked("DELETE", Authorization=f"Bearer {issued.token}"))

    assert identity is not None
    assert identity.user_id == issued.user_id


def test_a_token_may_not_be_used_from_a_page_it_was_not_made_for() -> None:
    issued = create_client_token(allowed_origins=["https://app.example"])
    request = asked("GET", Authorization=f"Bearer {issued.token}", Origin=HERE)

    with pytest.raises(ApiError, match="forbidden"):
        PersonAuth()(request)


def test_nobody_is_nobody(cookie: str) -> None:
    assert PersonAuth()(asked("DELETE", Origin=HERE)) is None
    assert PersonAuth()(asked("DELETE", Origin=HERE, Cookie="sessionid=nope")) is None
    assert PersonAuth()(asked("DELETE", Cookie=cookie, Authorization="Bearer nope")) is None


def test_a_route_knows_who_asks() -> None:
    issued, router = create_client_token(), Router()
    seen: list[int] = []

    @router.delete("/thing", auth=PersonAuth(), response={204: None})
    def delete_thing(request: HttpRequest) -> None:
        seen.append(request.auth.user_id)  # type: ignore[attr-defined]  # ninja puts it there

    someones = NinjaAPI(urls_namespace="test-auth")
    someones.add_router("", router)
    routes = [each for each in someones.urls[0] if isinstance(each, URLPattern)]
    route = next(each for each in routes if each.name == "delete_thing")

    route.callback(asked("DELETE", Authorization=f"Bearer {issued.token}"))

    assert seen == [issued.user_id]


def test_an_unknown_visitor_is_told_so_in_json() -> None:
    answer = api.on_exception(asked("DELETE"), AuthenticationError())

    assert answer.status_code == 401
    assert b'"unauthenticated"' in answer.content
