from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.handshake import Credentials
from realtime.accounts.models import ClientToken, User
from realtime.accounts.operations import create_client_token, create_guest, revoke_client_tokens
from realtime.accounts.queries import identify, identify_session, identify_token

pytestmark = pytest.mark.django_db


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_session_names_its_person_and_its_end() -> None:
    guest = create_guest()
    key = session_of(guest)

    identity = identify_session(session_key=key)

    assert identity is not None
    assert (identity.user_id, identity.method) == (guest.pk, "cookie")
    assert identity.expires_at == Session.objects.get(session_key=key).expire_date


def test_a_session_that_ended_names_nobody() -> None:
    key = session_of(create_guest())
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert identify_session(session_key=key) is None


def test_a_session_from_before_a_new_password_names_nobody() -> None:
    guest = create_guest()
    key = session_of(guest)
    guest.set_password("another")
    guest.save()

    assert identify_session(session_key=key) is None


def test_a_session_signed_with_an_old_key_still_counts(settings: Settings) -> None:
    guest = create_guest()
    settings.SECRET_KEY = "the-old-one"
    key = session_of(guest)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-new-one", ["the-old-one"]

    identity = identify_session(session_key=key)

    assert identity is not None
    assert identity.user_id == guest.pk


def test_a_session_of_somebody_shut_out_names_nobody() -> None:
    guest = create_guest()
    key = session_of(guest)
    User.objects.update(is_active=False)

    assert identify_session(session_key=key) is None


def test_a_session_without_a_login_names_nobody() -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["language"] = "en"
    store.save()

    assert identify_session(session_key=store.session_key) is None


@pytest.mark.parametrize("key", ["", "x" * 32, "a" * 41, "short", "\x00" * 32, "ABC' OR 1=1--"])
def test_an_invented_session_names_nobody(key: str) -> None:
    assert identify_session(session_key=key) is None


def test_a_token_names_its_guest_its_end_and_its_origins() -> None:
    issued = create_client_token(allowed_origins=["https://app.example"])

    identity = identify_token(token=issued.token)

    assert identity is not None
    assert (identity.user_id, identity.method) == (issued.user_id, "token")
    assert identity.expires_at == issued.expires_at
    assert identity.allowed_origins == ("https://app.example",)


def test_an_expired_token_names_nobody() -> None:
    issued = create_client_token(lifetime=timedelta(seconds=-1))

    assert identify_token(token=issued.token) is None


def test_a_revoked_token_names_nobody() -> None:
    issued = create_client_token()
    revoke_client_tokens(ids=ClientToken.objects.values_list("pk", flat=True))

    assert identify_token(token=issued.token) is None


def test_the_token_of_somebody_shut_out_names_nobody() -> None:
    issued = create_client_token()
    User.objects.filter(pk=issued.user_id).update(is_active=False)

    assert identify_token(token=issued.token) is None


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "é" * 1000])
def test_an_invented_token_names_nobody(token: str) -> None:
    create_client_token()

    assert identify_token(token=token) is None


def test_the_hash_of_a_token_is_no_token() -> None:
    create_client_token()

    assert identify_token(token=ClientToken.objects.get().token_hash) is None


def test_a_wrong_token_is_not_mended_by_a_good_cookie() -> None:
    key = session_of(create_guest())
    both = Credentials(session_key=key, token="wrong", origin=None, subprotocol=None)

    assert identify(credentials=both) is None


def test_a_good_token_decides_before_the_cookie() -> None:
    issued, key = create_client_token(), session_of(create_guest())
    both = Credentials(session_key=key, token=issued.token, origin=None, subprotocol=None)

    identity = identify(credentials=both)

    assert identity is not None
    assert identity.user_id == issued.user_id


def test_no_credentials_name_nobody() -> None:
    nothing = Credentials(session_key=None, token=None, origin=None, subprotocol=None)

    assert identify(credentials=nothing) is None
