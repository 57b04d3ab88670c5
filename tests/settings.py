"""config.settings in the environment of the tests: what `pytest` alone needs to be right."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.support.environment import prepare

prepare()
try:
    from config.settings import *  # noqa: F403 - Django takes every name of the module
except ImproperlyConfigured as error:
    raise pytest.UsageError(str(error)) from None

# Most tests are many people at one address, and quick; those that ask say their own numbers.
SUBMITS_PER_MINUTE = SUBMITS_BURST = SUBMITS_PER_MINUTE_PER_ADDRESS = 100_000
MAX_LOOP_LAG_MS = SOCKETS_PER_PERSON = RUNS_PER_PERSON = 100_000
# The notice that opens each conversation: most tests would have to count it; its own turn it on.
DISCLOSURE_AT_START = False
