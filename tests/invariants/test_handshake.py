"""The handshake of protocol.md 1.8 under random schedules, and five mutants of it.

I1, I7, I14 and I16 hold for every client, and the cursors it is sent strictly increase, whatever
Redis does (I11). A schedule is its seed: `run(seed)` again shows the same.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest

from realtime.chat import agui, bridge, hub, outbox, reader, relay
from realtime.chat.follower import Watched
from realtime.chat.protocol import Cursor
from realtime.chat.takeover import resumption
from realtime.chat.transcript import Transcript
from tests.invariants.handshake_clients import Client, View
from tests.invariants.handshake_mutants import ALONE, MUTANTS, REAL, UNREPAIRED
from tests.invariants.handshake_world import Faults, Process, Variant, World
from tests.invariants.memory_log import MemoryRun, as_agui
from tests.invariants.profiles import LONG, patient
from tests.invariants.samples import a_call, a_result, started, words
from tests.invariants.virtual_time import run_virtually

# Two people may use the same names; each client watches all of its person's.
THREADS: list[Watched] = [(1, "t1"), (1, "t2"), (2, "t1")]
CLIENTS = (1, 1, 2)
RUNS = 2
SCHEDULES = 4_000 if LONG else 200
BAD = Faults()


async def conversation(world: World, watched: Watched) -> None:
    """Questions one after the other; the second is the first again, now and then."""
    for number in range(RUNS):
        await world.delay(0.5)
        run = world.log.next_run(watched)
        text = f"question {run.ord} of person {watched[0]}"
        first = started(run.run_id, f"q{run.ord}", text, watched[1])
        opening: list[agui.AguiEvent] = [first]
        if number and world.happens(0.4):
            text = f"question 1 of person {watched[0]}"
            question = started(run.run_id, "q1", text, watched[1])
            opening = [question, agui.MessagesSnapshot(messages=question.input.messages)]
        while not run.events:
            process = await world.some_process()
            await unless_killed(process.do(process.write(watched, run, opening)))
        while run.active:
            process = await world.some_process()
            await unless_killed(process.do(answer(process, watched, run)))


async def unless_killed(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def answer(process: Process, watched: Watched, run: MemoryRun) -> None:
    """Go on with a run where its log stands, as a takeover does."""
    world = process.world
    said = Transcript().apply_all(run.events)
    branch = [as_agui(message) for message in world.log.told(watched, Cursor(run.ord, 1))]
    plan = resumption(said, branch)
    pending = [a_result(call.call_id, "found") for call in plan.pending]
    for events in [
        plan.closing,
        pending,
        *reply(world.rng, f"{run.ord}.{len(run.events)} to {watched[0]}"),
    ]:
        if events:
            await world.delay(0.03)
            await process.write(watched, run, events)
    await process.write(watched, run, [agui.RunFinished(thread_id=watched[1], run_id=run.run_id)])


def reply(rng: random.Random, name: str) -> Iterator[list[agui.AguiEvent]]:
    """Appends of one reply: a text, perhaps with a call, and another text after that."""
    for message_id in [f"m{name}", f"n{name}"]:
        yield [agui.TextMessageStart(message_id=message_id, role="assistant")]
        off = 0
        for number in range(rng.randint(1, 6)):
            text = f"{number} of {message_id} "
            yield [words(text, off=off, message_id=message_id)]
            off += len(text)
        yield [agui.TextMessageEnd(message_id=message_id)]
        if rng.random() < 0.5:
            return
        call = a_call(f"c{message_id}", owner=message_id)
        yield from ([event] for event in call) if rng.random() < 0.5 else [call]
        yield [a_result(f"c{message_id}", "found")]


async def schedule(rng: random.Random, faults: Faults, variant: Variant) -> World:
    names = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay.logger, "disabled", True)  # it warns of what is lost on purpose
        patch.setattr(outbox, "MAX_FRAMES", 8)  # so that a client lags easily
        patch.setattr(relay, "uuid4", lambda: UUID(int=next(names)))
        world = World(rng, faults, variant)
        patch.setattr(bridge, "run", world.read)
        patch.setattr(hub, "log_failure", world.failed)
        patch.setattr(reader, "log_failure", world.failed)
        for number, person in enumerate(CLIENTS):
            views = {watched[1]: View(watched) for watched in THREADS if watched[0] == person}
            world.clients.append(Client(world, f"client {number}", views))
        living = [asyncio.ensure_future(client.live()) for client in world.clients]
        await asyncio.gather(
            *(conversation(world, watched) for watched in THREADS), world.trouble(for_s=4)
        )
        await world.calm_down()
        for task in living:
            task.cancel()
        for process in world.processes:
            process.kill()
    return world


def play(seed: int, faults: Faults = BAD, variant: Variant = REAL) -> World:
    return run_virtually(lambda rng: schedule(rng, faults, variant), seed=seed)


def run(seed: int, faults: Faults = BAD, variant: Variant = REAL) -> list[str]:
    """What went wrong in one schedule."""
    return play(seed, faults, variant).violations


def test_a_schedule_is_its_seed() -> None:
    once, again = [
        [view.received for client in play(7).clients for view in client.views.values()]
        for _ in range(2)
    ]

    assert once == again


@patient
@pytest.mark.parametrize("part", range(4))
def test_every_client_ends_with_the_text_of_the_log(part: int) -> None:
    for seed in range(part, SCHEDULES, 4):
        assert run(seed) == [], f"run({seed})"


@patient
def test_in_one_process_the_handshake_alone_leaves_no_gap() -> None:
    for seed in range(SCHEDULES // 5):
        assert run(seed, ALONE, UNREPAIRED) == [], f"run({seed}, ALONE, UNREPAIRED)"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_handshake_without_one_of_its_parts_is_found_out(name: str) -> None:
    variant, faults = MUTANTS[name]

    assert any(run(seed, faults, variant) for seed in range(60))
