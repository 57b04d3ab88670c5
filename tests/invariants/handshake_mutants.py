"""The handshake with one of its parts left out: the tests of the tests."""

from __future__ import annotations

import asyncio

from realtime.chat.follower import Fit, Follower, Watched
from realtime.chat.hub import Hub
from realtime.chat.protocol import Frame
from tests.invariants.handshake_clients import Numbered
from tests.invariants.handshake_world import Faults, Variant


class NeverPolls(Hub):
    async def _poll(self) -> None:
        await asyncio.Event().wait()


class ReadsBeforeItSubscribes(NeverPolls):
    def follow(self, follower: Follower) -> None:
        self._spawn(self._read_first(follower))

    async def _read_first(self, follower: Follower) -> None:
        assert self._reader is not None
        await self._reader._read_missed(follower)
        super().follow(follower)


class ForgetsWhoseItIs(Hub):
    def _spread(self, watched: Watched, frames: list[Frame]) -> None:
        for each in list(self._followers):
            if each[1] == watched[1]:
                super()._spread(each, frames)


class SendsWhatWasSeen(Numbered):
    def fit(self, frame: Frame) -> Fit:
        fit = super().fit(frame)
        return Fit.NEXT if fit is Fit.SEEN else fit


class LeapsOverGaps(Numbered):
    def fit(self, frame: Frame) -> Fit:
        fit = super().fit(frame)
        return Fit.NEXT if fit is Fit.GAP else fit


class NeedsNoRepair(Numbered):
    """Where nothing is lost the handshake itself leaves no gap."""

    def fit(self, frame: Frame) -> Fit:
        fit = super().fit(frame)
        if fit is Fit.GAP:
            self.gaps.append(f"I16: a gap before {frame.id}, after {self.cursor}")
        return fit


ALONE = Faults(processes=1, lost=0, doubled=0, kills=0, outages=0, cuts=30)
DEAF = Faults(lost=0.6, cuts=2)
REAL, UNREPAIRED = Variant(), Variant(hub=NeverPolls, follower=NeedsNoRepair)
MUTANTS = {
    "read before subscribe": (Variant(hub=ReadsBeforeItSubscribes, follower=NeedsNoRepair), ALONE),
    "no dedupe": (Variant(follower=SendsWhatWasSeen), Faults()),
    "no gap repair": (Variant(follower=LeapsOverGaps), Faults()),
    "no safety poll": (Variant(hub=NeverPolls), DEAF),
    "no owner": (Variant(hub=ForgetsWhoseItIs), Faults()),
    "publish before commit": (Variant(publishes_before_commit=True), Faults()),
}
