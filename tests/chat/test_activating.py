"""Which model answers is the newest row: added, never changed, and gone back from step by step."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.chat.activating import ActivationRefused, activate_model, active_model, roll_back
from realtime.chat.answering import (
    answering_model,
    config_for,
    key_for,
    known,
    shown_address,
)
from realtime.chat.models import ActiveModel
from realtime.provider.config import ProviderConfig

pytestmark = pytest.mark.django_db

HERE = "http://127.0.0.1:9/v1"
TUNING = "https://tuning.example/v1"


@pytest.fixture
def here(settings: Settings) -> Settings:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key-of-here", HERE
    settings.OPENAI_MODEL, settings.REHEARSAL_URL = "settings-model", ""
    settings.FINETUNE_BASE_URL, settings.FINETUNE_API_KEY = TUNING, "key-of-tuning"
    return settings


def promoted(name: str, base_url: str = HERE) -> ActiveModel:
    return activate_model(name=name, base_url=base_url, wire="chat", source="a test")


def test_without_a_row_the_settings_model_answers(here: Settings) -> None:
    config = answering_model()

    assert active_model() is None
    assert config is not None
    assert config.resolved_model == "settings-model"


def test_the_newest_row_answers_and_the_others_stay(here: Settings) -> None:
    first, second = promoted("one"), promoted("two")

    assert active_model() == second
    assert [row.name for row in ActiveModel.objects.all()] == ["one", "two"]
    assert first.created_at is not None


def test_a_roll_back_goes_to_the_one_before_as_a_new_row(here: Settings) -> None:
    reviewer = User.objects.create(username="rita")
    promoted("one")
    promoted("two")

    row = roll_back(by=reviewer)

    assert row is not None
    assert (row.name, row.chosen_by, row.reason) == ("one", reviewer, "Rolled back from two.")
    assert active_model() == row
    assert ActiveModel.objects.count() == 3


def test_roll_backs_go_further_back_and_not_to_and_fro(here: Settings) -> None:
    for name in ("one", "two", "three"):
        promoted(name)

    names = [row and row.name for row in (roll_back() for _ in range(4))]

    assert names == ["two", "one", "", None]
    assert active_model() is None


def test_a_roll_back_after_a_new_choice_goes_to_what_answered_before_it(here: Settings) -> None:
    promoted("one")
    promoted("two")
    roll_back()
    promoted("three")

    names = [row and row.name for row in (roll_back() for _ in range(3))]

    assert names == ["one", "", None]


def test_the_same_model_chosen_again_is_no_step_of_a_roll_back(here: Settings) -> None:
    promoted("one")
    promoted("two")
    promoted("two")

    row = roll_back()

    assert row is not None
    assert row.name == "one"


def test_the_settings_model_can_be_chosen_and_rolled_back_from(here: Settings) -> None:
    promoted("one")
    activate_model(name="")
    assert active_model() is None

    roll_back()

    active = active_model()
    assert active is not None
    assert active.name == "one"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": " m "}, "blanks"),
        ({"name": "m\n"}, "blanks"),
        ({"name": "m\x00n"}, "unprintable"),
        ({"name": "m", "base_url": f"{HERE} "}, "blanks"),
        ({"name": "", "base_url": HERE}, "which model"),
        ({"name": "m", "wire": "telegraph"}, "auto, responses or chat"),
        ({"name": "m", "base_url": "ftp://host/v1"}, "https://host/v1"),
        ({"name": "m", "base_url": "https://host:port/v1"}, "https://host/v1"),
        ({"name": "m", "base_url": "https://me:secret@host/v1"}, "no name, password"),
        ({"name": "m", "base_url": "https://host/v1?key=secret"}, "no name, password"),
        ({"name": "m", "forced": True, "reason": " "}, "Say why"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    here: Settings, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(ActivationRefused, match=why):
        activate_model(**wrong)

    assert not ActiveModel.objects.exists()


def test_a_row_cannot_be_changed_but_who_chose_it_may_be_forgotten(here: Settings) -> None:
    reviewer = User.objects.create(username="rita")
    row = activate_model(name="one", by=reviewer)

    with pytest.raises(IntegrityError, match="only added"), transaction.atomic():
        ActiveModel.objects.filter(pk=row.pk).update(name="two")
    reviewer.delete()

    row.refresh_from_db()
    assert (row.name, row.chosen_by) == ("one", None)


def test_a_forced_choice_without_a_reason_is_refused_by_the_database_too() -> None:
    with pytest.raises(IntegrityError, match="model_forced_with_reason"):
        ActiveModel.objects.create(name="one", forced=True)


def test_two_who_choose_at_once_come_one_after_the_other(here: Settings) -> None:
    promoted("one")

    with connection.cursor() as sql:
        sql.execute(
            "SELECT mode FROM pg_locks WHERE relation = 'active_model'::regclass"
            " AND pid = pg_backend_pid()"
        )
        modes = {mode for (mode,) in sql.fetchall()}

    assert "ShareRowExclusiveLock" in modes


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        (HERE, "key-of-here"),
        (f"{HERE}/", "key-of-here"),
        ("HTTP://127.0.0.1:9/v1", "key-of-here"),
        (TUNING, "key-of-tuning"),
        ("https://tuning.example:443/v1", "key-of-tuning"),
        ("", ""),  # OpenAI's own, where the settings' key belongs to another address
        ("https://127.0.0.1:9/v1", ""),
        ("http://127.0.0.1:10/v1", ""),
        ("http://127.0.0.1:9/v1/other", ""),
        ("http://127.0.0.1:9/v1?to=elsewhere", ""),
        ("http://user@127.0.0.1:9/v1", ""),
        ("https://tuning.example.evil.example/v1", ""),
        ("https://tuning.example@evil.example/v1", ""),
        ("https://evil.example/https://tuning.example/v1", ""),
        ("https://tuning.example:x/v1", ""),
    ],
)
def test_a_key_belongs_to_exactly_its_address(here: Settings, base_url: str, key: str) -> None:
    assert key_for(base_url) == key


def test_openais_own_key_is_for_openais_own_address(here: Settings) -> None:
    here.OPENAI_BASE_URL = here.FINETUNE_BASE_URL = ""

    assert key_for("") == key_for("https://api.openai.com/v1") == "key-of-tuning"
    here.FINETUNE_API_KEY = ""
    assert key_for("") == key_for("https://api.openai.com/v1") == "key-of-here"
    assert key_for("https://api.openai.com.evil.example/v1") == ""


def test_the_settings_habits_hold_at_the_settings_address_only(here: Settings) -> None:
    here.UPSTREAM_PREFILL, here.OPENAI_REASONING_EFFORT = "continue", "low"

    at_home, elsewhere = config_for(promoted("one")), config_for(promoted("two", TUNING))

    assert (at_home.prefill, at_home.reasoning_effort) == ("continue", "")
    assert (elsewhere.prefill, elsewhere.reasoning_effort) == ("off", "")


def test_an_address_is_shown_without_what_is_secret_in_it() -> None:
    config = ProviderConfig(api_key="", base_url="https://me:pass@host.example:8/v1?k=s#f")

    assert shown_address(config) == "https://host.example:8/v1"


@pytest.mark.django_db(transaction=True)
def test_what_is_known_without_the_database_follows_a_choice(here: Settings) -> None:
    promoted("one")
    assert known.model is not None
    assert known.model.resolved_model == "one"

    roll_back()

    assert known.model is not None
    assert known.model.resolved_model == "settings-model"
