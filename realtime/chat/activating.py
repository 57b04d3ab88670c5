"""Who may change which model answers, and how: each change is one more row, in one transaction.

Every process reads the newest row when it begins a reply (`answering.active_model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction

from realtime.accounts.models import User
from realtime.chat.answering import active_model as active_model
from realtime.chat.answering import known
from realtime.chat.models import ActiveModel
from realtime.provider.config import ProviderConfig


class ActivationRefused(ValueError):
    """What was asked for makes no sense; the words say why."""


@transaction.atomic
def activate_model(
    *,
    name: str,
    base_url: str = "",
    wire: str = "auto",
    source: str = "",
    reason: str = "",
    forced: bool = False,
    checks: Mapping[str, Any] | None = None,
    by: User | None = None,
) -> ActiveModel:
    """Have this model answer from the next reply on, in every process.

    `base_url` '' is OpenAI's own address; `name` '' is the settings' model. What is `forced` needs
    a reason. Raises ActivationRefused.
    """
    _check(name, base_url, wire, forced=forced, reason=reason)
    newest = _newest_locked()
    same = newest is not None and (newest.name, newest.base_url, newest.wire) == (
        name,
        base_url,
        wire,
    )
    row = ActiveModel.objects.create(
        name=name,
        base_url=base_url,
        wire=wire,
        source=source,
        reason=reason,
        forced=forced,
        checks=dict(checks or {}),
        # Chosen once more, for other reasons: a roll-back is still to change something.
        previous=newest.previous if newest is not None and same else newest,
        chosen_by=by,
    )
    return _made(row)


@transaction.atomic
def roll_back(*, by: User | None = None, reason: str = "") -> ActiveModel | None:
    """Go back to the model before this one, and the next time further; at last to the settings'.

    None where the settings' model answers and there is nothing to go back to.
    """
    newest = _newest_locked()
    if newest is None or (not newest.name and newest.previous is None):
        return None
    to = newest.previous
    row = ActiveModel.objects.create(
        name=to.name if to else "",
        base_url=to.base_url if to else "",
        wire=to.wire if to else ActiveModel.Wire.AUTO,
        source=to.source if to else "the settings",
        reason=reason or f"Rolled back from {newest}.",
        checks=to.checks if to else {},
        previous=to.previous if to else None,
        chosen_by=by,
    )
    return _made(row)


def _newest_locked() -> ActiveModel | None:
    """The newest row, after which nobody else adds one before this transaction ends."""
    with connection.cursor() as sql:
        sql.execute("LOCK TABLE active_model IN SHARE ROW EXCLUSIVE MODE")
    return ActiveModel.objects.select_related("previous").order_by("id").last()


def _made(row: ActiveModel) -> ActiveModel:
    row.refresh_from_db()
    transaction.on_commit(lambda: known.learn(row if row.name else None))
    return row


def _check(name: str, base_url: str, wire: str, *, forced: bool, reason: str) -> None:
    for what, text in (("name", name), ("address", base_url)):
        if text != text.strip() or not text.isprintable():
            raise ActivationRefused(
                f"The {what} has blanks around it, or unprintable signs in it."
            )
    if not name and base_url:
        raise ActivationRefused("Say which model answers at that address.")
    if wire not in ActiveModel.Wire.values:
        raise ActivationRefused("The wire is auto, responses or chat.")
    if forced and not reason.strip():
        raise ActivationRefused("Say why this model is to answer all the same.")
    try:
        ProviderConfig(api_key="", base_url=base_url, model=name)
        parts = urlsplit(base_url)
    except ValueError:
        raise ActivationRefused("The address must look like https://host/v1.") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ActivationRefused(
            "The address must hold no name, password, query or fragment: https://host/v1."
        )
