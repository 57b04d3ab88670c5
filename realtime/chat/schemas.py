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
