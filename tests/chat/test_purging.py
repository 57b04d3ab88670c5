from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.models import AdminLink, ClientToken, User, WsTicket
from realtime.accounts.operations import (
    create_admin_link,
    create_client_token,
    create_guest,
    create_ws_ticket,
    revoke_client_tokens,
    use_admin_link,
)
from realtime.accounts.queries import identify_token
from realtime.chat import operations, purging
from realtime.chat.demo.operations import make_thread, remove
from realtime.chat.models import Run, Thread
from tests.support.rows import columns_holding, counts
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)


@pytest.fixture
def person() -> User:
    return create_guest()


def talk(person: User, *, days_ago: float, text: str = "hi") -> UUID:
    """A conversation whose only reply was stopped that long ago."""
    thread_id, run_id = str(uuid4()), str(uuid4())
    logged = operations.submit(submission=asking(person, text, thread_id=thread_id, run_id=run_id))
    append(claim_one(), START_TEXT, WORDS)
    operations.stop(owner_id=person.pk, run_id=run_id)
    past = timedelta(days=days_ago)
    moved = {"created_at": F("created_at") - past, "finished_at": F("finished_at") - past}
    Run.objects.filter(id=logged.run_id).update(**moved)
    thread = Thread.objects.get(client_thread_id=thread_id)
    Thread.objects.filter(id=thread.id).update(created_at=F("created_at") - past)
    return thread.id


def seen(person: User, *, days_ago: float) -> None:
    past = timezone.now() - timedelta(days=days_ago)
    User.objects.filter(pk=person.pk).update(last_login=past, date_joined=past)


@pytest.mark.parametrize(
    ("days", "since"), [(30, datetime(2026, 5, 1, 12, tzinfo=UTC)), (0, None)]
)
def test_too_old_is_what_was_quiet_for_the_days_of_the_setting(
    settings: Settings, days: int, since: datetime | None
) -> None:
    settings.RETENTION_DAYS = days

    assert purging.quiet_since(NOW) == since


@pytest.mark.parametrize(("days_ago", "left"), [(29.9, 1), (30.1, 0)])
def test_a_conversation_goes_thirty_days_after_its_last_reply(
    person: User, days_ago: float, left: int
) -> None:
    talk(person, days_ago=days_ago)

    purged = purging.purge()

    assert Thread.objects.count() == left == 1 - purged.conversations


@pytest.mark.parametrize(("off_by", "days_ago", "left"), [(60, 1, 1), (-60, 31, 0)])
def test_a_server_whose_clock_is_wrong_purges_by_that_of_postgres(
    person: User, monkeypatch: pytest.MonkeyPatch, off_by: int, days_ago: float, left: int
) -> None:
    talk(person, days_ago=days_ago)
    wrong = timezone.now() + timedelta(days=off_by)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    expected = purging.purgeable().conversations
    purged = purging.purge()

    assert Thread.objects.count() == left == 1 - purged.conversations == 1 - expected


def test_a_demo_stays_whole_until_it_is_removed() -> None:
    thread = make_thread(client_thread_id="demo-plain")
    seen(thread.owner, days_ago=100)
    Thread.objects.update(created_at=timezone.now() - timedelta(days=100))

    purged = purging.purge()

    assert (purged.conversations, purged.guests) == (0, 0)
    removed = remove()
    assert (removed.threads, removed.guests) == (1, 1)


def test_an_old_conversation_that_goes_on_stays_whole(person: User) -> None:
    talk(person, days_ago=50)
    thread = Thread.objects.get()
    operations.submit(submission=asking(person, thread_id=thread.client_thread_id, run_id="r2"))
    operations.stop(owner_id=person.pk, run_id="r2")
    before = counts()

    purging.purge()

    assert counts() == before


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_conversation_with_a_reply_under_way_stays_however_old(person: User, state: str) -> None:
    talk(person, days_ago=50)
    Run.objects.update(state=state, finished_at=None)

    assert purging.purge().conversations == 0


def test_not_a_row_of_an_old_conversation_is_left(person: User) -> None:
    seen(person, days_ago=1)
    before = counts()
    talk(person, days_ago=31, text="the green lighthouse")
    assert "message.content" in columns_holding("the green lighthouse")

    purging.purge()

    assert columns_holding("the green lighthouse") == columns_holding("Half a rep") == []
    assert counts() == before


