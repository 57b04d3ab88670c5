"""One-time tickets: who gets one, whom it stands for, and when it stands for nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity
from realtime.accounts.models import ClientToken, User, WsTicket
from realtime.accounts.operations import (
    create_client_token,
    create_ws_ticket,
    enter,
    revoke_client_tokens,
    use_ws_ticket,
)
from realtime.accounts.queries import identify_again, identify_token
from tests.accounts.conftest import enter as enter_as_guest

pytestmark = pytest.mark.django_db


def asker() -> Identity:
    identity = identify_token(token=create_client_token().token)
    assert identity is not None
    return identity


def ticket_of(identity: Identity) -> str:
    issued = create_ws_ticket(identity=identity)
    assert issued is not None
    return issued.ticket


def post(client: Client, **headers: str) -> tuple[int, dict[str, str]]:
    answer = client.post("/api/v1/ws-ticket", headers=headers)
    return answer.status_code, json.loads(answer.content)


def revoke() -> None:
    revoke_client_tokens(ids=list(ClientToken.objects.values_list("pk", flat=True)))


def test_a_program_gets_a_ticket_for_its_token(program: Client) -> None:
    issued = create_client_token()

    status, told = post(program, Authorization=f"Bearer {issued.token}")

    identity = use_ws_ticket(ticket=told["ticket"])
    assert status == 201
    assert set(told) == {"ticket", "expiresAt"}
    assert identity is not None
    assert (identity.user_id, identity.expires_at) == (issued.user_id, issued.expires_at)


def test_a_page_gets_a_ticket_for_its_cookie_and_ends_with_its_session(browser: Client) -> None:
    enter_as_guest(browser)

    _, told = post(browser)
    identity = use_ws_ticket(ticket=told["ticket"])

    assert identity is not None
    assert identity.user_id == User.objects.get().pk
    assert identify_again(identity=identity) is not None
    Session.objects.all().delete()
    assert identify_again(identity=identity) is None


def test_a_foreign_page_gets_none_for_its_visitors_cookie(browser: Client) -> None:
    enter_as_guest(browser)

    status, _ = post(browser, Origin="http://evil.example")

    assert status == 403
    assert not WsTicket.objects.exists()


def test_nobody_gets_none(program: Client) -> None:
    assert post(program)[0] == 401


def test_a_ticket_is_kept_by_nobody(program: Client) -> None:
    token = create_client_token().token

    answer = program.post("/api/v1/ws-ticket", headers={"Authorization": f"Bearer {token}"})

    ticket = json.loads(answer.content)["ticket"]
    assert len(ticket) >= 43
    assert answer["Cache-Control"] == "no-store"
    assert ticket not in str(WsTicket.objects.get().__dict__)


def test_a_ticket_works_once() -> None:
    ticket = ticket_of(asker())

    assert use_ws_ticket(ticket=ticket) is not None
    assert use_ws_ticket(ticket=ticket) is None
    assert not WsTicket.objects.exists()


def test_a_ticket_lasts_thirty_seconds() -> None:
    ticket = ticket_of(asker())
    left = WsTicket.objects.get().expires_at - timezone.now()
    WsTicket.objects.update(expires_at=timezone.now())

    assert timedelta(seconds=29) < left <= timedelta(seconds=30)
    assert use_ws_ticket(ticket=ticket) is None


@pytest.mark.parametrize("end", [revoke, lambda: User.objects.update(is_active=False)])
def test_a_ticket_stands_for_nobody_when_what_was_shown_for_it_has_ended(
    end: Callable[[], object],
) -> None:
    ticket = ticket_of(asker())

    end()

    assert use_ws_ticket(ticket=ticket) is None


def test_a_person_has_so_many_unused_tickets_and_old_ones_make_room(program: Client) -> None:
    token = create_client_token().token
    asked = [post(program, Authorization=f"Bearer {token}") for _ in range(21)]
    WsTicket.objects.update(expires_at=timezone.now())

    again, _ = post(program, Authorization=f"Bearer {token}")

    assert [status for status, _ in asked] == [201] * 20 + [429]
    assert again == 201
    assert WsTicket.objects.count() == 1


def test_a_wrong_ticket_is_not_mended_by_a_cookie_or_a_token(browser: Client) -> None:
    enter_as_guest(browser)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    token = create_client_token().token

    both = Credentials(key, token, origin=None, subprotocol=None, ticket="wrong")

    assert enter(credentials=both) is None
