/** Transcript -> what stands on the page, in order: bubbles, replies with their tool calls, cards. */

import { text } from "./json";
import { peopleOf, readFound, readHelp, repeatedCard, type Help } from "./help";
import type { AssistantMessage, Json, Message, Notice, ToolCall, ToolMessage } from "./protocol";
import type { Pending } from "./outbox";
import { isRefused, refusedId } from "./notices";
import type { Transcript } from "./transcript";

export type Part =
  | { readonly kind: "text"; readonly key: string; readonly text: string; readonly open: boolean }
  /** `chip`: one like it stood there before, so this one starts folded. */
  | { readonly kind: "help"; readonly key: string; readonly help: Help; readonly chip: boolean }
  | { readonly kind: "busy"; readonly key: string; readonly words: string }
  | { readonly kind: "failed"; readonly key: string };

export type Item =
  | {
      readonly kind: "said";
      readonly key: string;
      readonly text: string;
      readonly pending: Pending | null;
    }
  | { readonly kind: "reply"; readonly key: string; readonly parts: readonly Part[] }
  /** Who answers here, said again by the server. */
  | { readonly kind: "told"; readonly key: string; readonly text: string };

export function itemsOf(transcript: Transcript, pending: readonly Pending[]): readonly Item[] {
  const messages = withoutReplaced(transcript.messages, pending);
  const ours = new Set(pending.map(({ runId }) => refusedId(runId)));
  const notices = transcript.notices.filter(({ id }) => !ours.has(id));
  const items: Item[] = [];
  const results = resultsByCall(messages);
  const cards = new Set(notices.map(({ value }) => text(value.cardId)));
  addNotices(items, noticesAfter(notices, null, messages), notices);
  for (const message of messages) {
    if (message.role === "user") {
      items.push({ kind: "said", key: message.id, text: message.content, pending: null });
    } else if (message.role === "assistant") {
      addParts(items, assistantParts(message, transcript, results, cards));
    }
    addNotices(items, noticesAfter(notices, message.id, messages), notices);
  }
  const known = new Set(messages.map(({ id }) => id));
  for (const item of pending) {
    if (!known.has(item.messageId)) {
      items.push({ kind: "said", key: item.messageId, text: item.text, pending: item });
    }
    const refused = transcript.notices.filter(({ id }) => id === refusedId(item.runId));
    const parts = refused.map((notice) => helpPart(notice, false));
    addParts(items, parts);
  }
  return turnsOf(items).map(named).flatMap(oneOfEqual);
}

/** While an edit is on its way, what it will replace is gone already. */
function withoutReplaced(
  messages: readonly Message[],
  pending: readonly Pending[],
): readonly Message[] {
  const edit = pending.find(({ replaces, sent }) => replaces !== null && sent);
  const at = messages.findIndex(({ id }) => id === edit?.replaces);
  if (edit === undefined || at < 0) return messages;
  return [...messages.slice(0, at), ...messages.filter(({ id }) => id === edit.messageId)];
}

/** Consecutive rounds of one reply are one item; its key comes when all are there. */
function addParts(items: Item[], parts: readonly Part[]): void {
  if (parts.length === 0) return;
  const last = items.at(-1);
  if (last?.kind === "reply") {
    items[items.length - 1] = { ...last, parts: [...last.parts, ...parts] };
  } else {
    items.push({ kind: "reply", key: "", parts });
  }
}

type HelpPart = Extract<Part, { kind: "help" }>;

/** What stands from one thing the person said to the next. */
function turnsOf(items: readonly Item[]): readonly (readonly Item[])[] {
  const turns: Item[][] = [[]];
  for (const item of items) {
    if (item.kind === "said") turns.push([]);
    turns.at(-1)?.push(item);
  }
  return turns;
}

/**
 * A reply's key tells what it answers, not what stands in it: that changes when a card comes before
 * the words, and all of it would be made anew.
 */
function named(turn: readonly Item[]): readonly Item[] {
  const said = turn[0]?.kind === "said" ? turn[0].key : "";
  let replies = 0;
  return turn.map((item) =>
    item.kind === "reply" ? { ...item, key: `reply-${++replies}-${said}` } : item,
  );
}

/**
 * Of cards that show the same people one stands: the one that was offered, where the person may be
 * at it already, else the last. Who asked for what a folded one holds gets it unfolded.
 */
