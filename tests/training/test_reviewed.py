"""Reviewed replies join a data set as long as their person allows it, whatever was missed."""

from __future__ import annotations

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command

from realtime.accounts.models import LearningConsent, User
from realtime.chat.models import Message
from realtime.corpus.models import Exchange, Import
from realtime.review import operations
from realtime.review.models import ReviewedReply
from realtime.review.operations import Words
from realtime.training.dataset import NO_PROMPT, Dataset, build
from realtime.training.models import TuningJob
from realtime.training.queries import withdrawn
from tests.review.talk import somebody, talk
from tests.training.rows import exchanges, imported

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = Words("We argue about lighthouses.", "Tell me how it begins.")


@pytest.fixture
def picked() -> ReviewedReply:
    exchanges(imported(), 30)
    reviewer = User.objects.create_superuser("reviewer")
    return operations.pick(message_id=talk(somebody()).pk, words=WORDS, by=reviewer)


def everything() -> Dataset:
    return build(sample=None, prompt=NO_PROMPT)


def holds(made: Dataset) -> bool:
    return "lighthouses" in json.dumps([made.train, made.validation])


def origins(made: Dataset) -> set[str]:
    return {source.origin for source in made.sources}


def test_they_join_with_their_origin_told(picked: ReviewedReply) -> None:
    made = everything()

    assert holds(made)
    assert origins(made) == {"file", "reviewed"}
    assert "not to be passed on" in json.dumps(made.manifest)


def test_a_data_set_can_be_made_without_them(picked: ReviewedReply) -> None:
    assert not holds(build(sample=None, prompt=NO_PROMPT, with_reviewed=False))


def test_what_was_taken_back_is_not_in_the_next_though_nobody_told_of_it(
    picked: ReviewedReply,
) -> None:
    LearningConsent.objects.all().delete()
    assert Exchange.objects.filter(source__origin="reviewed").exists()

    made = everything()

    assert not holds(made)
    assert origins(made) == {"file"}
    assert not Exchange.objects.filter(question__contains="lighthouses").exists()


def test_an_import_of_them_that_was_deleted_comes_back(picked: ReviewedReply) -> None:
    Import.objects.filter(origin="reviewed").delete()

    assert holds(everything())


def test_the_command_shows_their_counts(picked: ReviewedReply) -> None:
    out = StringIO()
    reviewed = Import.objects.get(origin="reviewed")
    call_command("dataset", "show", str(reviewed.pk), stdout=out)

    assert "1 rows, 1 exchanges" in out.getvalue()
    assert "from a reviewed conversation here" in out.getvalue()


def test_a_job_knows_how_many_of_its_words_were_taken_back(picked: ReviewedReply) -> None:
    job = TuningJob(manifest=everything().manifest)
    assert withdrawn(job) == 0

    LearningConsent.objects.all().delete()
    assert withdrawn(job) == 1


def test_a_reply_whose_question_was_replaced_is_out_of_the_next(picked: ReviewedReply) -> None:
    Message.objects.filter(client_msg_id=picked.message).update(superseded_by=uuid4())

    assert not holds(everything())
    assert ReviewedReply.objects.get().answer == ""
