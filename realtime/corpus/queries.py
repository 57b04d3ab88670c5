"""What the corpus holds, for those who learn from it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from realtime.corpus.models import Exchange, Import, Risk


def exchanges_to_learn_from() -> QuerySet[Exchange]:
    """Give every exchange that is usable and without a sign of risk, in the order of ids."""
    return Exchange.objects.filter(usable=True, risk=Risk.NONE).select_related("source")


def exchanges_to_search() -> QuerySet[Exchange]:
    """Give those that a reply may be grounded in, and a vendor may make vectors of.

    Reviewed conversations are not among them: what one person said here is shown to no other.
    """
    return exchanges_to_learn_from().exclude(source__origin=Import.Origin.REVIEWED)


def imports() -> QuerySet[Any]:
    """Give every import with `exchanges_`, `usable_` (to learn from) and `risky_` counted."""
    learnt = Q(exchanges__usable=True, exchanges__risk=Risk.NONE)
    return Import.objects.annotate(
        exchanges_=Count("exchanges"),
        usable_=Count("exchanges", filter=learnt),
        risky_=Count("exchanges", filter=~Q(exchanges__risk=Risk.NONE)),
    )


def as_json(one: Any) -> dict[str, Any]:
    """An import of `imports()`, for programs."""
    return {
        "id": one.pk,
        "name": one.name,
        "origin": one.origin,
        "sha256": one.sha256,
        "shape": one.shape,
        "attribution": one.attribution,
        "licence": one.licence,
        "source_url": one.source_url,
        "imported_at": one.imported_at.isoformat(),
        "rows_read": one.rows_read,
        "exchanges": one.exchanges_,
        "to_learn_from": one.usable_,
        "at_risk": one.risky_,
    }
