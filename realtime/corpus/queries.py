"""What the corpus holds, for those who learn from it."""

from __future__ import annotations

from django.db.models import QuerySet

from realtime.corpus.models import Exchange, Risk


def exchanges_to_learn_from() -> QuerySet[Exchange]:
    """Give every exchange that is usable and without a sign of risk, in the order of ids."""
    return Exchange.objects.filter(usable=True, risk=Risk.NONE).select_related("source")
