"""What a person says of a card they were shown; it changes nothing but what reviewers read."""

from __future__ import annotations

from django.db import transaction

from realtime.chat import under_lock
from realtime.chat.models import CardFeedback, Notice


@transaction.atomic
def note_feedback(*, owner_id: int, thread_id: str, card_id: str, verdict: str) -> bool:
    """Keep the last verdict on a card of this person's thread.

    False: no such card was logged there, for it came in a refusal, or somebody made it up.
    """
    thread = under_lock.lock_thread(owner_id=owner_id, thread_id=thread_id)
    cards = Notice.objects.filter(thread=thread, name="kindline.help", value__cardId=card_id)
    if thread is None or not cards.exists():
        return False
    CardFeedback.objects.update_or_create(
        thread=thread, card_id=card_id, defaults={"verdict": verdict}
    )
    return True
