"""Everything a command needs before it can work, skipped where it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from config.devtools import place, state
from config.devtools.checkout import Checkout
from config.devtools.node import Node, ready_node
from config.devtools.page import ready_packages, ready_page
from config.devtools.processes import Warden
from config.devtools.venv import ready_venv


@contextlib.contextmanager
def _set_up(checkout: Checkout) -> Iterator[None]:
    place.refuse_unusable(checkout)
    with state.set_up(checkout):
        yield


def python_only(guard: Warden, checkout: Checkout) -> None:
    with _set_up(checkout):
        ready_venv(guard, checkout)


def with_packages(guard: Warden, checkout: Checkout) -> Node:
    """Python and the page's packages, for checks."""
    with _set_up(checkout):
        ready_venv(guard, checkout)
        node = ready_node(guard, checkout)
        ready_packages(guard, checkout, node)
        return node


def with_page(guard: Warden, checkout: Checkout) -> Node:
    """Python and the built page, for serving."""
    with _set_up(checkout):
        ready_venv(guard, checkout)
        node = ready_node(guard, checkout)
        ready_page(guard, checkout, node)
        return node
