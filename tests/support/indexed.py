"""The sample that comes with the product, imported and indexed as an installation has it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from realtime.corpus import indexing
from realtime.corpus.operations import import_sample


def index_the_sample(folder: Path) -> None:
    """Import it into the tests' database, and build its index in `folder` (INDEX_DIR)."""
    settings.INDEX_DIR = folder
    import_sample()
    version = indexing.newest()
    assert version is not None
    indexing.build(version, child=False, wait=True)
