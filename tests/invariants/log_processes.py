"""What processes do to the log, each with what it must answer and leave behind."""

from __future__ import annotations

from uuid import UUID

from realtime.chat import agui, leases, log, queries
from realtime.chat.log import Logged, Outcome
from realtime.chat.takeover import resumption
from realtime.chat.transcript import Transcript
from tests.invariants.log_ground import Operation
from tests.invariants.log_model import LEASE_S, ModelRun, Process
from tests.invariants.log_people import People, force_finished
from tests.support.runs import expire


class Processes(People):
    def claim(self, place: int, *, steal: bool = False) -> None:
        process = self.processes[place]
        free = self._claimable(steal) - self.locked - process.owners.keys()
        claims = leases.claim(
            me="p",
            lease_s=LEASE_S,
            limit=1,
            steal=steal,
            mine=list(process.owners),
        )

        assert len(claims) == min(len(free), 1)
        for claim in claims:
            run = self.runs[claim.run_id]
            assert claim.run_id in free
            run.state, run.expired = "running", False
            run.epoch, run.attempt = run.epoch + 1, run.attempt + 1
            assert (claim.epoch, claim.last_seq) == (run.epoch, len(run.rows))
            self._own(process, claim)

    def steal(self, place: int) -> None:
        self.claim(place, steal=True)

    def _claimable(self, steal: bool) -> set[UUID]:
        def free(run: ModelRun) -> bool:
            stolen = steal and run.expired and run.attempt < leases.MAX_ATTEMPTS
            return run.state == "queued" or stolen

        return {run.pk for run in self.runs.values() if free(run)}

    def _own(self, process: Process, claim: leases.Claim) -> None:
        said = Transcript()
        if claim.is_takeover:
            said.apply_all(queries.log_of(run_id=claim.run_id))
        owner = process.own(claim, said)
        owner.go_on(resumption(said, queries.active_branch(thread_id=claim.thread_pk)))

    def break_off(self, place: int) -> None:
        """The models' replies end in the middle: each is begun again, if it may be."""
        for owner in self.processes[place].owners.values():
            claim, run = owner.claim, self.runs.get(owner.claim.run_id)
            if claim.run_id in self.locked or owner.log.ending:
                continue
            ours = run is not None and run.epoch == claim.epoch and run.state == "running"
            allowed = run is not None and ours and run.attempt < leases.MAX_ATTEMPTS
            attempt = run.attempt if run is not None else claim.attempt
            charged = leases.charge(run_id=claim.run_id, epoch=claim.epoch, attempt=attempt)
            assert charged == allowed
            if run is not None and allowed:
                run.attempt += 1
                branch = queries.active_branch(thread_id=claim.thread_pk)
                owner.go_on(resumption(owner.log.said, branch))

    def hand_over(self, place: int) -> None:
        """The process ends as it should, and its runs are to be had at once."""
        process = self.processes[place]
        claims = [owner.claim for owner in process.owners.values()]
        if self.locked & {claim.run_id for claim in claims}:
            return
        runs = [self.runs[claim.run_id] for claim in claims if claim.run_id in self.runs]
        epochs = {claim.run_id: claim.epoch for claim in claims}
        ours = [r for r in runs if r.state == "running" and r.epoch == epochs[r.pk]]
        assert leases.hand_over(claims=claims) == len(ours)
        for run in ours:
            run.expired, run.attempt = True, max(run.attempt - 1, 0)
        self._freeze(process)

    def flush(self, place: int) -> None:
        process = self.processes[place]
        for batch in [] if process.unsettled else process.batches():
            outcomes = self.write(process, batch)
            for append in batch:
                process.settle(append, outcomes[append.run_id])

    def lose_an_answer(self, place: int) -> None:
        """The line is cut after the commit; until it asks, the process does not know of it."""
        for batch in self._first_batch(place):
            self.write(self.processes[place], batch)

    def lose_a_statement(self, place: int) -> None:
        """The line is cut before the statement has come; it may come yet."""
        for batch in self._first_batch(place):
            self.processes[place].lost += batch

    def _first_batch(self, place: int) -> list[list[log.Append]]:
        process = self.processes[place]
        batches = [] if process.unsettled else process.batches()[:1]
        process.unsettled += [append for batch in batches for append in batch]
        return batches

    def inquire(self, place: int) -> None:
        """What is told as written must stand in the log, and nothing else may."""
        process = self.processes[place]
        outcomes = process.inquire()
        for append in process.unsettled:
            outcome, run = outcomes[append.run_id], self.runs.get(append.run_id)
            assert (outcome is Outcome.GONE) == (run is None)
            if run is not None and run.epoch == append.epoch:
                payloads = [payload for _, payload in run.rows[append.old_seq :]]
                there = payloads == [entry.payload for entry in append.entries]
                there = there and run.state == (append.state or append.was)
                assert (outcome is Outcome.WROTE) == there
            process.settle(append, outcome)
        process.unsettled = []

    def kill(self, place: int) -> None:
        """Or stop: whatever it owned stays where it is until its lease is over."""
        self.lose_leases(place)
        self._freeze(self.processes[place])

    def _freeze(self, process: Process) -> None:
        process.zombies += process.owners.values()
        process.lost += process.unsettled  # on its way, perhaps
        process.owners, process.unsettled = {}, []

    def lose_leases(self, place: int) -> None:
        for pk in self.processes[place].owners.keys() & self.runs.keys() - self.locked:
            if self.runs[pk].state == "running":
                expire(pk)
                self.runs[pk].expired = True

    def end_lost_runs(self, place: int) -> None:
        """End what was tried often enough, unless its lease was renewed meanwhile."""
        if self.held is not None:
            return
        spent = {run.pk for run in self.runs.values() if run.expired and _tried_enough(run)}
        found = leases.lost_runs(abandoned_s=LEASE_S)
        assert set(found) == spent
        for pk in found:
            self.perform(self.interrupt(self.runs[pk]))

    def write_as_a_zombie(self, place: int) -> None:
        """At the right place in the log, even: only the epoch, or the state, is in the way.

        And statements come late that were on their way when their process asked about them.
        """
        process = self.processes[place]
        for late in process.lost:
            self.write(process, [late])
        process.lost = []
        for claim in [zombie.claim for zombie in process.zombies]:
            run = self.runs.get(claim.run_id)
            if run is None or (claim.epoch == run.epoch and run.active):
                continue  # killed, but nobody has taken its run yet
            event = agui.TextMessageStart(message_id="brains", role="assistant")
            here = len(run.rows)
            entries = log.number([event], after=here)
            append = log.Append(run.pk, claim.thread_pk, claim.epoch, here, "running", entries)
            assert self.write(process, [append])[run.pk] is not Outcome.WROTE

    def interrupt(self, run: ModelRun) -> Operation:
        over = run.expired

        def learn(answer: Logged | None) -> None:
            assert (answer is not None) == over
            if answer is not None:
                force_finished(run, answer, "failed", "RUN_ERROR")

        def do() -> Logged | None:
            return leases.interrupt(run_id=run.pk)

        return Operation(run.submission.thread_id, do, learn, frozenset({run.pk}))

    def write(self, process: Process, appends: list[log.Append]) -> dict[UUID, Outcome]:
        """One statement, and what it did to the log."""
        expected = {append.run_id: self._outcome(append) for append in appends}
        outcomes = process.write(appends)
        assert outcomes == expected
        for append in appends:
            if outcomes[append.run_id] is Outcome.WROTE:
                self._written(append)
        return outcomes

    def _outcome(self, append: log.Append) -> Outcome:
        run = self.runs.get(append.run_id)
        if run is None:
            return Outcome.GONE
        if run.pk in self.locked:
            return Outcome.BUSY
        here = (run.epoch, len(run.rows), run.state)
        fits = here == (append.epoch, append.old_seq, append.was)
        return Outcome.WROTE if fits else Outcome.FENCED

    def _written(self, append: log.Append) -> None:
        run = self.runs[append.run_id]
        run.rows += [(append.epoch, entry.payload) for entry in append.entries]
        run.state, run.expired = append.state or run.state, False


def _tried_enough(run: ModelRun) -> bool:
    return run.attempt >= leases.MAX_ATTEMPTS
