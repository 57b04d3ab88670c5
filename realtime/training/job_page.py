"""A job as the admin's page shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from realtime.training import queries, telling
from realtime.training.curves import Picture, picture
from realtime.training.figuring import in_words
from realtime.training.models import FAILED, OVER, SUCCEEDED, Checkpoint, TuningEvent, TuningJob

EVENTS = 200


@dataclass(frozen=True, slots=True)
class CheckpointShown:
    row: Checkpoint
    training: str
    validation: str
    best: bool


@dataclass(frozen=True, slots=True)
class JobPage:
    job: TuningJob
    mood: str  # of the badge: good, bad, cut or open
    status: str
    host: str
    settings: str
    licences: tuple[str, ...]
    trouble: SafeString
    way_out: SafeString
    words: tuple[str, ...]
    memory_only: bool
    picture: Picture | None
    described: str  # the picture for those who do not see it
    checkpoints: tuple[CheckpointShown, ...]
    events: tuple[TuningEvent, ...]
    more_events: int
    raw: str


def page_of(job: TuningJob) -> JobPage:
    found = queries.losses_of(job)
    words = tuple(in_words(found))
    events = list(job.events.exclude(kind="metrics").order_by("-at", "-id")[: EVENTS + 1])
    return JobPage(
        job=job,
        mood=_mood(job),
        status=telling.status_of(job),
        host=telling.host_of(job.base_url),
        settings=telling.settings_of(job),
        licences=_licences(job),
        trouble=_coded(job.trouble),
        way_out=_coded(job.way_out),
        words=words,
        memory_only=found.last is not None and found.validation is None,
        picture=picture(found),
        described=" ".join(words),
        checkpoints=_checkpoints(job),
        events=tuple(events[:EVENTS]),
        more_events=max(0, len(events) - EVENTS),
        raw=json.dumps(job.seen, indent=1, ensure_ascii=False),
    )


def _coded(text: str) -> SafeString:
    """A sentence, with what stands in backquotes as code."""
    pieces = enumerate((text[:1].upper() + text[1:]).split("`"))
    made = (format_html("<code>{}</code>" if at % 2 else "{}", piece) for at, piece in pieces)
    return format_html_join("", "{}", ((piece,) for piece in made))


def _mood(job: TuningJob) -> str:
    if job.status == SUCCEEDED:
        return "good"
    if job.status == FAILED:
        return "bad"
    return "cut" if job.status in OVER else "open"


def _licences(job: TuningJob) -> tuple[str, ...]:
    sources = job.manifest.get("sources") or []
    return tuple(f"{one['name']}: {one['licence'] or 'licence not known'}" for one in sources)


def _checkpoints(job: TuningJob) -> tuple[CheckpointShown, ...]:
    best = queries.best_checkpoint(job)
    return tuple(
        CheckpointShown(
            row=one,
            training=_loss(one.train_loss),
            validation=_loss(queries.loss_of(one)),
            best=best is not None and one.pk == best.pk,
        )
        for one in job.checkpoints.all()
    )


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
