"""How many pairs an operator means, for what exports and trains."""

from __future__ import annotations

from django.core.management.base import CommandError


def sample_of(said: str) -> int | None:
    """None is all of them. Raises CommandError."""
    if said == "all":
        return None
    if not said.isascii() or not said.isdigit():
        raise CommandError("--sample is a number of pairs, or `all`.")
    return int(said)
