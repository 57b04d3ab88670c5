"""Sent once what changed in the corpus is committed: what is searched must be built anew."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

corpus_changed = Signal()


def tell_changed() -> None:
    """Send `corpus_changed` as the transaction commits; not at all if it does not."""
    transaction.on_commit(lambda: corpus_changed.send_robust(sender=None))
