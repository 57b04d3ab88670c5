"""What the HTTP API takes and gives, for its OpenAPI document; names are those of the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime

State = Literal["queued", "running", "completed", "cancelled", "failed"]


class ActiveOut(Schema):
    run_id: str = Field(alias="runId")


class ThreadOut(Schema):
    thread_id: str = Field(alias="threadId")
    created_at: AwareDatetime = Field(alias="createdAt")
    last_activity_at: AwareDatetime = Field(alias="lastActivityAt")
    active: ActiveOut | None


class ThreadsOut(Schema):
    threads: list[ThreadOut]
    next: str | None = Field(description="What to ask for as `before`; null: there are no more.")


class ThreadsIn(Schema):
    before: str | None = Field(None, max_length=200, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MessageOut(Schema):
    """An AG-UI message. A reply that was broken off has `metadata.kindline.status` partial."""

    id: str
    role: Literal["user", "assistant", "tool"]
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = Field(None, alias="toolCalls")
    tool_call_id: str | None = Field(None, alias="toolCallId")
    error: str | None = None
    metadata: dict[str, Any] | None = None


class NoticeOut(Schema):
    id: str
    after_message_id: str | None = Field(alias="afterMessageId")
    name: str
    value: dict[str, Any]


class SnapshotOut(Schema):
    """The finished messages; `active` is what is being written, from `cursor` on."""

    thread_id: str = Field(alias="threadId")
    cursor: str
    messages: list[MessageOut]
    notices: list[NoticeOut]
    active: ActiveOut | None


class RunOut(Schema):
    thread_id: str = Field(alias="threadId")
    run_id: str = Field(alias="runId")
    state: State


class ReplayIn(Schema):
    run_id: str = Field(alias="runId")
    offset: str = Field("-1", description="An id of this run's events; -1: from its start.")


def stream_of(what: str) -> dict[str, Any]:
    """What the OpenAPI document says of an answer by Server-Sent Events."""
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    return {"responses": {200: {"description": what, "content": content}}}


# AG-UI's, of which the last message is read; see docs/protocol.md.
RUN_AGENT_INPUT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "title": "RunAgentInput",
                    "type": "object",
                    "required": ["threadId", "runId", "messages"],
                    "properties": {
                        "threadId": {"type": "string"},
                        "runId": {"type": "string"},
                        "messages": {"type": "array", "items": {"type": "object"}, "minItems": 1},
                        "forwardedProps": {"type": "object"},
                    },
                }
            }
        },
    }
}
