"""What people find out about lines, and what they change: written down, and acted on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from realtime.accounts.models import User
from realtime.hotlines import operations, queries
from realtime.hotlines.models import Hotline, HotlineCheck

Outcome = HotlineCheck.Outcome
WAYS = ("by phone", "on the operator's page", "by message")


class CheckRefused(Exception):
    """The check was not written down; the text says why."""


@transaction.atomic
def record_check(
    *,
    slug: str,
    outcome: Outcome,
    how: str,
    user: User,
    note: str = "",
    seen: str | None = None,
    settled: bool = False,
) -> None:
    """Note what a person found out about a line; what is dead goes, what is wrong is unchecked.

    `seen` is the `mark` of the line as that person saw it. `settled`: the sources' conflict is
    decided in favour of what is stored. CheckRefused when it changed meanwhile, or is gone.
    """
    line = Hotline.objects.select_for_update().filter(pk=slug).first()
    if line is None:
        raise CheckRefused("This line is gone: somebody removed it, or an import did.")
    if seen is not None and queries.line_of(line).mark != seen:
        raise CheckRefused(f"{line}: its numbers changed since you opened the page. Look again.")
    checked = outcome == Outcome.OK
    if outcome == Outcome.DEAD:
        operations.remember_deletion(what="hotline", key=slug, user=user)
        line.delete()
    else:
        line.checked_on = timezone.localdate() if checked else None
        line.checked_how = how if checked else ""
        line.save(update_fields=["checked_on", "checked_how"])
        if checked and settled and line.conflicts:
            note = f"{note} (settled: {line.conflicts})".strip()
            line.conflicts = ""
            line.save(update_fields=["conflicts"])
            operations.mark_edited(row=line, user=user)
    _write(slug, outcome, how, note, user)


@transaction.atomic
def record_edit(*, slug: str, words: str, user: User, unchecked: bool = False) -> None:
    """Note that a person changed a line in the admin, and what; a new number was not checked."""
    if unchecked:
        Hotline.objects.filter(pk=slug).update(checked_on=None, checked_how="")
        operations.bump_version()
    _write(slug, Outcome.EDITED, "in the admin", words, user)


@transaction.atomic
def record_typed_check(*, line: Hotline, user: User) -> None:
    """Note a check whose day and way a person typed into the line's form."""
    _write(line.pk, Outcome.OK, line.checked_how, f"dated {line.checked_on}", user)


def _write(slug: str, outcome: Outcome, how: str, note: str, user: User) -> None:
    note = note[: HotlineCheck.LONGEST_NOTE]
    HotlineCheck.objects.create(line=slug, outcome=outcome, how=how, note=note, by=user)
