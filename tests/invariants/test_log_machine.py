"""The real statements over real connections, in any order, against the log as it should be.

I2, I3, I4, I5, I6, I9 and I12 (protocol.md 1.18). People submit, repeat, regenerate, stop and
delete; three processes claim, write, end, lose answers, lose leases and come back as zombies; a
transaction may stay open, and be undone, while others write. Between any two of these the
processes work on what they own, and hardly a thread stays idle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from realtime.chat.operations import Submission
from tests.invariants.log_ground import PROCESSES, Operation
from tests.invariants.log_world import World
from tests.invariants.profiles import effort, patient

THREADS = ("t1", "t2")


@dataclass(frozen=True)
class Work:
    """What happens everywhere between two events of note; `end` is how one reply ends, if it does.

    Where nothing goes on somebody asks, and process `place` claims it.
    """

    said: list[tuple[str, str]]
    flush: set[int]
    end: str | None
    place: int


places = st.integers(min_value=0, max_value=PROCESSES - 1)
words = st.text(alphabet="ab \u00e9\U0001f600\u2028\u202e\u0301", min_size=1, max_size=5)
said = st.lists(
    st.tuples(st.sampled_from(["words", "words", "call", "result", "next"]), words),
    min_size=1,
    max_size=4,
)
ends = st.sampled_from([None, None, None, None, "completed", "failed"])
works = st.builds(Work, said, st.sets(places, min_size=1), ends, places)


class LogMachine(RuleBasedStateMachine):
    world: ClassVar[World]
    submissions = Bundle[Submission]("submissions")

    @initialize(target=submissions)
    def begin_with_two_replies(self) -> MultipleResults[Submission]:
        asked = [self.world.ask(thread) for thread in THREADS]
        for place in range(len(asked)):
            self.world.claim(place)
        return multiple(*asked)

    def work(self, work: Work) -> None:
        for thread in THREADS:
            if self.world.idle(thread):
                self.world.ask(thread)
                self.world.claim(work.place)
        owners = self.world.owners
        for owner in owners:
            owner.say_all(work.said)
        if work.end is not None and owners:
            owners[work.place % len(owners)].end(work.end)
        for place in work.flush:
            self.world.flush(place)

    @rule(
        target=submissions,
        submission=submissions,
        what=st.sampled_from(
            [
                *("submit", "submit again", "stop", "stop", "regenerate"),
                "submit other words",
                "delete",
            ]
        ),
        text=words,
        work=works,
    )
    def person(
        self, submission: Submission, what: str, text: str, work: Work
    ) -> MultipleResults[Submission]:
        made = self._submission(submission, what, text)
        match what:
            case "stop":
                self.world.perform(self.world.stop(submission))
            case "delete":
                self.world.perform(self.world.delete(submission.thread_id))
            case _:
                self.world.perform(self.world.submit(made))
        self.work(work)
        return multiple() if made is submission else multiple(made)

    def _submission(self, given: Submission, what: str, text: str) -> Submission:
        match what:
            case "submit":
                return self.world.asking(given.thread_id, text)
            case "submit other words":  # under a name that stands for something else
                names = {"run_id": given.run_id, "message_id": given.message_id}
                taken = dict([[*names.items()][len(text) % 2]])
                return self.world.asking(given.thread_id, given.text + "!", **taken)
            case "interject":
                return self.world.asking(given.thread_id, text, if_busy="stop")
            case "edit":
                return self.world.asking(given.thread_id, text, replaces=given.message_id)
            case "regenerate":
                same = {"message_id": given.message_id, "replaces": None}
                return self.world.asking(given.thread_id, given.text, **same)
            case _:
                return given

    @rule(
        place=places,
        what=st.sampled_from(
            [
                *("claim", "steal", "steal", "lose an answer", "lose a statement", "inquire"),
                *("kill", "lose leases", "hand over", "break off", "end lost runs"),
                *("write as a zombie", "read"),
            ]
        ),
        work=works,
    )
    def process(self, place: int, what: str, work: Work) -> None:
        if what == "read":
            self.world.read(skip=7 * len(work.said) + place)
        else:
            getattr(self.world, what.replace(" ", "_"))(place)
        self.work(work)

    @rule(
        submission=submissions,
        what=st.sampled_from(["regenerate", "edit", "stop", "stop", "delete", "interrupt"]),
        work=works,
        commit=st.booleans(),
    )
    def transaction(self, submission: Submission, what: str, work: Work, commit: bool) -> None:
        """One that stays open until the next of these."""
        if self.world.held is not None:
            self.world.let_go(commit=commit)
        elif (operation := self._operation(submission, what)) is not None:
            self.world.hold(operation)
        self.work(work)

    def _operation(self, submission: Submission, what: str) -> Operation | None:
        run = self.world.run_of(submission.run_id)
        match what:
            case "regenerate" | "edit":
                return self.world.submit(self._submission(submission, what, "later"))
            case "stop":
                return self.world.stop(submission)
            case "delete":
                return self.world.delete(submission.thread_id)
            case _:
                return None if run is None else self.world.interrupt(run)

    # --- what holds --------------------------------------------------------------------------

    @invariant()
    def the_log_is_as_it_should_be(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.forget()


@patient
def test_no_order_of_events_breaks_the_log(world: World) -> None:
    LogMachine.world = world

    run_state_machine_as_test(LogMachine, settings=effort(7, 1_500, steps=20, shrink=False))
