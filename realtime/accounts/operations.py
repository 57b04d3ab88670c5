from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from realtime.accounts import consenting, endings, queries
from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity, token_name
from realtime.accounts.models import AdminLink, ClientToken, User, WsTicket
from realtime.accounts.signals import deleting_people, guest_claimed
from realtime.accounts.tokens import hash_token, new_token

Ended = QuerySet[Session] | QuerySet[ClientToken] | QuerySet[WsTicket] | QuerySet[AdminLink]

TOKEN_LIFETIME = timedelta(days=30)
TICKET_LIFETIME = timedelta(seconds=30)
MOST_TICKETS = 20  # unused at once: as many as sockets
ADMIN_LINK_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that can be shown this once."""

    token: str
    expires_at: datetime
    user_id: int


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket that can be shown this once."""

    ticket: str
    expires_at: datetime


@transaction.atomic
def create_guest() -> User:
    """Make a person without a name or a password."""
    return User.objects.create(
        username=f"guest-{secrets.token_hex(16)}",
        kind=User.Kind.GUEST,
        password=make_password(None),
    )


@transaction.atomic
def note_visit(*, user_id: int) -> None:
    """Remember that a guest was here; long after the last visit the guest is forgotten."""
    User.objects.filter(pk=user_id).update(last_login=timezone.now())


@transaction.atomic
def claim_guest(*, guest_id: int, account_id: int) -> bool:
    """Make what a guest has the account's; the guest is nobody any more. False: not these two."""
    people = User.objects.select_for_update(no_key=True).filter(pk__in=[guest_id, account_id])
    kinds = {person.pk: person.kind for person in people.order_by("pk") if person.is_active}
    if (kinds.get(guest_id), kinds.get(account_id)) != (User.Kind.GUEST, User.Kind.ACCOUNT):
        return False
    guest_claimed.send(User, guest_id=guest_id, account_id=account_id)
    consenting.move(guest_id=guest_id, account_id=account_id)  # what it tells of is moved by now
    User.objects.filter(pk=guest_id).update(is_active=False)
    return True


@transaction.atomic
def create_client_token(
    *, allowed_origins: Sequence[str] = (), lifetime: timedelta = TOKEN_LIFETIME
) -> IssuedToken:
    """Make a new guest with a token: a token never speaks for somebody who was there before."""
    token, guest = new_token(), create_guest()
    kept = ClientToken.objects.create(
        user=guest,
        token_hash=hash_token(token),
        allowed_origins=list(allowed_origins),
        expires_at=timezone.now() + lifetime,
    )
    return IssuedToken(token=token, expires_at=kept.expires_at, user_id=guest.pk)


@transaction.atomic
def revoke_client_tokens(*, ids: Collection[int]) -> int:
    """End these tokens now; returns how many were still standing."""
    standing = ClientToken.objects.filter(pk__in=ids, revoked_at=None)
    revoked = standing.update(revoked_at=timezone.now())
    endings.tell([token_name(each) for each in ids])
    return revoked


@transaction.atomic
def create_ws_ticket(*, identity: Identity) -> IssuedTicket | None:
    """Make a ticket for one socket of this person; None if too many are still unused."""
    now = timezone.now()
    theirs = WsTicket.objects.filter(user_id=identity.user_id)
    theirs.filter(expires_at__lte=now).delete()
    if theirs.count() >= MOST_TICKETS:
        return None
    ticket = new_token()
    kept = WsTicket.objects.create(
        user_id=identity.user_id,
        ticket_hash=hash_token(ticket),
        session_key=identity.session_key,
        client_token_id=identity.token_id,
        expires_at=now + TICKET_LIFETIME,
    )
    return IssuedTicket(ticket=ticket, expires_at=kept.expires_at)


@transaction.atomic
def use_ws_ticket(*, ticket: str) -> Identity | None:
    """Spend the ticket: only the first of two simultaneous uses gets whom it stands for."""
    tickets = WsTicket.objects.select_for_update().filter(ticket_hash=hash_token(ticket))
    found = tickets.first()
    if found is None:
        return None
    found.delete()
    if found.expires_at <= timezone.now():
        return None
    asker = Identity(
        user_id=found.user_id,
        method="ticket",
        expires_at=found.expires_at,
        session_key=found.session_key,
        token_id=found.client_token_id,
    )
    standing = queries.identify_again(identity=asker)
    return None if standing is None else replace(standing, method="ticket")


def enter(*, credentials: Credentials) -> Identity | None:
    """Who opens a socket with these; a ticket is given on purpose, so it decides alone."""
    if credentials.ticket is not None:
        return use_ws_ticket(ticket=credentials.ticket)
    return queries.identify(credentials=credentials)


@transaction.atomic
def create_admin_link() -> str:
    """Make a one-time secret for the admin, and a superuser if there is none yet."""
    token = new_token()
    AdminLink.objects.create(
        user=_some_superuser(),
        link_hash=hash_token(token),
        expires_at=timezone.now() + ADMIN_LINK_LIFETIME,
    )
    return token


@transaction.atomic
def use_admin_link(*, token: str) -> User | None:
    """Spend the link: only the first of two simultaneous uses gets the superuser."""
    now = timezone.now()
    link = AdminLink.objects.filter(link_hash=hash_token(token))
    if not link.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        return None
    return User.objects.get(admin_links__in=link)


@transaction.atomic
def delete_ended(*, rows: Ended) -> int:
    """Delete sessions, tokens, tickets or links that open nothing any more."""
    return rows.delete()[0]


@transaction.atomic
def delete_guests(*, ids: Collection[int], still: QuerySet[User]) -> int:
    """Delete those of these guests to whom `still` applies once nobody can change them."""
    people = User.objects.select_for_update(skip_locked=True).filter(pk__in=ids)
    locked = list(people.order_by("pk").values_list("pk", flat=True))
    gone = list(still.filter(pk__in=locked).values_list("pk", flat=True))
    User.objects.filter(pk__in=gone).delete()
    return len(gone)


def lock_for_deletion(*, ids: Collection[int]) -> None:
    """Let nothing be written any more by these people; the caller deletes them in its transaction.

    Postgres checks foreign keys at the commit: a row that came after the collection would fail it.
    """
    people = User.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    locked = list(people.values_list("pk", flat=True))
    deleting_people.send(User, user_ids=locked)


def _some_superuser() -> User:
    there = User.objects.filter(is_superuser=True, is_staff=True, is_active=True)
    return there.order_by("pk").first() or User.objects.create_superuser(_free_admin_name())


def _free_admin_name() -> str:
    taken = User.objects.filter(username="admin").exists()
    return f"admin-{secrets.token_hex(4)}" if taken else "admin"
