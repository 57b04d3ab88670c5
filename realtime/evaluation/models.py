"""What models were asked to compare them, what they said, and what was found.

Rules of writing are in `operations.py`. A question of the corpus is kept by its row alone: who
takes a row away takes away what was said to it, too.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Evaluation(models.Model):
    """One comparison: resumed until every question is answered and judged."""

    id = models.BigAutoField(primary_key=True)
    # Prices, seeds, versions of prompt and product's rules: with what it was begun it is resumed.
    options = models.JSONField(default=dict)
    # Why it was made: by hand, or as checks before a model is promoted.
    purpose = models.TextField(default="compare")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "evaluation"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"evaluation {self.pk}"


class Contestant(models.Model):
    """Who answers. The people whose answers are in the corpus are one too, and are not asked."""

    class Role(models.TextChoices):
        TARGET = "target", "the model"
        AGAINST = "against", "compared with"
        HUMAN = "human", "people, as the data has it"

    id = models.BigAutoField(primary_key=True)
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.CASCADE, related_name="contestants"
    )
    role = models.TextField(choices=Role.choices)
    name = models.TextField()
    base_url = models.TextField(blank=True)  # empty: OpenAI's own; no key is stored
    wire = models.TextField(default="auto")

    class Meta:
        db_table = "evaluation_contestant"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["evaluation", "role"], name="contestant_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


class Judge(models.Model):
    """A model that rates answers; there may be several, to see how far they agree."""

    id = models.BigAutoField(primary_key=True)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="judges")
    ord = models.IntegerField()
    name = models.TextField()
    base_url = models.TextField(blank=True)
    wire = models.TextField(default="auto")

    class Meta:
        db_table = "evaluation_judge"
        ordering = ("ord",)
        constraints = (models.UniqueConstraint(fields=["evaluation", "ord"], name="judge_once"),)

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """One question: an exchange of the corpus, or a message of ours, by its name."""

    class Kind(models.TextChoices):
        HELD_OUT = "held out"
        AT_RISK = "at risk"

    id = models.BigAutoField(primary_key=True)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="questions")
    ord = models.IntegerField()
    kind = models.TextField(choices=Kind.choices)
    exchange = models.ForeignKey(
        "corpus.Exchange", on_delete=models.CASCADE, null=True, related_name="+"
    )
    scenario = models.TextField(blank=True)

    class Meta:
        db_table = "evaluation_question"
        ordering = ("ord",)
        constraints = (
            models.UniqueConstraint(fields=["evaluation", "ord"], name="question_once"),
            models.CheckConstraint(
                condition=Q(exchange=None) ^ Q(scenario=""), name="question_of_one_kind"
            ),
        )

    def __str__(self) -> str:
        return self.scenario or f"exchange {self.exchange_id}"


class Answer(models.Model):
    """What a model said to a question, or why it said nothing. Times are in milliseconds."""

    id = models.BigAutoField(primary_key=True)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    contestant = models.ForeignKey(Contestant, on_delete=models.CASCADE, related_name="answers")
    text = models.TextField(blank=True)
    # A code of the agent's errors; with one, nothing was checked, and a resumption asks again.
    error = models.TextField(blank=True)
    first_token_ms = models.IntegerField(null=True)
    whole_ms = models.IntegerField()
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    tools = models.JSONField(default=list)  # [{"name": str, "ok": bool}]
    checks = models.JSONField(default=dict)  # {rule: {"verdict": ..., "note": ...}}
    grounded = models.JSONField(default=list)  # ids of exchanges that the model was shown
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "evaluation_answer"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["question", "contestant"], name="answer_once"),
        )

    def __str__(self) -> str:
        return f"answer {self.pk}"


class Judgement(models.Model):
    """What a judge said of one answer, or why nothing can be read of it."""

    id = models.BigAutoField(primary_key=True)
    judge = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="judgements")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="judgements")
    contestant = models.ForeignKey(Contestant, on_delete=models.CASCADE, related_name="judgements")
    scores = models.JSONField(null=True)  # by the names of `rubric.py`
    failure = models.TextField(blank=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "evaluation_judgement"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["judge", "question", "contestant"], name="judged_once"
            ),
        )

    def __str__(self) -> str:
        return f"judgement {self.pk}"
