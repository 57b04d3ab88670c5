/**
 * The page's whole knowledge of a thread: one pure function of (state, frame), used for live
 * frames, for the replay after a reconnect and for a reload.
 *
 * Rules (protocol 1.6, 1.17): an envelope is applied iff its `prev` is our cursor or we have none;
 * one we already have is ignored; anything else is a gap and asks for a replay from our cursor.
 */

import { below, isRefused, movedUp, notify, refusedId, refusedWith, renewed } from "./notices";
import type {
  AssistantMessage,
  Envelope,
  Failure,
  Message,
  Notice,
  Refusal,
  RunEvent,
  ServerFrame,
  Snapshot,
} from "./protocol";

export interface Ending {
  readonly runId: string;
  readonly outcome: "completed" | "cancelled" | "failed";
  readonly failure: Failure | null;
}

export interface Transcript {
  readonly threadId: string;
  readonly cursor: string | null;
  /** The server has answered our subscription, so an empty list really means empty. */
  readonly synced: boolean;
  /** A gap was seen and a replay asked for; cleared when the server answers. */
  readonly repairing: boolean;
  readonly messages: readonly Message[];
  readonly notices: readonly Notice[];
  /** Assistant messages whose text is still growing. */
  readonly open: readonly string[];
  /** The run between its RUN_STARTED and its terminal event: "generating". */
  readonly runId: string | null;
  readonly ending: Ending | null;
  /** Something of this run's reply has come. */
  readonly written: boolean;
  /** What had come of the reply was taken back: it is written once more from there. */
  readonly restarted: boolean;
  /** A snapshot showed that the last reply is only a part; how it ended is no longer known. */
  readonly brokeOff: boolean;
  readonly status: string | null;
  readonly refusal: Refusal | null;
}

export interface Step {
  readonly state: Transcript;
  readonly resubscribe: boolean;
}

/** Of a reply that has just been asked for. */
const UNWRITTEN = {
  open: [],
  ending: null,
  written: false,
  restarted: false,
  brokeOff: false,
  refusal: null,
} as const;

export const emptyTranscript = (threadId: string): Transcript => ({
  threadId,
  cursor: null,
  synced: false,
  repairing: false,
  messages: [],
  notices: [],
  ...UNWRITTEN,
  runId: null,
  status: null,
});

export function reduce(state: Transcript, frame: ServerFrame): Step {
  switch (frame.kind) {
    case "envelope":
      return frame.threadId === state.threadId ? follow(state, frame) : still(state);
    case "snapshot":
      return still(frame.threadId === state.threadId ? replaceAll(state, frame) : state);
    case "subscribed":
      if (frame.threadId !== state.threadId) return still(state);
      // A run that is going on and that we have not seen begin follows in frames of its own.
      return still({
        ...state,
        synced: frame.activeRunId === null || frame.activeRunId === state.runId,
        repairing: false,
      });
    case "status":
      if (frame.threadId !== state.threadId || state.runId === null) return still(state);
      return still({ ...state, status: frame.state });
    case "refusal":
      return still(refuse(state, frame.refusal));
    default:
      return still(state);
  }
}

const still = (state: Transcript): Step => ({ state, resubscribe: false });

function follow(state: Transcript, frame: Envelope): Step {
  const { cursor } = state;
  if (cursor === null || frame.prev === cursor) {
    const next = apply(state, frame.chunk, frame.id);
    return still({ ...next, synced: true, cursor: frame.id, status: null });
  }
  if (isKnown(frame.id, cursor)) return still(state);
  return { state: { ...state, repairing: true }, resubscribe: !state.repairing };
}

const CURSOR = /^(.*?)(\d+)-(\d+)$/;

/** True when `id` is at or before `cursor`; false also when the two cannot be compared. */
function isKnown(id: string, cursor: string): boolean {
  if (id === cursor) return true;
  const [a, b] = [CURSOR.exec(id), CURSOR.exec(cursor)];
  if (a === null || b === null || a[1] !== b[1]) return false;
  const runs = Number(a[2]) - Number(b[2]);
  return runs < 0 || (runs === 0 && Number(a[3]) <= Number(b[3]));
}

function replaceAll(state: Transcript, frame: Snapshot): Transcript {
  const { cursor, messages, brokeOff } = frame;
  const came = { cursor, messages, notices: renewed(state, frame), brokeOff };
  return { ...emptyTranscript(state.threadId), synced: state.synced, ...came };
}

function apply(state: Transcript, event: RunEvent, id: string): Transcript {
  switch (event.type) {
    case "RUN_STARTED": {
      if (event.asked.length === 0) return state; // it asks nothing and only brings a notice
      const messages = event.asked.reduce(upsert, state.messages);
      return {
        ...state,
        messages,
        notices: below({ ...state, messages }, event.runId),
        ...UNWRITTEN,
        runId: event.runId,
      };
    }
    case "RUN_FINISHED":
      if (state.runId === null) return state;
      return end(state, event.cancelled ? "cancelled" : "completed", null);
    case "RUN_ERROR": {
      const { code, message, retryable } = event;
      return end(state, "failed", { code, message, retryable });
    }
    case "MESSAGES_SNAPSHOT":
      return {
        ...state,
        messages: event.messages,
        notices: movedUp(state, event.messages, state.written ? () => true : isRefused),
        open: [],
        restarted: state.restarted || (state.written && takesBack(state, event.messages)),
        brokeOff: state.runId === null && event.brokeOff,
      };
    case "CUSTOM":
      return NOTICES.has(event.name) ? withNotice(state, event.name, event.value, id) : state;
    case "UNKNOWN":
      return state;
    default:
      return write(state, event);
  }
}