def test_zero_days_keep_conversations_until_somebody_deletes_them(
    person: User, settings: Settings
) -> None:
    settings.RETENTION_DAYS = 0
    talk(person, days_ago=3000)

    assert purging.purge().conversations == 0
    assert purging.purgeable().conversations == 0


def test_more_than_fit_into_one_round_go_all(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "ROUND", 3)
    monkeypatch.setattr(purging, "HANDFUL", 2)
    for _ in range(7):
        talk(person, days_ago=31)

    assert purging.purge().conversations == 7
    assert not Thread.objects.exists()


def test_a_guest_goes_once_nothing_of_theirs_is_left(person: User) -> None:
    talk(person, days_ago=31)
    seen(person, days_ago=31)

    purged = purging.purge()

    assert (purged.conversations, purged.guests) == (1, 1)
    assert not User.objects.exists()


def test_a_guest_who_was_here_lately_stays(person: User) -> None:
    seen(person, days_ago=29)

    assert purging.purge().guests == 0


def test_a_guest_with_a_conversation_stays_however_long_away(person: User) -> None:
    talk(person, days_ago=1)
    seen(person, days_ago=100)

    assert purging.purge().guests == 0


def test_a_guest_whose_token_still_opens_stays() -> None:
    issued = create_client_token(lifetime=timedelta(days=90))
    seen(User.objects.get(pk=issued.user_id), days_ago=60)

    assert purging.purge().guests == 0


def test_an_account_stays_however_long_away() -> None:
    seen(User.objects.create_user("alice"), days_ago=1000)

    assert purging.purge().guests == 0


def test_a_guest_never_goes_before_every_cookie_ended(person: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 1
    seen(person, days_ago=1.5)

    assert purging.purge().guests == 0


def test_ended_sessions_go_and_others_stay() -> None:
    now = timezone.now()
    Session.objects.create(session_key="over", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="alive", expire_date=now + timedelta(minutes=1))

    assert purging.purge().sessions == 1
    assert Session.objects.get().session_key == "alive"


def test_expired_and_revoked_tokens_go_and_others_stay() -> None:
    create_client_token(lifetime=timedelta(minutes=-1))
    revoked = create_client_token()
    revoke_client_tokens(
        ids=list(ClientToken.objects.filter(user_id=revoked.user_id).values_list("pk", flat=True))
    )
    good = create_client_token()

    assert purging.purge().tokens == 2
    assert ClientToken.objects.get().user_id == good.user_id


def test_expired_tickets_go_and_others_stay() -> None:
    identity = identify_token(token=create_client_token().token)
    assert identity is not None
    for _ in range(2):
        create_ws_ticket(identity=identity)
    WsTicket.objects.filter(pk=WsTicket.objects.earliest("pk").pk).update(
        expires_at=timezone.now()
    )

    assert purging.purge().tickets == 1
    assert WsTicket.objects.count() == 1


def test_used_and_expired_admin_links_go_and_others_stay() -> None:
    use_admin_link(token=create_admin_link())
    create_admin_link()
    AdminLink.objects.filter(used_at=None).update(expires_at=timezone.now())
    create_admin_link()

    assert purging.purge().links == 2
    assert AdminLink.objects.get().expires_at > timezone.now()


def test_the_command_counts_without_removing(person: User) -> None:
    talk(person, days_ago=31)
    out = StringIO()

    call_command("purge", "--dry-run", stdout=out)

    assert "Would be removed: 1 conversations, 0 guests" in out.getvalue()
    assert Thread.objects.exists()


def test_the_command_removes(person: User) -> None:
    talk(person, days_ago=31)
    out = StringIO()

    call_command("purge", stdout=out)

    assert "Removed: 1 conversations, 0 guests" in out.getvalue()
    assert not Thread.objects.exists()


def test_the_command_says_when_conversations_stay(settings: Settings) -> None:
    settings.RETENTION_DAYS = 0
    out = StringIO()

    call_command("purge", stdout=out)

    assert "RETENTION_DAYS is 0" in out.getvalue()


def test_the_log_holds_counts_and_nothing_else(
    person: User, caplog: pytest.LogCaptureFixture
) -> None:
    talk(person, days_ago=31, text="the green lighthouse")
    caplog.set_level(logging.INFO, "realtime")

    purging.purge()

    [line] = [record.message for record in caplog.records]
    assert line == "purged: 1 conversations, 0 guests, 0 sessions, 0 tokens, 0 tickets, 0 links"
