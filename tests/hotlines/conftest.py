from __future__ import annotations

import pytest

from realtime.hotlines.directory import Directory
from realtime.hotlines.importing.packaged import packaged_facts


@pytest.fixture(scope="session")
def packaged() -> Directory:
    """The directory of the project's own data files."""
    return Directory.of(packaged_facts())
