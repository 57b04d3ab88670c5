import { describe, expect, it } from "vitest";
import { decodeFrame } from "../src/decode";
import type { Envelope, ServerFrame } from "../src/protocol";
import { emptyTranscript, reduce, type Transcript } from "../src/transcript";
import { coalesce, fold, foldAll, recordedStreams, replay, seeded, type Stream } from "./streams";

const STREAMS = recordedStreams();
const each = STREAMS.map((stream) => [stream.name, stream] as const);

/** The part of the state that `expected` describes. */
function summary(state: Transcript) {
  const { ending, refusal } = state;
  return {
    messages: state.messages,
    notices: state.notices.map(({ name, afterMessageId, value }) => ({
      name,
      afterMessageId,
      value,
    })),
    cursor: state.cursor,
    generating: state.runId !== null,
    ending: ending && {
      runId: ending.runId,
      outcome: ending.outcome,
      code: ending.failure?.code ?? null,
      retryable: ending.failure?.retryable ?? null,
    },
    refusal: refusal && {
      runId: refusal.runId,
      code: refusal.code,
      retryable: refusal.retryable,
      retryAfterMs: refusal.retryAfterMs,
    },
  };
}

/** What the log alone decides: a refusal is not in it. */
const durable = ({ messages, cursor, runId, ending, brokeOff, open }: Transcript) => ({
  messages,
  cursor,
  runId,
  ending,
  brokeOff,
  open,
});

describe.each(each)("the recorded stream %s", (_name, stream) => {
  it("ends in the expected state", () => {
    const { state, resubscribes } = foldAll(stream);

    expect({ ...summary(state), resubscribes }).toEqual(stream.expected);
  });

  it("gives the same when the socket breaks after any frame and comes back", () => {
    const straight = durable(foldAll(stream).state);

    for (let cut = 0; cut <= stream.frames.length; cut++) {
      const before = fold(emptyTranscript(stream.threadId), stream.frames.slice(0, cut)).state;
      const after = fold(before, replay(stream, before.cursor)).state;
      expect(durable(after), `cut after ${cut} frames`).toEqual(straight);
    }
  });

  it("gives the same on a reload, from a snapshot and coalesced deltas", () => {
    const reloaded = fold(emptyTranscript(stream.threadId), replay(stream, null)).state;

    expect(durable(reloaded)).toEqual(durable(foldAll(stream).state));
  });

  it("gives the same under lost, repeated and late frames, once repaired", () => {
    const straight = durable(foldAll(stream).state);

    for (let seed = 1; seed <= 60; seed++) {
      expect(durable(badLine(stream, seeded(seed))), `seed ${seed}`).toEqual(straight);
    }
  });

  it("never applies a cursor twice or goes back", () => {
    const state = foldAll(stream).state;

    for (const frame of stream.log) expect(reduce(state, frame).state).toBe(state);
  });
});

/** A line that loses, doubles and delays; the client's gaps are answered, and it reconnects last. */
function badLine(stream: Stream, random: () => number): Transcript {
  let state = fold(emptyTranscript(stream.threadId), replay({ ...stream, log: [] }, null)).state;
  const late: Envelope[] = [];
  const hear = (frame: ServerFrame) => {
    const step = reduce(state, frame);
    state = step.state;
    if (step.resubscribe) state = fold(state, replay(stream, state.cursor)).state;
  };
  for (const frame of stream.log) {
    const chance = random();
    if (chance < 0.2) continue;
    if (chance < 0.4) late.push(frame);
    else hear(frame);
    if (chance > 0.8) hear(frame);
    if (random() < 0.3) late.splice(0).forEach(hear);
  }
  late.forEach(hear);
  return fold(state, replay(stream, state.cursor)).state;
}

