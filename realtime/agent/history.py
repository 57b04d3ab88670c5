"""The thread's earlier messages as a model accepts them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from realtime.agent.model import AssistantMessage, ChatMessage, ToolMessage

_UNANSWERED = json.dumps({"error": "interrupted", "message": "This look-up was never finished."})


def answerable(messages: Iterable[ChatMessage]) -> Iterator[ChatMessage]:
    """Put each call's answer right behind it, and leave out what says nothing.

    A stopped or failed turn leaves calls without an answer, and text may stand between a call and
    its answer; vendors refuse such a history with 400, which would spoil the thread for ever.
    """
    history = tuple(messages)
    answers = {m.call_id: m for m in history if isinstance(m, ToolMessage)}
    for message in history:
        if isinstance(message, ToolMessage) or message == AssistantMessage(""):
            continue
        yield message
        if isinstance(message, AssistantMessage):
            for call in message.tool_calls:
                yield answers.get(call.call_id) or ToolMessage(call.call_id, _UNANSWERED)
