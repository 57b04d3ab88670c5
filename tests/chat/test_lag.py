from __future__ import annotations

import asyncio
import math
import time

import pytest

from realtime.chat.lag import Lag
from tests.support.eventually import until


@pytest.mark.parametrize(("now", "behind"), [(10.5, False), (10.51, True), (12.4, True)])
def test_a_look_that_is_late_is_the_news(now: float, behind: bool) -> None:
    lag = Lag(0.5)
    lag._due_at = 10.0

    assert lag.behind(now) is behind


def test_a_loop_that_caught_up_takes_clients_again() -> None:
    lag = Lag(0.5)
    lag._due_at = 10.0
    lag.note(11.0)
    lag._due_at = 99.0

    assert lag.behind(12.9)
    assert not lag.behind(13.1)


def test_before_the_first_look_nobody_is_behind() -> None:
    assert not Lag(0.5).behind(1e9)


async def test_a_loop_that_something_holds_up_is_behind() -> None:
    loop, lag = asyncio.get_running_loop(), Lag(0.1)
    watching = asyncio.create_task(lag.watch())
    await until(lambda: lag._due_at < math.inf)

    time.sleep(0.5)  # noqa: ASYNC251 - just that

    assert lag.behind(loop.time())
    watching.cancel()
