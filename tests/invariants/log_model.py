"""The log as it should be: what each write must answer, and what stands in the log after it.

Beside it, processes as they are: real `RunLog`s, written with the real statement over connections
of their own. A process may lose the answer to a statement, and must then ask before it goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from realtime.chat import agui, flusher, leases, log, logstore
from realtime.chat.log import Logged, Outcome
from realtime.chat.operations import Submission
from realtime.chat.runlog import RunLog
from realtime.chat.takeover import Resumption
from realtime.chat.transcript import Transcript

LEASE_S = 600.0  # examples are shorter: a lease ends when the machine says so
ACTIVE = ("queued", "running")


@dataclass
class ModelRun:
    pk: UUID
    submission: Submission
    state: str = "queued"
    epoch: int = 0
    attempt: int = 0
    rows: list[tuple[int, str]] = field(default_factory=list)  # epoch and payload
    expired: bool = False

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    def end(self, state: str, frames: Iterable[str]) -> None:
        """As a forced finish does it."""
        self.epoch += 1
        self.state, self.expired = state, False
        self.rows += [(self.epoch, chunk) for chunk in frames]


@dataclass
class ModelThread:
    name: str
    runs: list[ModelRun] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)  # text of each message id, in order
    superseded: set[str] = field(default_factory=set)

    @property
    def active(self) -> ModelRun | None:
        return next((run for run in self.runs if run.active), None)

    def refusal(self, submission: Submission, known: ModelRun | None) -> str | None:
        """Why this submission is not accepted; None when it is, or was before."""
        if known is not None:
            return None if known.submission.digest == submission.digest else "invalid_input"
        text = self.questions.get(submission.message_id)
        if submission.replaces is None:
            fits = text is None or text == submission.text
        else:
            fits = text is None and submission.replaces in self.questions
        if not fits or {submission.message_id, submission.replaces} & self.superseded:
            return "invalid_input"
        return "thread_busy" if self.active and not self.ends_active(submission) else None

    def ends_active(self, submission: Submission) -> bool:
        return submission.if_busy == "stop" or self.turned_back(submission) is not None

    def turned_back(self, submission: Submission) -> str | None:
        """The question from which the conversation goes another way."""
        known = submission.message_id in self.questions
        return submission.replaces or (submission.message_id if known else None)

    def accept(self, submission: Submission, logged: Logged) -> None:
        asked = self.turned_back(submission)
        if asked is not None:  # what was asked later goes with its answers
            questions = list(self.questions)
            later = questions[questions.index(asked) + (submission.replaces is None) :]
            self.superseded |= {*later}
        self.questions[submission.message_id] = submission.text
        run = ModelRun(logged.run_id, submission)
        run.rows = [(0, frame.chunk) for frame in logged.frames]
        self.runs.append(run)


@dataclass
class Owner:
    """A claimed run in a process, and what may be said next in it."""

    claim: leases.Claim
    log: RunLog
    text: str | None = None
    open_calls: list[str] = field(default_factory=list)
    ended_calls: list[str] = field(default_factory=list)
    round: str = ""
    ids: Iterator[int] = field(default_factory=itertools.count)

    def go_on(self, plan: Resumption) -> None:
        """After another owner, or after a reply that broke off."""
        self.log.restart(plan.closing)
        self.text, self.open_calls, self.round = None, [], ""
        self.ended_calls = [call.call_id for call in plan.pending]

    def say_all(self, said: Iterable[tuple[str, str]]) -> None:
        for action, words in said:
            self.say(action, words)

    def say(self, action: str, words: str) -> None:
        """Do this, or the nearest that may come now."""
        for event in self._events(action, words):
            at_once(self.log.push(event))

    def end(self, state: str) -> None:
        claim = self.claim
        done = agui.RunFinished(thread_id=claim.thread_id, run_id=claim.client_run_id)
        failed = agui.RunError(message="no", code="internal")
        self.log.end(done if state == "completed" else failed, state=state)

    def _events(self, action: str, words: str) -> list[agui.AguiEvent]:
        match action:
            case "words" if self.text is not None:
                return [agui.TextMessageContent(message_id=self.text, delta=words)]
            case "call" if self.open_calls:
                call = self.open_calls[-1]
                return [agui.ToolCallArgs(tool_call_id=call, delta=words)]
            case "result" if self.ended_calls:
                return [self._result(self.ended_calls.pop(0), words)]
            case "result" if self.open_calls:
                call = self.open_calls.pop()
                self.ended_calls.append(call)
                return [agui.ToolCallEnd(tool_call_id=call)]
            case "call":
                return [*self._end_text(), self._start_call()]
            case _ if not self.open_calls and self.text is None:
                return [self._start_text()]
            case _:
                return self._end_text()

    def _start_text(self) -> agui.AguiEvent:
        self.text = self.round = self._new("m")
        return agui.TextMessageStart(message_id=self.text, role="assistant")

    def _end_text(self) -> list[agui.AguiEvent]:
        ended, self.text = self.text, None
        return [] if ended is None else [agui.TextMessageEnd(message_id=ended)]

    def _start_call(self) -> agui.AguiEvent:
        call = self._new("c")
        self.open_calls.append(call)
        self.round = self.round or self._new("m")
        return agui.ToolCallStart(
            tool_call_id=call, tool_call_name="look_up", parent_message_id=self.round
        )

    def _result(self, call: str, words: str) -> agui.AguiEvent:
        return agui.ToolCallResult(
            message_id=self._new("r"), tool_call_id=call, content=words, role="tool"
        )

    def _new(self, kind: str) -> str:
        number = next(self.ids)
        return f"{kind}{number} of {self.claim.run_id}, epoch {self.claim.epoch}"


@dataclass
class Process:
    """`unsettled`: a statement whose answer was lost; it must be known before the next one."""

    connection: psycopg.Connection[tuple[Any, ...]]
    owners: dict[UUID, Owner] = field(default_factory=dict)
    zombies: list[Owner] = field(default_factory=list)
    unsettled: list[log.Append] = field(default_factory=list)
    lost: list[log.Append] = field(default_factory=list)

    def forget(self) -> None:
        self.owners.clear()
        for each in (self.zombies, self.unsettled, self.lost):
            each.clear()

    def own(self, claim: leases.Claim, said: Transcript) -> Owner:
        run = claim.run_log(renewed_at=0.0)
        run.resume(said)
        self.owners[claim.run_id] = owner = Owner(claim, run)
        return owner

    def batches(self) -> list[list[log.Append]]:
        """As the flusher does it: all that go on in one statement, each that ends in its own."""
        open_ones = [o.log.take() for o in self.owners.values() if not o.log.ending]
        ending = [[o.log.take()] for o in self.owners.values() if o.log.ending]
        return [batch for batch in [open_ones, *ending] if batch]

    def write(self, appends: list[log.Append]) -> dict[UUID, Outcome]:
        parameters = log.append_parameters(appends, lease_s=LEASE_S)
        return log.read_outcomes(self.connection.execute(log.APPEND, parameters).fetchall())

    def inquire(self) -> dict[UUID, Outcome]:
        """What became of the statement without an answer."""
        runs = [append.run_id for append in self.unsettled]
        found = self.connection.execute(log.POSITION, {"run": runs}).fetchall()
        where = {row[0]: logstore.Position(*row[1:]) for row in found}
        return {a.run_id: flusher._position(a, where.get(a.run_id)) for a in self.unsettled}

    def settle(self, append: log.Append, outcome: Outcome) -> None:
        owner = self.owners[append.run_id]
        if outcome is Outcome.WROTE:
            owner.log.committed(append, 0.0)
            if append.state is not None:
                self.zombies.append(self.owners.pop(append.run_id))
        elif outcome is Outcome.BUSY:
            owner.log.put_back()
        else:
            self.zombies.append(self.owners.pop(append.run_id))


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise AssertionError("it waits")
