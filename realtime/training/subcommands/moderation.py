"""The vendor's scores of imported rows, as `dataset import --moderate` asks for them."""

from __future__ import annotations

from django.core.management.base import CommandError

from realtime.chat.answering import configured_model, is_rehearsal
from realtime.corpus import moderating
from realtime.corpus.moderating import Moderated
from realtime.corpus.reporting import ImportReport
from realtime.provider.moderation import Moderator
from realtime.training.subcommands.bar import Bar


def moderator() -> Moderator:
    """Give the configured model's vendor. CommandError where there is none."""
    config = configured_model()
    if config is None or is_rehearsal(config):
        raise CommandError("--moderate asks the vendor of the model: configure one first.")
    return Moderator(config)


def moderate(report: ImportReport, asked: Moderator) -> Moderated:
    with Bar() as bar:
        return moderating.moderate(source_id=report.source.pk, moderator=asked, progress=bar.moved)


def sentence(said: Moderated) -> str:
    told = f"  moderation: {said.asked:,} asked about, {said.raised:,} more at risk"
    if not said.stopped:
        return told
    return f"{told}; stopped with {said.left:,} left ({said.stopped}): the same command goes on"