function oneOfEqual(turn: readonly Item[]): readonly Item[] {
  const kept = new Map<string, HelpPart>();
  for (const part of turn.flatMap(partsOf)) {
    if (part.kind !== "help") continue;
    const people = once(part.help, peopleOf);
    const before = kept.get(people);
    if (before === undefined || !before.help.offered) kept.set(people, part);
    else if (before.chip && !part.chip) kept.set(people, { ...before, chip: false });
  }
  const standing = (part: Part): readonly Part[] => {
    if (part.kind !== "help") return [part];
    const one = kept.get(once(part.help, peopleOf));
    return one?.key === part.key ? [one] : [];
  };
  return turn
    .map((item) =>
      item.kind === "reply" ? { ...item, parts: item.parts.flatMap(standing) } : item,
    )
    .filter((item) => item.kind !== "reply" || item.parts.length > 0);
}

const partsOf = (item: Item): readonly Part[] => (item.kind === "reply" ? item.parts : []);

type Results = ReadonlyMap<ToolCall, ToolMessage>;

/** Each call with the nearest result after it: some models number their calls anew each round. */
function resultsByCall(messages: readonly Message[]): Results {
  const results = new Map<ToolCall, ToolMessage>();
  const waiting = new Map<string, ToolMessage>();
  for (const message of messages.toReversed()) {
    if (message.role === "tool") waiting.set(message.toolCallId, message);
    if (message.role !== "assistant") continue;
    for (const call of message.toolCalls) {
      const result = waiting.get(call.id);
      if (result !== undefined) results.set(call, result);
      waiting.delete(call.id);
    }
  }
  return results;
}

function assistantParts(
  { id, content: text, toolCalls }: AssistantMessage,
  { open, runId }: Transcript,
  results: Results,
  cards: ReadonlySet<string>,
): readonly Part[] {
  const words: readonly Part[] =
    text === "" ? [] : [{ kind: "text", key: id, text, open: open.includes(id) }];
  const calls = toolCalls.flatMap((call, at) =>
    callParts(call, `${id}/${at}`, results.get(call), runId !== null, cards),
  );
  return [...words, ...calls];
}

function callParts(
  { function: { name } }: ToolCall,
  key: string,
  result: ToolMessage | undefined,
  running: boolean,
  cards: ReadonlySet<string>,
): readonly Part[] {
  const hotlines = name === "find_hotlines";
  if (result === undefined) {
    const words = hotlines ? "Looking for helplines…" : "Looking something up…";
    return running ? [{ kind: "busy", key, words }] : [];
  }
  if (!hotlines) return [];
  const { help, repeats } = once(result, ({ content }) => ({
    help: readHelp(content),
    repeats: repeatedCard(content),
  }));
  if (repeats !== "" && cards.has(repeats)) return [];
  return [help === null ? { kind: "failed", key } : { kind: "help", key, help, chip: false }];
}

const READ = new WeakMap<object, unknown>();

/** Read each result once: a card must not be made anew with every piece of text after it. */
function once<Source extends object, Value>(
  source: Source,
  read: (source: Source) => Value,
): Value {
  if (!READ.has(source)) READ.set(source, read(source));
  return READ.get(source) as Value;
}

function noticesAfter(
  notices: readonly Notice[],
  after: string | null,
  messages: readonly Message[],
): readonly Notice[] {
  const known = new Set(messages.map(({ id }) => id));
  return notices.filter((notice) => {
    // A notice whose message is gone (superseded) stays: it moves to the top.
    const place = notice.afterMessageId !== null && known.has(notice.afterMessageId);
    return place ? notice.afterMessageId === after : after === null;
  });
}

function addNotices(items: Item[], notices: readonly Notice[], all: readonly Notice[]): void {
  for (const notice of notices) {
    if (notice.name === "kindline.help") {
      const earlier = all.slice(0, all.indexOf(notice));
      addParts(items, [helpPart(notice, isRepeated(notice, earlier))]);
    } else if (notice.name === "kindline.disclosure") addTold(items, notice);
  }
}

function addTold(items: Item[], { id, value }: Notice): void {
  const words = text(value.text);
  if (words !== "") items.push({ kind: "told", key: `told-${text(value.id) || id}`, text: words });
}

const LEVELS = ["none", "concern", "crisis"];
const levelOf = ({ value }: Notice): number => LEVELS.indexOf(text(value.level));

/** A card opens once for each rise of level, and always for who waits in vain. */
const isRepeated = (notice: Notice, earlier: readonly Notice[]): boolean =>
  !["model_down", "refused"].includes(text(notice.value.reason)) &&
  earlier.some((one) => one.name === notice.name && levelOf(one) >= levelOf(notice));

/** It is in no log that could be told whether it fits. */
const readUnlogged = (value: Json): Help => ({ ...readFound(value), cardId: null });

const helpPart = (notice: Notice, chip: boolean): HelpPart => ({
  kind: "help",
  chip,
  // One card, whatever brings it: a refusal first, then the log.
  key: `notice-${text(notice.value.cardId) || notice.id}`,
  help: once(notice.value, isRefused(notice) ? readUnlogged : readFound),
});
