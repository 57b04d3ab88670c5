"""A person lets reviewed pieces of their chats be learnt from, or no longer.

What they read before they did stands here, so that its version and its words cannot part. It is
never given by default and never by somebody else; the room above says who is asked.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from realtime.accounts.models import LearningConsent, User
from realtime.accounts.signals import learning_withdrawn

# Other words, another version: who agreed to the old ones agreed to those.
WORDS_VERSION = "1"
TITLE = "Let reviewed pieces of my chats help to improve the AI"
WORDS = (
    "This is off unless you turn it on. Nothing here changes if you leave it off.",
    "If it is on, people who check this service may pick a message of yours and the reply to it."
    " They take out names, numbers, addresses and dates, and correct the reply.",
    "Such pairs may be used to teach an AI model and to test it. The company that trains the"
    " model may see them. They are not shown in other people's chats.",
    "Chats that tell of danger are never used.",
    "You can turn it off here at any time. What was picked is then erased, and no later training"
    " uses it. A model that was trained before can't forget it.",
)
_MOST_A_DAY = 20  # of one person: a switch, not a way to fill the table


class TooManyChanges(Exception):
    """Somebody flips the switch without end."""


@transaction.atomic
def give(*, user_id: int, words: str) -> bool:
    """Keep that this person agreed to these words; what stands already stays as it is.

    False: they are nobody any more. Raises TooManyChanges.
    """
    if not _hold(user_id):
        return False
    theirs = LearningConsent.objects.filter(user_id=user_id)
    if theirs.filter(withdrawn_at=None, words=words).exists():
        return True
    if theirs.filter(given_at__gt=timezone.now() - timedelta(days=1)).count() >= _MOST_A_DAY:
        raise TooManyChanges
    _end(user_id)  # that to other words
    LearningConsent.objects.create(user_id=user_id, words=words)
    return True


@transaction.atomic
def withdraw(*, user_id: int) -> bool:
    """End what stands; False when nothing did. It is heard even from who is not asked any more."""
    if not _hold(user_id) or not _end(user_id):
        return False
    learning_withdrawn.send(User, user_id=user_id)
    return True


def move(*, guest_id: int, account_id: int) -> None:
    """Give what the guest said of it to the account. The caller holds both people.

    An account that said no, or took it back, has said so for all that is now its own.
    """
    said = LearningConsent.objects.filter(user_id=account_id).exists()
    stood = LearningConsent.objects.filter(user_id=guest_id, withdrawn_at=None).exists()
    if said:
        _end(guest_id)
    LearningConsent.objects.filter(user_id=guest_id).update(user_id=account_id)
    stands = LearningConsent.objects.filter(user_id=account_id, withdrawn_at=None).exists()
    if stood and not stands:
        learning_withdrawn.send(User, user_id=account_id)


def _hold(user_id: int) -> bool:
    people = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True)
    return people.first() is not None


def _end(user_id: int) -> int:
    standing = LearningConsent.objects.filter(user_id=user_id, withdrawn_at=None)
    return standing.update(withdrawn_at=timezone.now())
