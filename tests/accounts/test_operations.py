from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from realtime.accounts.models import AdminLink, ClientToken, User
from realtime.accounts.operations import (
    create_admin_link,
    create_client_token,
    create_guest,
    revoke_client_tokens,
    use_admin_link,
)

pytestmark = pytest.mark.django_db


def test_a_guest_has_no_password_and_a_name_of_its_own() -> None:
    one, two = create_guest(), create_guest()

    assert one.kind == User.Kind.GUEST
    assert not one.has_usable_password()
    assert one.username != two.username


def test_a_token_always_comes_with_a_new_guest() -> None:
    one, two = create_client_token(), create_client_token()

    assert one.user_id != two.user_id
    assert User.objects.filter(kind=User.Kind.GUEST).count() == 2


def test_a_token_is_long_and_never_stored() -> None:
    issued = create_client_token()

    kept = ClientToken.objects.get()

    assert len(issued.token) >= 43
    assert issued.token not in str(kept.__dict__)


def test_revoking_twice_keeps_the_first_time() -> None:
    create_client_token()
    ids = [ClientToken.objects.get().pk]
    revoke_client_tokens(ids=ids)
    first = ClientToken.objects.get().revoked_at

    ended = revoke_client_tokens(ids=ids)

    assert ended == 0
    assert ClientToken.objects.get().revoked_at == first


def test_an_admin_link_makes_a_superuser_where_there_is_none() -> None:
    superuser = use_admin_link(token=create_admin_link())

    assert superuser is not None
    assert (superuser.username, superuser.is_superuser) == ("admin", True)
    assert not superuser.has_usable_password()


def test_an_admin_link_takes_the_superuser_that_is_there() -> None:
    boss = User.objects.create_superuser("boss")

    assert use_admin_link(token=create_admin_link()) == boss
    assert User.objects.count() == 1


def test_an_admin_link_never_raises_somebody_called_admin() -> None:
    User.objects.create_user("admin")

    superuser = use_admin_link(token=create_admin_link())

    assert superuser is not None
    assert superuser.username.startswith("admin-")


def test_an_admin_link_works_once() -> None:
    token = create_admin_link()
    use_admin_link(token=token)

    assert use_admin_link(token=token) is None


def test_an_admin_link_lasts_thirty_minutes() -> None:
    token = create_admin_link()
    link = AdminLink.objects.get()

    assert timedelta(minutes=29) < link.expires_at - timezone.now() <= timedelta(minutes=30)

    AdminLink.objects.update(expires_at=timezone.now())

    assert use_admin_link(token=token) is None
