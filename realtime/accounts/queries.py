from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity
from realtime.accounts.models import AdminLink, ClientToken, LearningConsent, User, WsTicket
from realtime.accounts.tokens import hash_token

_SESSION_KEY_SHAPE = re.compile(r"[a-z0-9]{8,40}")


def identify(*, credentials: Credentials) -> Identity | None:
    """Who showed these credentials; a token decides alone when there is one."""
    if credentials.token is not None:
        return identify_token(token=credentials.token)
    if credentials.session_key is not None:
        return identify_session(session_key=credentials.session_key)
    return None


def identify_again(*, identity: Identity) -> Identity | None:
    """The same person by what they showed once, unless it has ended."""
    if identity.session_key is not None:
        again = identify_session(session_key=identity.session_key)
    elif identity.token_id is not None:
        again = _token_identity(ClientToken.objects.filter(pk=identity.token_id))
    else:
        again = None
    return again if again is not None and again.user_id == identity.user_id else None


def identify_session(*, session_key: str) -> Identity | None:
    """The person of a Django session, by the rules of `django.contrib.auth.get_user`.

    That function also writes (it moves a session signed with an old key): on a socket nobody
    would hear of the new cookie.
    """
    if not _SESSION_KEY_SHAPE.fullmatch(session_key):
        return None
    now = timezone.now()
    row = Session.objects.filter(session_key=session_key, expire_date__gt=now).first()
    if row is None:
        return None
    user = _session_user(row.get_decoded())
    if user is None:
        return None
    return Identity(
        user_id=user.pk, method="cookie", expires_at=row.expire_date, session_key=session_key
    )


def identify_token(*, token: str) -> Identity | None:
    """The guest of a client token that is neither revoked nor expired."""
    return _token_identity(ClientToken.objects.filter(token_hash=hash_token(token)))


def _token_identity(tokens: QuerySet[ClientToken]) -> Identity | None:
    standing = tokens.filter(revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)
    found = standing.only("user_id", "expires_at", "allowed_origins").first()
    if found is None:
        return None
    return Identity(
        user_id=found.user_id,
        method="token",
        expires_at=found.expires_at,
        allowed_origins=tuple(found.allowed_origins),
        token_id=found.pk,
    )


def admin_link_open(*, token: str) -> bool:
    """Whether this one-time link can still be used."""
    return AdminLink.objects.filter(
        link_hash=hash_token(token), used_at=None, expires_at__gt=timezone.now()
    ).exists()


def ended_sessions(*, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=now)


def ended_tokens(*, now: datetime) -> QuerySet[ClientToken]:
    """Expired and revoked ones."""
    return ClientToken.objects.filter(Q(expires_at__lte=now) | Q(revoked_at__isnull=False))


def ended_tickets(*, now: datetime) -> QuerySet[WsTicket]:
    """Used ones are gone already."""
    return WsTicket.objects.filter(expires_at__lte=now)


def ended_links(*, now: datetime) -> QuerySet[AdminLink]:
    """Expired and used ones."""
    return AdminLink.objects.filter(Q(expires_at__lte=now) | Q(used_at__isnull=False))


def guests_away(*, since: datetime, now: datetime) -> QuerySet[User]:
    """Guests whose last visit is before `since` and who hold no token that still opens."""
    standing = ClientToken.objects.filter(user=OuterRef("pk"), revoked_at=None, expires_at__gt=now)
    return User.objects.alias(seen=Coalesce("last_login", "date_joined")).filter(
        ~Exists(standing), kind=User.Kind.GUEST, seen__lt=since
    )


def standing_consents() -> QuerySet[LearningConsent]:
    """Of all who let their chats be learnt from now."""
    return LearningConsent.objects.filter(withdrawn_at=None, user__is_active=True)


def _session_user(data: dict[str, Any]) -> AbstractBaseUser | None:
    backend_path = data.get(BACKEND_SESSION_KEY)
    if backend_path not in settings.AUTHENTICATION_BACKENDS or SESSION_KEY not in data:
        return None
    user = load_backend(str(backend_path)).get_user(User._meta.pk.to_python(data[SESSION_KEY]))
    if not isinstance(user, AbstractBaseUser):
        return None
    shown = str(data.get(HASH_SESSION_KEY, ""))
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return user if any(constant_time_compare(shown, each) for each in hashes) else None
