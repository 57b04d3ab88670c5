from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.operations import create_guest
from realtime.chat import promise, purging
from realtime.chat.models import Thread
from realtime.chat.promise import Promise
from realtime.chat.views import page_config

pytestmark = pytest.mark.django_db


def leave_thread(*, days_ago: float) -> None:
    Thread.objects.create(owner=create_guest(), client_thread_id="t1")
    Thread.objects.update(created_at=timezone.now() - timedelta(days=days_ago))


@pytest.mark.parametrize("days", [7, 0])
def test_the_page_says_the_days_of_the_setting(settings: Settings, days: int) -> None:
    settings.RETENTION_DAYS = days

    assert Promise().days() == days


@pytest.mark.parametrize(("days_ago", "days"), [(30.9, 30), (31.1, 0)])
def test_it_promises_nothing_where_nobody_purges(days_ago: float, days: int) -> None:
    leave_thread(days_ago=days_ago)

    assert Promise().days() == days


def test_a_demo_is_nobodys_words_and_breaks_no_promise() -> None:
    leave_thread(days_ago=40)
    Thread.objects.update(synthetic=True)

    assert Promise().days() == 30


def test_it_promises_again_after_a_purge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promise, "LOOK_S", 0)
    leave_thread(days_ago=40)
    promised = Promise()
    before = promised.days()

    purging.purge()

    assert (before, promised.days()) == (0, 30)


def test_the_operator_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(promise, "LOOK_S", 0)
    leave_thread(days_ago=40)
    promised = Promise()
    caplog.set_level(logging.WARNING, "realtime")

    for _ in range(3):
        promised.days()

    [line] = caplog.messages
    assert "manage.py procrastinate worker" in line


def test_a_minute_long_nobody_looks_again() -> None:
    promised = Promise()
    promised.days()

    leave_thread(days_ago=40)

    assert promised.days() == 30


def test_a_database_that_does_not_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(promise, "LOOK_S", 0)
    leave_thread(days_ago=40)
    promised = Promise()
    before = promised.days()

    with connection.execute_wrapper(refuse):
        assert promised.days() == before == 0


def test_the_page_is_told_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.chat.views.promise", Promise())
    leave_thread(days_ago=40)

    assert page_config()["retentionDays"] == 0
