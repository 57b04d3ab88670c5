from __future__ import annotations

from django.apps import AppConfig


class CorpusConfig(AppConfig):
    name = "realtime.corpus"
    label = "corpus"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from realtime.corpus import indexing
        from realtime.corpus.signals import corpus_changed

        corpus_changed.connect(indexing.note_change)
