"""Who may be asked whether their chats may be learnt from, and what they say.

Nobody who said that they are under 18, and nobody who was in a crisis here: neither then nor later
is the time to ask. What such a person said before can be taken back all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from realtime.accounts import consenting
from realtime.accounts.queries import standing_consents
from realtime.chat import under_lock
from realtime.chat.models import Level, Thread


class NotAsked(Exception):
    """This person may not give what nobody asks them for."""


@dataclass(frozen=True, slots=True)
class Learning:
    """`given_at`: since when they let it be; `offered`: whether they may say so now."""

    given_at: datetime | None
    offered: bool


def learning_of(*, user_id: int) -> Learning:
    standing = standing_consents().filter(user_id=user_id).first()
    return Learning(standing.given_at if standing else None, _may_be_asked(user_id))


@transaction.atomic
def give(*, user_id: int, words: str) -> bool:
    """Keep that they agreed to these words; False when they are nobody any more.

    Raises NotAsked, or TooManyChanges of `accounts.consenting`.
    """
    if not under_lock.hold_person(user_id=user_id):
        return False  # locked first: what they are writing now may say how old they are
    if not _may_be_asked(user_id):
        raise NotAsked
    return consenting.give(user_id=user_id, words=words)


def _may_be_asked(user_id: int) -> bool:
    never = Q(minor=True) | Q(level=Level.CRISIS)
    theirs = Thread.objects.filter(never, owner_id=user_id)
    return settings.LEARN_FROM_CHATS and not theirs.exists()
