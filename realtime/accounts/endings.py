"""Tells when somebody's way in ends, so that what it opened can end too. Connects itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from realtime.accounts.identity import person_name, session_name, token_name
from realtime.accounts.models import ClientToken, User
from realtime.accounts.signals import access_ended


def tell(names: Sequence[str]) -> None:
    """After the commit: who looks again then finds nothing."""
    transaction.on_commit(lambda: access_ended.send(User, names=names), robust=True)


@receiver(post_delete, sender=Session, dispatch_uid="accounts.session_ended")
def session_ended(sender: type[Session], instance: Session, **kwargs: Any) -> None:
    """Log-out, a new session in its place, or an administrator."""
    tell([session_name(instance.session_key)])


@receiver(post_delete, sender=ClientToken, dispatch_uid="accounts.token_deleted")
def token_deleted(sender: type[ClientToken], instance: ClientToken, **kwargs: Any) -> None:
    tell([token_name(instance.pk)])


@receiver(post_delete, sender=User, dispatch_uid="accounts.person_deleted")
def person_deleted(sender: type[User], instance: User, **kwargs: Any) -> None:
    tell([person_name(instance.pk)])


@receiver(post_save, sender=User, dispatch_uid="accounts.person_deactivated")
def person_deactivated(sender: type[User], instance: User, **kwargs: Any) -> None:
    if not instance.is_active:
        tell([person_name(instance.pk)])
