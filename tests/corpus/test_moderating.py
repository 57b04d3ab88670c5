"""The vendor's scores of rows: kept batch by batch, and only ever adding risk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from realtime.corpus import moderating
from realtime.corpus.models import Exchange, Import
from realtime.provider.config import ProviderConfig
from realtime.provider.moderation import Moderator
from tests.corpus.conftest import Command
from tests.corpus.files import as_csv
from tests.corpus.test_import import many
from tests.support.openai_server import ThreadedOpenAIServer, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def configured(settings: Any, model: ThreadedOpenAIServer) -> ThreadedOpenAIServer:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key", model.base_url
    return model


def moderator(model: ThreadedOpenAIServer) -> Moderator:
    return Moderator(ProviderConfig("key", model.base_url, "stand-in"))


def test_scores_are_kept_of_every_row_in_batches(
    tmp_path: Path, dataset: Command, configured: ThreadedOpenAIServer
) -> None:
    path = as_csv(tmp_path / "a.csv", many(40))
    configured.judge(Verdict(), Verdict(("self-harm",)))

    told = json.loads(dataset("import", path, "--moderate", "--json"))

    assert told["moderation"] == {"asked": 40, "raised": 8, "left": 0, "stopped": ""}
    assert [len(asked.body["input"]) for asked in configured.moderated] == [32, 8]
    first, *_, last = Exchange.objects.order_by("id")
    assert first.moderation is not None
    assert (first.moderation["self-harm"], first.risk) == (0.01, "none")
    assert last.moderation is not None
    assert (last.moderation["self-harm"], last.risk) == (0.9, "concern")


def test_what_broke_off_is_gone_on_with(
    tmp_path: Path, dataset: Command, configured: ThreadedOpenAIServer
) -> None:
    path = as_csv(tmp_path / "a.csv", many(40))
    configured.judge(Verdict(), Verdict(status=401))
    said = dataset("import", path, "--moderate")
    assert "32 asked about, 0 more at risk; stopped with 8 left" in said

    assert "8 asked about" in dataset("import", path, "--moderate")
    assert not Exchange.objects.filter(moderation__isnull=True).exists()


def test_a_vendor_that_is_busy_is_asked_again_after_a_while(
    tmp_path: Path, dataset: Command, model: ThreadedOpenAIServer
) -> None:
    dataset("import", as_csv(tmp_path / "a.csv", many(3)))
    model.judge(Verdict(status=500), Verdict(status=429), Verdict())
    waits: list[float] = []

    said = moderating.moderate(
        source_id=Import.objects.get().pk, moderator=moderator(model), wait=waits.append
    )

    assert (said.asked, said.stopped) == (3, "")
    assert waits == [2.0, 4.0]


def test_one_that_stays_busy_is_given_up(
    tmp_path: Path, dataset: Command, model: ThreadedOpenAIServer
) -> None:
    dataset("import", as_csv(tmp_path / "a.csv", many(3)))
    model.judge(*[Verdict(status=500)] * 5)

    said = moderating.moderate(
        source_id=Import.objects.get().pk, moderator=moderator(model), wait=lambda seconds: None
    )

    assert (said.asked, said.left) == (0, 3)
    assert said.stopped
    assert len(model.moderated) == 5


def test_an_answer_about_fewer_texts_is_no_answer(
    tmp_path: Path, dataset: Command, model: ThreadedOpenAIServer
) -> None:
    dataset("import", as_csv(tmp_path / "a.csv", many(3)))
    model.judge(*[Verdict(raw=b'{"results": []}')] * 5)

    said = moderating.moderate(
        source_id=Import.objects.get().pk, moderator=moderator(model), wait=lambda seconds: None
    )

    assert said.stopped == "0 moderations of 3 texts"
    assert Exchange.objects.filter(moderation__isnull=True).count() == 3


def test_without_a_vendor_nothing_is_imported(
    tmp_path: Path, dataset: Command, settings: Any
) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = settings.REHEARSAL_URL = ""
    path = as_csv(tmp_path / "a.csv", many(3))

    with pytest.raises(CommandError, match="configure one first"):
        dataset("import", path, "--moderate")
    with pytest.raises(CommandError, match="not together"):
        dataset("import", path, "--moderate", "--dry-run")
    assert not Import.objects.exists()


def test_a_text_keeps_its_scores_and_its_risk_in_another_import(
    tmp_path: Path, dataset: Command, configured: ThreadedOpenAIServer
) -> None:
    configured.judge(Verdict(("self-harm",)))
    dataset("import", as_csv(tmp_path / "a.csv", many(3)), "--moderate")

    dataset("import", as_csv(tmp_path / "b.csv", many(4)))

    again = Exchange.objects.filter(source__name="b.csv").order_by("row")
    assert [row.risk for row in again] == ["concern"] * 3 + ["none"]
    assert [row.moderation is None for row in again] == [False] * 3 + [True]