describe("the reducer", () => {
  const [plain] = STREAMS.filter(({ name }) => name === "plain_text");
  const start = fold(emptyTranscript("t1"), plain?.frames.slice(0, 5) ?? []).state;

  it("asks once for a replay, however many frames follow the gap", () => {
    const rest = plain?.frames.slice(7) ?? [];

    expect(fold(start, rest).resubscribes).toBe(1);
  });

  it("asks again at the next gap, once the server has answered the first", () => {
    const rest = plain?.frames.slice(7) ?? [];
    const answered: ServerFrame = { kind: "subscribed", threadId: "t1", activeRunId: null };

    expect(fold(start, [...rest, answered, ...rest]).resubscribes).toBe(2);
  });

  it("does not take a thread for empty while its first run is on its way", () => {
    const snapshot = {
      type: "snapshot",
      threadId: "t1",
      cursor: "0-0",
      messages: [],
      notices: [],
    };
    const answer = { type: "subscribed", threadId: "t1", active: { runId: "r1" } };
    const frames = [snapshot, answer].map((frame) => decodeFrame(JSON.stringify(frame)));

    const waiting = fold(emptyTranscript("t1"), frames).state;
    const first = plain?.frames.find(({ kind }) => kind === "envelope");
    const began = fold(waiting, first === undefined ? [] : [first]).state;

    expect([waiting.synced, waiting.messages.length]).toEqual([false, 0]);
    expect([began.synced, began.messages.length]).toEqual([true, 1]);
  });

  it("is in step again at once when the run it follows is the one that goes on", () => {
    const answer: ServerFrame = { kind: "subscribed", threadId: "t1", activeRunId: "r1" };

    expect(fold(start, [answer]).state.synced).toBe(true);
  });

  it("knows a text as closed while the run goes on", () => {
    const frames = plain?.frames.slice(0, -1) ?? [];

    expect(start.open).toEqual(["a1"]);
    expect(fold(emptyTranscript("t1"), frames).state).toMatchObject({ runId: "r1", open: [] });
  });

  it("does not call a closed socket the end of a run", () => {
    expect(start.runId).toBe("r1");
    expect(fold(start, [{ kind: "draining", reconnectMs: 0 }]).state.runId).toBe("r1");
  });

  it("asks for a replay when cursors cannot be compared", () => {
    const frame = { id: "b1-1", prev: "b0-0", threadId: "t1", chunk: { type: "RUN_FINISHED" } };

    expect(reduce(start, decodeFrame(JSON.stringify(frame))).resubscribe).toBe(true);
  });

  it("clears a hint with the next piece of the reply", () => {
    const status = {
      type: "CUSTOM",
      name: "kindline.status",
      value: { threadId: "t1", state: "retrying" },
    };
    const hinted = reduce(start, decodeFrame(JSON.stringify(status))).state;
    const next = plain?.frames[5];

    expect(hinted.status).toBe("retrying");
    expect(fold(hinted, next === undefined ? [] : [next]).state.status).toBeNull();
  });

  it("keeps what it had when a refusal is about another thread", () => {
    const refusal = {
      type: "RUN_ERROR",
      code: "x",
      message: "",
      metadata: { kindline: { threadId: "t2" } },
    };

    expect(reduce(start, decodeFrame(JSON.stringify(refusal))).state).toBe(start);
  });

  it("takes coalesced deltas for the pieces they cover", () => {
    const log = plain?.log ?? [];
    const whole = fold(emptyTranscript("t1"), coalesce(log)).state;

    expect(coalesce(log).length).toBeLessThan(log.length);
    expect(whole.messages).toEqual(plain?.expected.messages);
  });
});

describe("a snapshot with a broken-off reply", () => {
  const partial = { metadata: { kindline: { status: "partial" } } };
  const asked = { id: "u1", role: "user", content: "Hi" };
  const part = { id: "a1", role: "assistant", content: "Yes, I", ...partial };
  const from = (messages: readonly object[]): Transcript => {
    const frame = { type: "snapshot", threadId: "t1", cursor: "1-5", messages, notices: [] };
    return reduce(emptyTranscript("t1"), decodeFrame(JSON.stringify(frame))).state;
  };
  const then = (state: Transcript, chunk: object): Transcript => {
    const frame = { id: "2-1", prev: "1-5", threadId: "t1", chunk };
    return reduce(state, decodeFrame(JSON.stringify(frame))).state;
  };

  it("tells so, also when a tool's result came after the part", () => {
    const result = { id: "x1", role: "tool", toolCallId: "c1", content: "{}" };

    expect(from([asked, part]).brokeOff).toBe(true);
    expect(from([asked, part, result]).brokeOff).toBe(true);
  });

  it("is silent about whole replies and about parts before the last question", () => {
    expect(from([asked, { ...part, metadata: {} }]).brokeOff).toBe(false);
    expect(from([asked, part, { ...asked, id: "u2" }]).brokeOff).toBe(false);
  });

  it("forgets it with the next run", () => {
    const input = { messages: [{ ...asked, id: "u2" }] };
    const started = { type: "RUN_STARTED", threadId: "t1", runId: "r2", input };
    const state = then(from([asked, part]), started);

    expect(state).toMatchObject({ runId: "r2", brokeOff: false });
  });

  it("reads the same from the log's own list of messages", () => {
    const state = then(from([]), { type: "MESSAGES_SNAPSHOT", messages: [asked, part] });

    expect(state.brokeOff).toBe(true);
  });
});

describe("frames of any shape", () => {
  it.each(["", "null", "7", "[]", "{", '{"type":7}', '{"chunk":null}', '{"type":"snapshot"}'])(
    "are ignored without an error: %s",
    (source) => {
      const state = emptyTranscript("t1");

      expect(reduce(state, decodeFrame(source)).state).toBe(state);
    },
  );
});
