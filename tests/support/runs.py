"""Runs as their owners write them, without a process around."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from realtime.accounts.models import User
from realtime.chat import agui, leases, log
from realtime.chat.operations import Submission

PLACE: dict[str, str | None] = {"country": None, "timeZone": None, "locale": None}
START_TEXT = agui.TextMessageStart(message_id="m1", role="assistant")
WORDS = agui.TextMessageContent(message_id="m1", delta="Half a rep")


def asking(person: User, text: str = "hi", **ids: Any) -> Submission:
    return Submission(
        owner_id=person.pk,
        thread_id=ids.get("thread_id", "t1"),
        run_id=ids.get("run_id", str(uuid4())),
        message_id=ids.get("message_id", str(uuid4())),
        text=text,
        place=PLACE,
        if_busy=ids.get("if_busy", "reject"),
        replaces=ids.get("replaces"),
    )


def claim_one(*, steal: bool = False) -> leases.Claim:
    [claim] = leases.claim(me="test", lease_s=15, limit=1, steal=steal)
    return claim


def append(
    claim: leases.Claim,
    *events: agui.AguiEvent,
    last_seq: int | None = None,
    **changes: object,
) -> log.Outcome:
    """Write as the owner of this claim would; `last_seq` is where it believes the log ends."""
    last_seq = claim.last_seq if last_seq is None else last_seq
    entry = log.Append(
        claim.run_id,
        claim.thread_pk,
        claim.epoch,
        last_seq,
        "running",
        log.number(events, after=last_seq),
        ord=claim.ord,
    )
    for name, value in changes.items():
        setattr(entry, name, value)
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([entry], lease_s=15))
        return log.read_outcomes(sql.fetchall())[claim.run_id]


def expire(run_id: UUID) -> None:
    with connection.cursor() as sql:
        sql.execute(
            "UPDATE run SET lease_until = clock_timestamp() - interval '1 s' WHERE id = %s",
            [run_id],
        )
