/**
 * What the person has said or asked that the server has not acknowledged yet. Pure values.
 *
 * A submit stays until its RUN_STARTED or a final refusal is seen, an abort until its run has
 * ended. Both are repeated unchanged after every reconnect (protocol 1.17).
 */

import { isRecord, list, parseJson, record, text, textOrNull } from "./json";
import type { Refusal, ServerFrame } from "./protocol";
import type { Transcript } from "./transcript";

export interface Pending {
  readonly runId: string;
  readonly messageId: string;
  readonly text: string;
  readonly frame: string;
  /** The message stands in the transcript already; only a new reply is asked for. */
  readonly again: boolean;
  /** The message it takes the place of: an edit. */
  readonly replaces: string | null;
  /** On the way; false while it waits for the present reply to end. */
  readonly sent: boolean;
}

export interface Abort {
  readonly runId: string;
  readonly frame: string;
}

export interface Outbox {
  readonly submits: readonly Pending[];
  readonly aborts: readonly Abort[];
}

export const EMPTY_OUTBOX: Outbox = { submits: [], aborts: [] };

/** The frames to repeat on a fresh socket, in the order in which they were meant. */
export const unacknowledged = (outbox: Outbox): readonly string[] => [
  ...outbox.submits.filter(({ sent }) => sent).map(({ frame }) => frame),
  ...outbox.aborts.map(({ frame }) => frame),
];

/** The submit that may go out now: one at a time, and never into a running reply. */
export function nextToSend(outbox: Outbox, generating: boolean): Pending | null {
  const first = outbox.submits[0];
  return first === undefined || first.sent || generating ? null : first;
}

/** One that has to wait, but that the server may see already: it only says no. */
export function toKnock(outbox: Outbox, runId: string): Pending | null {
  // For another reply or an edit it would make room, and end the reply that is being written.
  const only = ({ sent, again, replaces }: Pending) => !sent && !again && replaces === null;
  return outbox.submits.find((item) => item.runId === runId && only(item)) ?? null;
}

export function markSent(outbox: Outbox, runId: string): Outbox {
  const submits = outbox.submits.map((item) =>
    item.runId === runId ? { ...item, sent: true } : item,
  );
  return { ...outbox, submits };
}

export const without = (outbox: Outbox, runId: string): Outbox => ({
  submits: outbox.submits.filter((item) => item.runId !== runId),
  aborts: outbox.aborts.filter((item) => item.runId !== runId),
});

/** Drop what this frame acknowledges; an envelope we already have acknowledges just as well. */
export function acknowledge(outbox: Outbox, frame: ServerFrame, after: Transcript): Outbox {
  let { submits, aborts } = outbox;
  if (frame.kind === "envelope" && frame.chunk.type === "RUN_STARTED") {
    const { runId } = frame.chunk;
    // An edit waits for the list without what it replaces, or the old words would flash up.
    submits = submits.filter((item) => item.runId !== runId || item.replaces !== null);
  }
  if (frame.kind === "envelope" && frame.chunk.type !== "RUN_STARTED") {
    const begun = after.runId ?? after.ending?.runId;
    submits = submits.filter((item) => item.replaces === null || item.runId !== begun);
  }
  if (frame.kind === "envelope" && frame.chunk.type === "RUN_FINISHED") {
    const { runId } = frame.chunk;
    aborts = aborts.filter((item) => item.runId !== runId);
  }
  if (frame.kind === "snapshot") {
    const known = new Set(frame.messages.map(({ id }) => id));
    submits = submits.filter((item) => item.again || !known.has(item.messageId));
  }
  if (frame.kind === "subscribed") {
    const awaited = new Set(submits.map(({ runId }) => runId)).add(frame.activeRunId ?? "");
    aborts = aborts.filter(({ runId }) => awaited.has(runId));
  }
  const ended = after.ending?.runId;
  aborts = aborts.filter(({ runId }) => runId !== ended);
  const same = submits.length === outbox.submits.length && aborts.length === outbox.aborts.length;
  return same ? outbox : { submits, aborts };
}

/** The submit a refusal is about: named by runId, or the only one on its way. */
export function refused(outbox: Outbox, refusal: Refusal): Pending | null {
  const sent = outbox.submits.filter((item) => item.sent);
  if (refusal.runId === null) return sent.length === 1 ? (sent[0] ?? null) : null;
  return sent.find(({ runId }) => runId === refusal.runId) ?? null;
}

export const packOutbox = (outbox: Outbox): string => JSON.stringify(outbox);

export function unpackOutbox(source: string | null): Outbox {
  const box = record(parseJson(source ?? ""));
  const submits = list(box.submits).filter(isRecord).map(readPending);
  const aborts = list(box.aborts)
    .filter(isRecord)
    .map((item) => ({ runId: text(item.runId), frame: text(item.frame) }));
  return {
    submits: submits.filter(({ runId, frame }) => runId !== "" && frame !== ""),
    aborts: aborts.filter(({ runId, frame }) => runId !== "" && frame !== ""),
  };
}

const readPending = (item: Readonly<Record<string, unknown>>): Pending => ({
  runId: text(item.runId),
  messageId: text(item.messageId),
  text: text(item.text),
  frame: text(item.frame),
  again: item.again === true,
  replaces: textOrNull(item.replaces),
  sent: item.sent === true,
});
