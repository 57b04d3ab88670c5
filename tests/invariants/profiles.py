"""How hard these tests look: `HYPOTHESIS_PROFILE=long`, else what `./dev test` has time for.

The quick profile draws the same examples each time, so that it fails for a reason only.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
LONG = PROFILE == "long"
_COMMON = settings(
    report_multiple_bugs=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("quick", _COMMON, derandomize=True, database=None)
settings.register_profile("long", _COMMON)


def effort(quick: int, long: int, *, steps: int = 50, shrink: bool = True) -> settings:
    """So many examples in each profile; of a machine, each of at most so many steps.

    Not `shrink`: steps take milliseconds, so the quick profile shows a failure as it found it.
    """
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    return settings(
        settings.get_profile(PROFILE),
        max_examples=long if LONG else quick,
        stateful_step_count=steps,
        phases=[*phases, Phase.shrink] if shrink or LONG else phases,
    )


patient = pytest.mark.timeout(0 if LONG else 120)
