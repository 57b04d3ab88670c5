"""How hard these tests look: `HYPOTHESIS_PROFILE=long`, else what `./dev test` has time for.

The quick profile draws the same examples each time, so that it fails for a reason only.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
LONG = PROFILE == "long"
_COMMON = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("quick", _COMMON, derandomize=True, database=None)
settings.register_profile("long", _COMMON)


def effort(quick: int, long: int, *, steps: int = 50) -> settings:
    """So many examples in each profile; of a machine, each of at most so many steps."""
    examples = long if LONG else quick
    return settings(
        settings.get_profile(PROFILE), max_examples=examples, stateful_step_count=steps
    )
