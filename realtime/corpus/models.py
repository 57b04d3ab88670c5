"""What was imported to learn from, and what is searched of it.

Rules of writing are in `operations.py`. Names and profiles of those who answered are no columns:
nothing here may tell who they are.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Risk(models.TextChoices):
    """What the product's screen says of a question or an answer."""

    NONE = "none"
    CONCERN = "concern"
    CRISIS = "crisis"


class Import(models.Model):
    """A file that was taken whole: where its rows come from, and under which licence."""

    class Origin(models.TextChoices):
        FILE = "file", "a file"
        HUB = "hub", "Hugging Face hub"
        SAMPLE = "sample", "shipped with Kindline"
        REVIEWED = "reviewed", "reviewed conversations of this installation"

    id = models.BigAutoField(primary_key=True)
    # The file's own name or the hub's id: no path, which would tell of a machine.
    name = models.TextField()
    origin = models.TextField(choices=Origin.choices)
    # Of the file's bytes, hex; of several files of a hub's data set, of their digests in order.
    sha256 = models.CharField(max_length=64)
    # What was asked for besides the file: columns, cleaning rules. Other options, other rows.
    options = models.JSONField(default=dict)
    shape = models.TextField()
    # What is said to a person of an exchange: "from counsel-chat, by a counsellor".
    attribution = models.TextField()
    source_url = models.TextField(default="", blank=True)
    licence = models.TextField(default="", blank=True)
    licence_text = models.TextField(default="", blank=True)
    # Counts by name, as the command's report shows them.
    report = models.JSONField(default=dict)
    rows_read = models.IntegerField()
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    imported_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "corpus_import"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["sha256", "options"], name="import_taken_once"),
        )

    def __str__(self) -> str:
        return self.name


class Exchange(models.Model):
    """One question and one answer to it, cleaned.

    `usable` is what everything that learns asks for: no fault of `flags` keeps it out, and it is
    the one of its near-duplicates that stands for them. `risk` is kept apart: such a row is shown
    to reviewers, but nothing is trained on it or grounded in it.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="exchanges")
    # Counted from 1, as the file's reader counts; with several turns in a row, `turn` from 0.
    row = models.IntegerField()
    turn = models.IntegerField(default=0, db_default=0)
    title = models.TextField(default="", blank=True)
    question = models.TextField()
    answer = models.TextField()
    # What was said before the question: [{"role": "user"|"assistant", "content": str}].
    history = models.JSONField(default=list)
    topics = models.JSONField(default=list)
    upvotes = models.IntegerField(null=True)
    link = models.TextField(default="", blank=True)
    # SHA-256 (hex) of the question's plain words: the unit of every split. Rows of one
    # conversation share it too.
    question_key = models.CharField(max_length=64, db_index=True)
    # Of the cleaned title, question and answer: the same text in two files has the same key.
    text_key = models.CharField(max_length=64, db_index=True)
    # Exchanges whose answers are nearly the same share this: the smallest id among them.
    duplicates = models.BigIntegerField(null=True, db_index=True)
    risk = models.TextField(choices=Risk.choices, default=Risk.NONE)
    # {"category": score 0..1} of the vendor's moderation, where it was asked.
    moderation = models.JSONField(null=True)
    # Names of `cleaning.py`'s faults that were seen: "link", "phone", "own_practice" ...
    flags = models.JSONField(default=list)
    usable = models.BooleanField(default=True)

    class Meta:
        db_table = "corpus_exchange"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["source", "row", "turn"], name="exchange_of_row"),
        )
        indexes = (
            models.Index(
                fields=["id"], condition=Q(usable=True, risk="none"), name="exchange_to_learn"
            ),
        )

    def __str__(self) -> str:
        return f"exchange {self.pk}"

    @property
    def asked(self) -> str:
        """What is asked as one text: the title, then the question."""
        return f"{self.title}\n{self.question}".strip()


class Embedding(models.Model):
    """A vector that was paid for, by the hash of the text it stands for."""

    text_sha256 = models.CharField(max_length=64)
    model = models.TextField()
    dimensions = models.IntegerField()
    vector = models.BinaryField()  # float32, little-endian, of length one

    class Meta:
        db_table = "corpus_embedding"
        constraints = (
            models.UniqueConstraint(
                fields=["text_sha256", "model", "dimensions"], name="embedding_made_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.text_sha256[:8]}"


class IndexVersion(models.Model):
    """An index that may serve: the newest does. Its files are each machine's own."""

    id = models.BigAutoField(primary_key=True)
    # SHA-256 (hex) of the rows' keys and of the method: the name of its folder under INDEX_DIR.
    digest = models.CharField(max_length=64)
    method = models.JSONField()
    rows = models.IntegerField()
    built_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "corpus_index"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"index {self.digest[:12]}"
