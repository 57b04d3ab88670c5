/** The recorded streams of `tests/streams`, and a server that replays one of them. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFrame, decodeMessages, decodeRecord } from "../src/decode";
import { isRecord, list, parseJson, record, text } from "../src/json";
import type { Envelope, Json, Message, ServerFrame, Snapshot } from "../src/protocol";
import { emptyTranscript, reduce, type Transcript } from "../src/transcript";

const FOLDER = join(import.meta.dirname, "../../tests/streams");

export interface Stream {
  readonly name: string;
  readonly threadId: string;
  readonly base: Snapshot;
  readonly log: readonly Envelope[];
  readonly frames: readonly ServerFrame[];
  readonly expected: Json & { readonly messages: readonly Message[] };
}

export function recordedStreams(): readonly Stream[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readStream(record(parseJson(readFileSync(join(FOLDER, name), "utf8")))));
}

function readStream(file: Json): Stream {
  const threadId = text(file.threadId);
  const frames = list(file.frames)
    .filter(isRecord)
    .map((frame) => decodeFrame(JSON.stringify(frame)));
  const logged =
    file.log === undefined ? frames : list(file.log).filter(isRecord).map(decodeRecord);
  const base = isRecord(file.base) ? decodeRecord(file.base) : emptySnapshot(threadId);
  if (base.kind !== "snapshot") throw new Error(`${text(file.name)}: base is no snapshot`);
  const expected = record(file.expected);
  return {
    name: text(file.name),
    threadId,
    base,
    log: logged.filter((frame) => frame.kind === "envelope"),
    frames,
    expected: { ...expected, messages: decodeMessages(expected.messages) },
  };
}

export const emptySnapshot = (threadId: string): Snapshot => ({
  kind: "snapshot",
  threadId,
  cursor: "0-0",
  messages: [],
  notices: [],
  brokeOff: false,
});

export interface Folded {
  readonly state: Transcript;
  readonly resubscribes: number;
}

export function fold(state: Transcript, frames: readonly ServerFrame[]): Folded {
  let resubscribes = 0;
  for (const frame of frames) {
    const step = reduce(state, frame);
    state = step.state;
    if (step.resubscribe) resubscribes += 1;
  }
  return { state, resubscribes };
}

export const foldAll = ({ threadId, frames }: Stream): Folded =>
  fold(emptyTranscript(threadId), frames);

/** What the server sends to a `subscribe` with this cursor: 1.8, deltas coalesced. */
export function replay(stream: Stream, cursor: string | null): readonly ServerFrame[] {
  const { threadId, base, log } = stream;
  const at = log.findIndex(({ id }) => id === cursor);
  const recovered = at >= 0 || cursor === base.cursor;
  const rest = at >= 0 ? log.slice(at + 1) : log;
  const answer: ServerFrame = { kind: "subscribed", threadId, activeRunId: null };
  return [...(recovered ? [] : [base]), answer, ...coalesce(rest)];
}

export function coalesce(log: readonly Envelope[]): readonly Envelope[] {
  const merged: Envelope[] = [];
  for (const frame of log) {
    const last = merged.at(-1);
    const [a, b] = [last?.chunk, frame.chunk];
    const joinable =
      last !== undefined &&
      a?.type === "TEXT_MESSAGE_CONTENT" &&
      b.type === "TEXT_MESSAGE_CONTENT" &&
      a.messageId === b.messageId;
    if (joinable) {
      merged[merged.length - 1] = {
        ...frame,
        prev: last.prev,
        chunk: { ...b, delta: a.delta + b.delta },
      };
    } else {
      merged.push(frame);
    }
  }
  return merged;
}

/** A small seeded generator (mulberry32), so that a failing schedule can be run again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
