"""What is to be asked, what is still open, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from django.db.models import QuerySet

from realtime.corpus.models import Exchange, Import
from realtime.corpus.queries import exchanges_to_learn_from
from realtime.corpus.splitting import SPLIT_SEED, split
from realtime.evaluation.models import Answer, Contestant, Evaluation, Judge, Judgement, Question
from realtime.evaluation.scenarios import scenarios

LONGEST_ASKED = 16_000  # characters: no message of the chat is longer


def held_out(most: int, *, seed: int = SPLIT_SEED) -> list[Exchange]:
    """At most so many questions that no training here takes, each once, by a hash of its own.

    Never from reviewed conversations: who agreed that others learn from them did not agree that
    models of other vendors are asked with their words, and judges told of them.
    """
    rows = exchanges_to_learn_from().exclude(source__origin=Import.Origin.REVIEWED)
    chosen: dict[str, tuple[tuple[int, int, str], int]] = {}
    facts = rows.values_list("pk", "question_key", "turn", "upvotes", "text_key")
    for pk, key, turn, upvotes, text_key in facts.iterator(5000):
        if split(key, seed=seed) == "validation":
            rank = (turn, -(upvotes or 0), text_key)  # the answer that most found good is kept
            chosen[key] = min(chosen.get(key, (rank, pk)), (rank, pk))
    drawn = sorted(chosen, key=lambda key: sha256(f"asked:{seed}:{key}".encode()).digest())
    found = Exchange.objects.in_bulk([chosen[key][1] for key in drawn])
    kept = [found[chosen[key][1]] for key in drawn if chosen[key][1] in found]
    return [each for each in kept if len(each.asked) <= LONGEST_ASKED][:most]


def evaluations() -> QuerySet[Evaluation]:
    return Evaluation.objects.prefetch_related("contestants", "judges")


def evaluation_by(number: int) -> Evaluation | None:
    return evaluations().filter(pk=number).first()


def questions_of(evaluation: Evaluation) -> QuerySet[Question]:
    return evaluation.questions.select_related("exchange__source")


def asked_in(question: Question) -> str:
    """The words of a question; empty for a message of ours that is no more."""
    if question.exchange is not None:
        return question.exchange.asked
    known = scenarios().get(question.scenario)
    return known.text if known else ""


def unanswered(evaluation: Evaluation, contestant: Contestant) -> list[Question]:
    """Those without an answer, or with one that failed, in order."""
    answered = Answer.objects.filter(contestant=contestant, error="").values("question")
    return list(questions_of(evaluation).exclude(pk__in=answered))


def unjudged(evaluation: Evaluation, judge: Judge) -> list[tuple[Question, Contestant, str]]:
    """Every answer to a held-out question that the judge has not rated, with its words.

    What nobody's judgement may decide, the messages of people in danger, is not among them.
    """
    done = set(judge.judgements.filter(failure="").values_list("question_id", "contestant_id"))
    held = list(questions_of(evaluation).filter(kind=Question.Kind.HELD_OUT))
    open_ = list[tuple[Question, Contestant, str]]()
    for contestant in evaluation.contestants.all():
        texts = _texts(contestant, held)
        for question in held:
            text = texts.get(question.pk, "")
            if text and (question.pk, contestant.pk) not in done:
                open_.append((question, contestant, text))
    return open_


def _texts(contestant: Contestant, questions: Iterable[Question]) -> dict[int, str]:
    if contestant.role == Contestant.Role.HUMAN:
        return {q.pk: q.exchange.answer for q in questions if q.exchange is not None}
    answers = contestant.answers.filter(error="")
    return dict(answers.values_list("question_id", "text"))


def answers_of(contestant: Contestant) -> QuerySet[Answer]:
    return contestant.answers.select_related("question__exchange").order_by("question__ord")


def judgements_of(judge: Judge, contestant: Contestant) -> QuerySet[Judgement]:
    return judge.judgements.filter(contestant=contestant).order_by("question__ord")
