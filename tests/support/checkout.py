from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from config.devtools.checkout import Checkout, this_checkout


def here() -> Checkout:
    """This checkout, with the packages of whoever runs the tests."""
    return replace(this_checkout(), other_venv=Path(sys.prefix))
