/** The wire `kindline.v1`: what the server sends (read tolerantly) and what the page sends. */

export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface UserMessage {
  readonly id: string;
  readonly role: "user";
  readonly content: string;
}

export interface AssistantMessage {
  readonly id: string;
  readonly role: "assistant";
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
}

export interface ToolMessage {
  readonly id: string;
  readonly role: "tool";
  readonly toolCallId: string;
  readonly content: string;
}

export type Message = UserMessage | AssistantMessage | ToolMessage;

export type Json = Readonly<Record<string, unknown>>;

export interface Notice {
  readonly id: string;
  readonly afterMessageId: string | null;
  readonly name: string;
  readonly value: Json;
}

/** What a RUN_ERROR says, logged in a run or bare as a refusal. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export interface Refusal extends Failure {
  readonly threadId: string | null;
  readonly runId: string | null;
  readonly retryAfterMs: number;
  readonly help: Json | null;
}

export type RunEvent =
  | { readonly type: "RUN_STARTED"; readonly runId: string; readonly asked: readonly Message[] }
  | { readonly type: "RUN_FINISHED"; readonly runId: string; readonly cancelled: boolean }
  | ({ readonly type: "RUN_ERROR" } & Failure)
  | {
      readonly type: "MESSAGES_SNAPSHOT";
      readonly messages: readonly Message[];
      readonly brokeOff: boolean;
    }
  | { readonly type: "TEXT_MESSAGE_START"; readonly messageId: string }
  | { readonly type: "TEXT_MESSAGE_CONTENT"; readonly messageId: string; readonly delta: string }
  | { readonly type: "TEXT_MESSAGE_END"; readonly messageId: string }
  | {
      readonly type: "TOOL_CALL_START";
      readonly toolCallId: string;
      readonly toolCallName: string;
      readonly parentMessageId: string;
    }
  | { readonly type: "TOOL_CALL_ARGS"; readonly toolCallId: string; readonly delta: string }
  | { readonly type: "TOOL_CALL_END"; readonly toolCallId: string }
  | {
      readonly type: "TOOL_CALL_RESULT";
      readonly messageId: string;
      readonly toolCallId: string;
      readonly content: string;
    }
  | { readonly type: "CUSTOM"; readonly name: string; readonly value: Json }
  | { readonly type: "UNKNOWN" };

/** One committed piece of a thread's log; it covers the cursors (prev, id]. */
export interface Envelope {
  readonly kind: "envelope";
  readonly id: string;
  readonly prev: string;
  readonly threadId: string;
  readonly chunk: RunEvent;
}

export interface Snapshot {
  readonly kind: "snapshot";
  readonly threadId: string;
  readonly cursor: string;
  readonly messages: readonly Message[];
  readonly notices: readonly Notice[];
  /** The reply to the last thing that was said is only a part. */
  readonly brokeOff: boolean;
}

export interface Subscribed {
  readonly kind: "subscribed";
  readonly threadId: string;
  readonly activeRunId: string | null;
}

export type ServerFrame =
  | Envelope
  | Snapshot
  | Subscribed
  | { readonly kind: "ready" }
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  | { readonly kind: "status"; readonly threadId: string; readonly state: string }
  | { readonly kind: "pong"; readonly n: number }
  | { readonly kind: "draining"; readonly reconnectMs: number }
  | { readonly kind: "error"; readonly code: string }
  | { readonly kind: "other" };

/** Where the person is, as far as they or their device say; only used to find help. */
export interface Place {
  readonly country: string | null;
  readonly timeZone: string;
  readonly locale: string;
}

export interface Submit {
  readonly threadId: string;
  readonly runId: string;
  readonly message: UserMessage;
  readonly place: Place;
  /** The person's message that this one takes the place of. */
  readonly replaces: string | null;
}

export function submitFrame({ threadId, runId, message, place, replaces }: Submit): string {
  const { country, timeZone, locale } = place;
  const kindline = {
    ...(replaces === null ? {} : { replaces }),
    ...(country === null ? {} : { country }),
    timeZone,
    locale,
  };
  return JSON.stringify({
    threadId,
    runId,
    messages: [message],
    state: {},
    tools: [],
    context: [],
    forwardedProps: { kindline },
  });
}

export const subscribeFrame = (threadId: string, cursor: string | null): string =>
  JSON.stringify({ type: "subscribe", threadId, cursor });

export const unsubscribeFrame = (threadId: string): string =>
  JSON.stringify({ type: "unsubscribe", threadId });

export const abortFrame = (threadId: string, runId: string): string =>
  JSON.stringify({ type: "abort", runId, threadId });

export const pingFrame = (n: number): string => JSON.stringify({ type: "ping", n });
