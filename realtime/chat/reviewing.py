"""What reviewers do: they close flags, and say why."""

from __future__ import annotations

from django.db import transaction

from realtime.accounts.models import User
from realtime.chat import queries
from realtime.chat.models import SafetyFlag


@transaction.atomic
def close_flag(*, flag_id: int, by: User, note: str) -> bool:
    """Close an open flag for good; False when somebody else was faster, or it is gone.

    Raises ValueError without a note: who reads the flag later must know what was done.
    """
    note = note.strip()
    if not note:
        raise ValueError("a flag is closed with a note")
    found = SafetyFlag.objects.filter(pk=flag_id, closed_at__isnull=True)
    return bool(found.update(closed_by=by, closed_at=queries.now(), note=note))
