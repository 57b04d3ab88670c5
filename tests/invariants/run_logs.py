"""Logs of runs as their owners write them, for Hypothesis: rounds of text and calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from realtime.chat import agui
from tests.invariants.samples import STARTED, a_result

# Of every length in UTF-8 and UTF-16, what joins its neighbours, what JSON or SQL may trip on.
ALPHABET = "a \u00e9\u05d0\u202e\u2028\u2029\u200d\u0301\ufffd\U0001f600\U0001f468\\\"'\n\t%"
words = st.text(alphabet=ALPHABET, min_size=1, max_size=6)


@dataclass
class _Writer:
    """`later`: results that may come at any later point of the round, but within it."""

    draw: Callable[[st.SearchStrategy[int]], int]
    name: str
    events: list[agui.AguiEvent] = field(default_factory=lambda: [STARTED])
    later: list[agui.AguiEvent] = field(default_factory=list)

    def text(self, message_id: str, pieces: list[str]) -> None:
        self._say(agui.TextMessageStart(message_id=message_id, role="assistant"))
        off = 0
        for piece in pieces:
            metadata = {"kindline": {"off": off}}
            self._say(
                agui.TextMessageContent(message_id=message_id, delta=piece, metadata=metadata)
            )
            off += len(piece)
        self._say(agui.TextMessageEnd(message_id=message_id))

    def call(self, call_id: str, owner: str, pieces: list[str]) -> None:
        self._say(
            agui.ToolCallStart(
                tool_call_id=call_id, tool_call_name="look_up", parent_message_id=owner
            )
        )
        for piece in pieces:
            self._say(agui.ToolCallArgs(tool_call_id=call_id, delta=piece))
        self._say(agui.ToolCallEnd(tool_call_id=call_id))
        self.later.append(a_result(call_id, f"found for {call_id}"))

    def answer_all(self) -> None:
        while self.later:
            at = self.draw(st.integers(0, len(self.later) - 1))
            self.events.append(self.later.pop(at))

    def _say(self, event: agui.AguiEvent) -> None:
        self.events.append(event)
        if self.later and self.draw(st.integers(0, 3)) == 0:
            self.events.append(self.later.pop(0))


@st.composite
def run_logs(draw: st.DrawFn, name: str = "") -> list[agui.AguiEvent]:
    """From RUN_STARTED to RUN_FINISHED; ids are of this `name`."""
    writer = _Writer(draw, name)
    pieces = st.lists(words, min_size=1, max_size=3)
    for number in range(draw(st.integers(0, 2))):  # rounds with calls
        owner = f"m{number}{name}"
        if draw(st.booleans()):
            writer.text(owner, draw(pieces))
        for call in range(draw(st.integers(1, 2))):
            writer.call(f"c{number}.{call}{name}", owner, draw(pieces))
        if draw(st.integers(0, 3)) == 0:
            writer.text(f"n{number}{name}", draw(pieces))
        writer.answer_all()
    writer.text(f"last{name}", draw(pieces))
    return [*writer.events, agui.RunFinished(thread_id="t", run_id="r1")]