function end(state: Transcript, outcome: Ending["outcome"], failure: Failure | null): Transcript {
  const runId = state.runId ?? "";
  const ending = { runId, outcome, failure };
  // Help that came with a refusal and that the run did not repeat has been seen.
  const notices = state.notices.filter(({ id }) => id !== refusedId(runId));
  return { ...state, runId: null, open: [], notices, ending, restarted: false, brokeOff: false };
}

const takesBack = ({ messages }: Transcript, kept: readonly Message[]): boolean => {
  const ids = new Set(kept.map(({ id }) => id));
  return messages.some(({ id, role }) => role !== "user" && !ids.has(id));
};

type ContentEvent = Extract<RunEvent, { type: `TEXT_${string}` | `TOOL_${string}` }>;

function write(before: Transcript, event: ContentEvent): Transcript {
  const state = before.written ? before : { ...before, written: true };
  const { messages, open } = state;
  switch (event.type) {
    case "TEXT_MESSAGE_START": {
      const { messageId } = event;
      return {
        ...state,
        messages: withAssistant(messages, messageId),
        open: [...open, messageId],
      };
    }
    case "TEXT_MESSAGE_CONTENT":
      return { ...state, messages: appendText(messages, event.messageId, event.delta) };
    case "TEXT_MESSAGE_END":
      return { ...state, open: open.filter((id) => id !== event.messageId) };
    case "TOOL_CALL_START":
      return { ...state, messages: startCall(messages, event) };
    case "TOOL_CALL_ARGS":
      return { ...state, messages: appendArguments(messages, event.toolCallId, event.delta) };
    case "TOOL_CALL_END":
      return state;
    case "TOOL_CALL_RESULT": {
      const { messageId, toolCallId, content } = event;
      return {
        ...state,
        messages: upsert(messages, { id: messageId, role: "tool", toolCallId, content }),
      };
    }
  }
}

function upsert(messages: readonly Message[], message: Message): readonly Message[] {
  const at = messages.findIndex(({ id }) => id === message.id);
  return at < 0 ? [...messages, message] : messages.with(at, message);
}

const blank = (id: string): AssistantMessage => ({
  id,
  role: "assistant",
  content: "",
  toolCalls: [],
});

function withAssistant(messages: readonly Message[], id: string): readonly Message[] {
  return messages.some((message) => message.id === id) ? messages : [...messages, blank(id)];
}

/** Replace the newest assistant message that `pick` accepts; it is nearly always the last one. */
function edit(
  messages: readonly Message[],
  pick: (message: AssistantMessage) => boolean,
  change: (message: AssistantMessage) => AssistantMessage,
): readonly Message[] {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message?.role === "assistant" && pick(message)) return messages.with(at, change(message));
  }
  return messages;
}

const appendText = (messages: readonly Message[], id: string, delta: string) =>
  edit(
    withAssistant(messages, id),
    (message) => message.id === id,
    (message) => ({ ...message, content: message.content + delta }),
  );

function startCall(
  messages: readonly Message[],
  event: Extract<RunEvent, { type: "TOOL_CALL_START" }>,
): readonly Message[] {
  const { toolCallId: id, toolCallName: name, parentMessageId } = event;
  return edit(
    withAssistant(messages, parentMessageId),
    (message) => message.id === parentMessageId,
    (message) => ({
      ...message,
      toolCalls: [
        ...message.toolCalls,
        { id, type: "function", function: { name, arguments: "" } },
      ],
    }),
  );
}

const appendArguments = (messages: readonly Message[], callId: string, delta: string) =>
  edit(
    messages,
    (message) => message.toolCalls.some(({ id }) => id === callId),
    (message) => ({
      ...message,
      toolCalls: message.toolCalls.map((call) => {
        if (call.id !== callId) return call;
        const { name, arguments: sofar } = call.function;
        return { ...call, function: { name, arguments: sofar + delta } };
      }),
    }),
  );

const NOTICES: ReadonlySet<string> = new Set(["kindline.help", "kindline.disclosure"]);

function refuse(state: Transcript, refusal: Refusal): Transcript {
  if (refusal.threadId !== null && refusal.threadId !== state.threadId) return state;
  const { help, runId } = refusal;
  const notices = help === null ? state.notices : refusedWith(state, help, runId ?? "");
  return { ...state, refusal, notices };
}

const withNotice = (
  state: Transcript,
  name: string,
  value: Notice["value"],
  id: string,
): Transcript => ({ ...state, notices: notify(state, { id, name, value }) });
