from __future__ import annotations

import pytest
from django.test import Client

from realtime.accounts.models import ClientToken, User
from realtime.accounts.operations import create_client_token
from tests.accounts.conftest import HOST

pytestmark = pytest.mark.django_db
TOKENS = "/admin/accounts/clienttoken/"


@pytest.fixture
def admin() -> Client:
    client = Client(headers={"Host": HOST})
    client.force_login(User.objects.create_superuser("boss"))
    return client


def test_people_are_listed_by_kind(admin: Client) -> None:
    create_client_token()

    page = admin.get("/admin/accounts/user/", {"kind__exact": "guest", "q": "guest-"})

    assert page.status_code == 200
    assert page.context["cl"].result_count == 1


def test_a_person_can_be_opened(admin: Client) -> None:
    person = User.objects.get()

    assert admin.get(f"/admin/accounts/user/{person.pk}/change/").status_code == 200


def test_neither_a_token_nor_its_hash_is_shown(admin: Client) -> None:
    issued = create_client_token()
    kept = ClientToken.objects.get()

    pages = [admin.get(TOKENS), admin.get(f"{TOKENS}{kept.pk}/change/")]

    assert [page.status_code for page in pages] == [200, 200]
    for page in pages:
        assert kept.token_hash.encode() not in page.content
        assert issued.token.encode() not in page.content


def test_tokens_are_revoked_by_an_action(admin: Client) -> None:
    create_client_token()
    kept = ClientToken.objects.get()

    admin.post(TOKENS, {"action": "revoke", "_selected_action": [str(kept.pk)]})

    kept.refresh_from_db()
    assert kept.revoked_at is not None


def test_tokens_are_not_made_in_the_admin(admin: Client) -> None:
    assert admin.get(f"{TOKENS}add/").status_code == 403
