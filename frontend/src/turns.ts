/** Transcript -> what stands on the page, in order: bubbles, replies with their tool calls, cards. */

import { readFound, readHelp, type Help } from "./help";
import type { AssistantMessage, Message, Notice, ToolCall } from "./protocol";
import type { Pending } from "./outbox";
import type { Transcript } from "./transcript";

export type Part =
  | { readonly kind: "text"; readonly key: string; readonly text: string; readonly open: boolean }
  | { readonly kind: "help"; readonly key: string; readonly help: Help }
  | { readonly kind: "busy"; readonly key: string; readonly words: string }
  | { readonly kind: "failed"; readonly key: string };

export type Item =
  | {
      readonly kind: "said";
      readonly key: string;
      readonly text: string;
      readonly pending: Pending | null;
    }
  | { readonly kind: "reply"; readonly key: string; readonly parts: readonly Part[] };

export function itemsOf(transcript: Transcript, pending: readonly Pending[]): readonly Item[] {
  const { messages, notices } = transcript;
  const items: Item[] = [];
  const results = new Map(
    messages.flatMap((message) =>
      message.role === "tool" ? [[message.toolCallId, message.content] as const] : [],
    ),
  );
  addParts(items, "start", noticeParts(notices, null, messages));
  for (const message of messages) {
    if (message.role === "user") {
      items.push({ kind: "said", key: message.id, text: message.content, pending: null });
    } else if (message.role === "assistant") {
      addParts(items, message.id, assistantParts(message, transcript, results));
    }
    addParts(items, `after-${message.id}`, noticeParts(notices, message.id, messages));
  }
  const known = new Set(messages.map(({ id }) => id));
  for (const item of pending) {
    if (known.has(item.messageId)) continue;
    items.push({ kind: "said", key: item.messageId, text: item.text, pending: item });
  }
  return items;
}

/** Consecutive rounds of one reply are one item, named by its first message. */
function addParts(items: Item[], key: string, parts: readonly Part[]): void {
  if (parts.length === 0) return;
  const last = items.at(-1);
  if (last?.kind === "reply") {
    items[items.length - 1] = { ...last, parts: [...last.parts, ...parts] };
  } else {
    items.push({ kind: "reply", key, parts });
  }
}

function assistantParts(
  message: AssistantMessage,
  { open, runId }: Transcript,
  results: ReadonlyMap<string, string>,
): readonly Part[] {
  const { id: key, content: text, toolCalls } = message;
  const words: readonly Part[] =
    text === "" ? [] : [{ kind: "text", key, text, open: open.includes(key) }];
  return [...words, ...toolCalls.flatMap((call) => callParts(call, results, runId !== null))];
}

function callParts(
  { id: key, function: { name } }: ToolCall,
  results: ReadonlyMap<string, string>,
  running: boolean,
): readonly Part[] {
  const hotlines = name === "find_hotlines";
  const result = results.get(key);
  if (result === undefined) {
    const words = hotlines ? "Looking for helplines…" : "Looking something up…";
    return running ? [{ kind: "busy", key, words }] : [];
  }
  if (!hotlines) return [];
  const help = readHelp(result);
  return [help === null ? { kind: "failed", key } : { kind: "help", key, help }];
}

function noticeParts(
  notices: readonly Notice[],
  after: string | null,
  messages: readonly Message[],
): readonly Part[] {
  const known = new Set(messages.map(({ id }) => id));
  return notices.flatMap((notice): readonly Part[] => {
    // A notice whose message is gone (superseded) stays: it moves to the top.
    const place = notice.afterMessageId !== null && known.has(notice.afterMessageId);
    const here = place ? notice.afterMessageId === after : after === null;
    if (!here || notice.name !== "kindline.help") return [];
    return [{ kind: "help", key: `notice-${notice.id}`, help: readFound(notice.value) }];
  });
}
