/** Text of a WebSocket frame -> `ServerFrame`; what is not understood becomes `other` or `UNKNOWN`. */

import { isRecord, list, number, parseJson, record, text, textOrNull } from "./json";
import type { Json, Message, Notice, Refusal, RunEvent, ServerFrame, ToolCall } from "./protocol";

export function decodeFrame(source: string): ServerFrame {
  const frame = parseJson(source);
  return isRecord(frame) ? decodeRecord(frame) : { kind: "other" };
}

export function decodeRecord(frame: Json): ServerFrame {
  if ("chunk" in frame) return decodeEnvelope(frame);
  switch (frame.type) {
    case "ready":
      return { kind: "ready" };
    case "snapshot":
      return decodeSnapshot(frame);
    case "subscribed":
      return {
        kind: "subscribed",
        threadId: text(frame.threadId),
        activeRunId: textOrNull(record(frame.active).runId),
      };
    case "RUN_ERROR":
      return { kind: "refusal", refusal: decodeRefusal(frame) };
    case "CUSTOM":
      return decodeStatus(frame);
    case "pong":
      return { kind: "pong", n: number(frame.n) };
    case "draining":
      return { kind: "draining", reconnectMs: number(frame.reconnectMs) };
    case "error":
      return { kind: "error", code: text(frame.code) };
    default:
      return { kind: "other" };
  }
}

function decodeEnvelope(frame: Json): ServerFrame {
  const [id, prev, threadId] = [text(frame.id), text(frame.prev), text(frame.threadId)];
  if (id === "" || prev === "" || threadId === "") return { kind: "other" };
  return { kind: "envelope", id, prev, threadId, chunk: decodeEvent(record(frame.chunk)) };
}

function decodeSnapshot(frame: Json): ServerFrame {
  const [threadId, cursor] = [text(frame.threadId), text(frame.cursor)];
  if (threadId === "" || cursor === "") return { kind: "other" };
  return {
    kind: "snapshot",
    threadId,
    cursor,
    messages: decodeMessages(frame.messages),
    notices: list(frame.notices).flatMap(decodeNotice),
    brokeOff: brokeOff(frame.messages),
  };
}

function decodeStatus(frame: Json): ServerFrame {
  const value = record(frame.value);
  if (frame.name !== "kindline.status") return { kind: "other" };
  return { kind: "status", threadId: text(value.threadId), state: text(value.state) };
}

function decodeRefusal(frame: Json): Refusal {
  const extra = record(record(frame.metadata).kindline);
  return {
    ...decodeFailure(frame),
    threadId: textOrNull(extra.threadId),
    runId: textOrNull(extra.runId),
    retryAfterMs: number(extra.retryAfterMs),
    help: isRecord(extra.help) ? extra.help : null,
  };
}

function decodeFailure(event: Json) {
  return {
    code: text(event.code),
    message: text(event.message),
    retryable: record(record(event.metadata).kindline).retryable === true,
  };
}

export function decodeEvent(event: Json): RunEvent {
  const messageId = text(event.messageId);
  switch (event.type) {
    case "RUN_STARTED":
      return {
        type: "RUN_STARTED",
        runId: text(event.runId),
        asked: decodeMessages(record(event.input).messages),
      };
    case "RUN_FINISHED": {
      const cancelled = record(event.outcome).type === "cancelled";
      return { type: "RUN_FINISHED", runId: text(event.runId), cancelled };
    }
    case "RUN_ERROR":
      return { type: "RUN_ERROR", ...decodeFailure(event) };
    case "MESSAGES_SNAPSHOT":
      return {
        type: "MESSAGES_SNAPSHOT",
        messages: decodeMessages(event.messages),
        brokeOff: brokeOff(event.messages),
      };
    case "TEXT_MESSAGE_START":
    case "TEXT_MESSAGE_END":
      return { type: event.type, messageId };
    case "TEXT_MESSAGE_CONTENT":
      return { type: "TEXT_MESSAGE_CONTENT", messageId, delta: text(event.delta) };
    case "CUSTOM":
      return { type: "CUSTOM", name: text(event.name), value: record(event.value) };
    default:
      return decodeToolEvent(event);
  }
}

function decodeToolEvent(event: Json): RunEvent {
  const toolCallId = text(event.toolCallId);
  switch (event.type) {
    case "TOOL_CALL_START":
      return {
        type: "TOOL_CALL_START",
        toolCallId,
        toolCallName: text(event.toolCallName),
        // Stock clients name the message after its call when the parent is missing.
        parentMessageId: textOrNull(event.parentMessageId) ?? toolCallId,
      };
    case "TOOL_CALL_ARGS":
      return { type: "TOOL_CALL_ARGS", toolCallId, delta: text(event.delta) };
    case "TOOL_CALL_END":
      return { type: "TOOL_CALL_END", toolCallId };
    case "TOOL_CALL_RESULT":
      return {
        type: "TOOL_CALL_RESULT",
        toolCallId,
        messageId: text(event.messageId),
        content: text(event.content),
      };
    default:
      return { type: "UNKNOWN" };
  }
}

/** Ids are unique afterwards, whatever came: the views tell messages apart by them. */
export function decodeMessages(value: unknown): readonly Message[] {
  const byId = new Map<string, Message>();
  for (const message of list(value).flatMap(decodeMessage)) byId.set(message.id, message);
  return [...byId.values()];
}

/** Whether the server marked anything after the last thing that was said as partial. */
function brokeOff(value: unknown): boolean {
  const messages = list(value).map(record);
  const asked = messages.findLastIndex(({ role }) => role === "user");
  return messages
    .slice(asked + 1)
    .some(({ metadata }) => record(record(metadata).kindline).status === "partial");
}

function decodeMessage(value: unknown): readonly Message[] {
  const message = record(value);
  const [id, content] = [text(message.id), contentText(message.content)];
  if (id === "") return [];
  switch (message.role) {
    case "user":
      return [{ id, role: "user", content }];
    case "assistant":
      return [
        { id, role: "assistant", content, toolCalls: list(message.toolCalls).map(decodeCall) },
      ];
    case "tool":
      return [{ id, role: "tool", toolCallId: text(message.toolCallId), content }];
    default:
      return [];
  }
}

/** AG-UI allows a list of parts as content; the page shows their text. */
function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content)
    .map((part) => text(record(part).text))
    .join("");
}

function decodeCall(value: unknown): ToolCall {
  const call = record(value);
  const inner = record(call.function);
  return {
    id: text(call.id),
    type: "function",
    function: { name: text(inner.name), arguments: text(inner.arguments) },
  };
}

function decodeNotice(value: unknown): readonly Notice[] {
  const notice = record(value);
  const [id, name] = [text(notice.id), text(notice.name)];
  if (id === "" || name === "") return [];
  const afterMessageId = textOrNull(notice.afterMessageId);
  return [{ id, name, afterMessageId, value: record(notice.value) }];
}
