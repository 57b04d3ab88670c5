"""What people do to the log, each with what it must answer and leave behind."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from realtime.chat import operations
from realtime.chat.log import Logged
from realtime.chat.operations import Refusal, Submission
from tests.invariants.log_ground import Ground, Operation
from tests.invariants.log_model import ModelRun, ModelThread
from tests.support.runs import asking

ENDINGS = {"TEXT_MESSAGE_END", "TOOL_CALL_END"}


class People(Ground):
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
                force_finished(ended, answer.ended, "cancelled", "RUN_FINISHED")
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
                force_finished(run, answer, "cancelled", "RUN_FINISHED")

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


def force_finished(run: ModelRun, logged: Logged, state: str, kind: str) -> None:
    """I9: what closes, then the end, and nothing else."""
    kinds = [json.loads(frame.chunk)["type"] for frame in logged.frames]
    assert kinds[-1] == kind
    assert set(kinds[:-1]) <= ENDINGS
    run.end(state, [frame.chunk for frame in logged.frames])
