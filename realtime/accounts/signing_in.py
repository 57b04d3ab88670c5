"""An account comes into a browser where somebody was a guest."""

from __future__ import annotations

from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest

from realtime.accounts import operations
from realtime.accounts.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def sign_in(request: HttpRequest, account: User) -> bool:
    """Let the account in; says whether what the guest of this browser wrote is now the account's.

    Never for staff: they sign in to work, maybe on a device where somebody else has just talked,
    and must not carry a stranger's words away. The guest's session ends either way.
    """
    guest, claimed = request.user, False
    if isinstance(guest, User) and not account.is_staff and not account.is_superuser:
        # Before the login: with the session goes the trace of the guest.
        claimed = operations.claim_guest(guest_id=guest.pk, account_id=account.pk)
    login(request, account, backend=BACKEND)
    return claimed
