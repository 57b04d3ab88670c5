"""Everything that may be done to the log, each with what it must answer and leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from realtime.accounts.models import User
from realtime.chat import agui, leases, log, operations, queries
from realtime.chat.log import Logged, Outcome
from realtime.chat.models import Message, Run, RunEvent
from realtime.chat.operations import Refusal, Submission
from realtime.chat.protocol import START, Cursor
from realtime.chat.takeover import resumption
from realtime.chat.transcript import Transcript
from tests.invariants.held import Held
from tests.invariants.log_model import LEASE_S, ModelRun, ModelThread, Owner, Process
from tests.support.folding import Folded, FoldedMessage, read_message
from tests.support.invariants import assert_log_invariants
from tests.support.runs import asking, expire

PROCESSES = 3
ENDINGS = {"TEXT_MESSAGE_END", "TOOL_CALL_END"}


@dataclass(frozen=True)
class Operation:
    """`learn` holds the answer against the model as it was when this was made, and changes it."""

    thread: str
    do: Callable[[], Any]
    learn: Callable[[Any], None]
    locks: frozenset[UUID] = frozenset()  # runs whose rows it holds while it is open
    person: bool = False  # and the person's


@dataclass
class World:
    person: User
    processes: Sequence[Process]
    pool: ThreadPoolExecutor
    threads: dict[str, ModelThread] = field(default_factory=dict)
    held: Held | None = None
    held_operation: Operation | None = None
    _checked: dict[UUID, list[tuple[int, str]]] = field(default_factory=dict)

    @property
    def runs(self) -> dict[UUID, ModelRun]:
        return {run.pk: run for thread in self.threads.values() for run in thread.runs}

    def run_of(self, run_id: str) -> ModelRun | None:
        runs = self.runs.values()
        return next((run for run in runs if run.submission.run_id == run_id), None)

    @property
    def owners(self) -> list[Owner]:
        return [owner for process in self.processes for owner in process.owners.values()]

    def forget(self) -> None:
        """Begin anew."""
        self.let_go(commit=False)
        for name in list(self.threads):
            self.perform(self.delete(name))
        self.check()
        for process in self.processes:
            process.forget()

    # --- people ------------------------------------------------------------------------------

    def asking(self, thread: str, text: str, **ids: Any) -> Submission:
        return asking(self.person, text, thread_id=thread, **ids)

    def ask(self, thread: str) -> Submission:
        submission = self.asking(thread, "and?")
        self.perform(self.submit(submission))
        return submission

    def submit(self, submission: Submission) -> Operation:
        thread = self.threads.get(submission.thread_id, ModelThread(submission.thread_id))
        known = self.run_of(submission.run_id)
        refused = thread.refusal(submission, known)
        ended = thread.active if known is None and refused is None else None

        def do() -> Logged | Refusal:
            try:
                return operations.submit(submission=submission)
            except Refusal as refusal:
                return refusal

        def learn(answer: Logged | Refusal) -> None:
            if isinstance(answer, Refusal):
                assert answer.code == refused
                return
            assert refused is None
            assert (answer.ended is None) == (ended is None)
            if ended is not None and answer.ended is not None:
                _force_finished(ended, answer.ended, "cancelled", "RUN_FINISHED")
            if known is not None:
                assert (answer.run_id, answer.frames) == (known.pk, [])
            else:
                self.threads.setdefault(thread.name, thread).accept(submission, answer)

        locks = frozenset() if ended is None else frozenset({ended.pk})
        return Operation(submission.thread_id, do, learn, locks, person=True)

    def stop(self, submission: Submission) -> Operation:
        run = self.run_of(submission.run_id)
        active = run is not None and run.active

        def do() -> Logged | None:
            return operations.stop(owner_id=self.person.pk, run_id=submission.run_id)

        def learn(answer: Logged | None) -> None:
            assert (answer is not None) == active
            if run is not None and answer is not None:
                _force_finished(run, answer, "cancelled", "RUN_FINISHED")

        locks = frozenset() if run is None else frozenset({run.pk})
        return Operation(submission.thread_id, do, learn, locks)

    def delete(self, name: str) -> Operation:
        thread = self.threads.get(name, ModelThread(name))
        runs = frozenset(run.pk for run in thread.runs)

        def do() -> list[UUID]:
            return operations.delete_thread(owner_id=self.person.pk, thread_id=name)

        def learn(answer: list[UUID]) -> None:
            assert answer == [run.pk for run in thread.runs if run.active]
            self.threads.pop(name, None)

        return Operation(name, do, learn, runs)

    # --- processes ---------------------------------------------------------------------------

    def claim(self, place: int, *, steal: bool = False) -> None:
        process = self.processes[place]
        free = self._claimable(steal) - self.locked - process.owners.keys()
        claims = leases.claim(
            me="p",
            lease_s=LEASE_S,
            limit=1,
            model="m",
            prompt_version="v",
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
            assert leases.charge(run_id=claim.run_id, epoch=claim.epoch) == allowed
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
                _force_finished(run, answer, "failed", "RUN_ERROR")

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

    # --- transactions that stay open ---------------------------------------------------------

    @property
    def locked(self) -> frozenset[UUID]:
        return self.held_operation.locks if self.held_operation else frozenset()

    def may(self, operation: Operation) -> bool:
        """Whether it would not have to wait for the open transaction."""
        held = self.held_operation
        if held is None:
            return True
        return held.thread != operation.thread and not (held.person and operation.person)

    def idle(self, name: str) -> bool:
        return self.threads.get(name, ModelThread(name)).active is None

    def perform(self, operation: Operation) -> None:
        if self.may(operation):
            operation.learn(operation.do())

    def hold(self, operation: Operation) -> None:
        self.held = Held(self.pool, operation.do)
        self.held.begin()
        self.held_operation = operation

    def let_go(self, *, commit: bool) -> None:
        if self.held is None or self.held_operation is None:
            return
        answer = self.held.end(commit=commit)
        if commit:
            self.held_operation.learn(answer)
        self.held = self.held_operation = None

    # --- what holds after each step ----------------------------------------------------------

    def check(self) -> None:
        stored = Run.objects.values_list("id", "state", "epoch", "attempt")
        assert {row[0]: row[1:] for row in stored} == {
            pk: (run.state, run.epoch, run.attempt) for pk, run in self.runs.items()
        }
        rows: dict[UUID, list[tuple[int, str]]] = {pk: [] for pk in self.runs}
        for event in RunEvent.objects.order_by("run_id", "seq"):
            rows[event.run_id].append((event.epoch, event.payload))
        assert rows == {pk: run.rows for pk, run in self.runs.items()}
        if rows != self._checked:
            self._checked = rows
            self._check_all()

    def _check_all(self) -> None:
        questions = Message.objects.filter(thread__owner=self.person, role="user")
        assert questions.count() == sum(len(t.questions) for t in self.threads.values())
        assert_log_invariants()

    def read(self, skip: int) -> None:
        """Who comes new, and who comes back after `skip` events, know the same in the end."""
        for thread in self.threads.values():
            self._read(thread, skip)

    def _read(self, thread: ModelThread, skip: int) -> None:
        rows = [(i, json.loads(p)) for i, r in enumerate(thread.runs, 1) for _, p in r.rows]
        skip = min(skip, len(rows))
        cursor = START if not skip else Cursor(rows[skip - 1][0], self._seq(rows, skip))
        whole = Folded().apply_all(event for _, event in rows)

        newly = self._caught_up(thread, None, Folded())
        partly = Folded().apply_all(event for _, event in rows[:skip])
        self._caught_up(thread, cursor, partly)
        assert shown(newly) == shown(partly) == shown(whole)

    def _caught_up(self, thread: ModelThread, cursor: Cursor | None, folded: Folded) -> Folded:
        """Page by page; a snapshot comes with the first, if there was no cursor."""
        begun, more = cursor is not None, True
        while more:
            page = queries.catch_up(owner_id=self.person.pk, thread_id=thread.name, cursor=cursor)
            assert (page.snapshot is None) == begun
            if page.snapshot is not None:
                known = [json.loads(agui.encode_message(m)) for m in page.snapshot.messages]
                folded.messages = [read_message(message) for message in known]
            folded.apply_all(json.loads(frame.chunk) for frame in page.frames)
            cursor = page.frames[-1].id if page.frames else page.start
            begun, more = True, page.more
        return folded

    def _seq(self, rows: list[tuple[int, Any]], count: int) -> int:
        return sum(ord_ == rows[count - 1][0] for ord_, _ in rows[:count])


def _tried_enough(run: ModelRun) -> bool:
    return run.attempt >= leases.MAX_ATTEMPTS


def shown(folded: Folded) -> list[FoldedMessage]:
    return [message for message in folded.messages if not message.empty]


def _force_finished(run: ModelRun, logged: Logged, state: str, kind: str) -> None:
    """I9: what closes, then the end, and nothing else."""
    kinds = [json.loads(frame.chunk)["type"] for frame in logged.frames]
    assert kinds[-1] == kind
    assert set(kinds[:-1]) <= ENDINGS
    run.end(state, [frame.chunk for frame in logged.frames])
