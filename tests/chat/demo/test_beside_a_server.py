from __future__ import annotations

import pytest

from realtime.agent.testing import ScriptedModel, says
from realtime.chat import bridge
from realtime.chat.demo.seeding import seed
from tests.chat.demo.threads import ENDINGS, endings
from tests.support.engine import running_engine


@pytest.mark.django_db(transaction=True)
async def test_a_server_that_runs_meanwhile_neither_answers_nor_ends_them() -> None:
    model = ScriptedModel(says("I am the wrong one."))

    async with running_engine(model):
        await seed()

    assert model.requests == []
    assert await bridge.run(endings) == ENDINGS
