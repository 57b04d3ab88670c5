import { describe, expect, it } from "vitest";
import { decodeFrame } from "../src/decode";
import { emptyTranscript, reduce, type Transcript } from "../src/transcript";

const card = (cardId: string, country = "GB") => ({ cardId, level: "crisis", country, lines: [] });
const hear = (state: Transcript, frame: object): Transcript =>
  reduce(state, decodeFrame(JSON.stringify(frame))).state;

let seq = 0;
const logged = (state: Transcript, chunk: object): Transcript => {
  const prev = state.cursor ?? "0-0";
  return hear(state, { id: `1-${++seq}`, prev, threadId: "t1", chunk });
};
const asked = (state: Transcript, runId: string, id: string): Transcript =>
  logged(state, {
    type: "RUN_STARTED",
    runId,
    input: { messages: [{ id, role: "user", content: "x" }] },
  });
const shown = (state: Transcript, value: object): Transcript =>
  logged(state, { type: "CUSTOM", name: "kindline.help", value });
const refused = (state: Transcript, runId: string, help: object | null): Transcript =>
  hear(state, {
    type: "RUN_ERROR",
    code: "thread_busy",
    message: "",
    metadata: { kindline: { threadId: "t1", runId, ...(help && { help }) } },
  });
const places = ({ notices }: Transcript) =>
  notices.map(({ afterMessageId, value }) => [afterMessageId, value.cardId]);

describe("a help card", () => {
  it("of a refusal is replaced by the durable one, after the message it belongs to", () => {
    const before = asked(emptyTranscript("t1"), "r1", "u1");
    const early = refused(before, "r2", card("r2"));
    expect(places(early)).toEqual([["u1", "r2"]]);

    const durable = shown(asked(early, "r2", "u2"), card("r2", "DE"));

    expect(places(durable)).toEqual([["u2", "r2"]]);
    expect(durable.notices[0]?.value.country).toBe("DE");
  });

  it("of a refusal is the only one of its kind, however often somebody is refused", () => {
    const once = refused(emptyTranscript("t1"), "r1", card("r1"));
    const twice = refused(once, "r2", card("r2"));

    expect(places(twice)).toEqual([[null, "r2"]]);
    expect(places(refused(twice, "r3", null))).toEqual([[null, "r2"]]);
  });

  it("of a refusal goes with the end of its run, where the server thought one enough", () => {
    const early = refused(emptyTranscript("t1"), "r1", card("r1"));
    const during = asked(early, "r1", "u1");
    expect(during.notices).toHaveLength(1);

    expect(logged(during, { type: "RUN_FINISHED", runId: "r1" }).notices).toEqual([]);
  });

  it("of the log stays, when a resend of its message was refused meanwhile", () => {
    const durable = shown(asked(emptyTranscript("t1"), "r1", "u1"), card("r1"));
    const resent = refused(durable, "r1", card("r1"));
    expect(resent.notices).toEqual(durable.notices);

    expect(places(logged(resent, { type: "RUN_FINISHED", runId: "r1" }))).toEqual([["u1", "r1"]]);
  });

  it("of the same name takes the old one's place, or moves where that is gone", () => {
    const first = shown(asked(emptyTranscript("t1"), "r1", "u1"), card("r1"));
    const second = asked(first, "r2", "u2");

    expect(places(shown(second, card("r1")))).toEqual([["u1", "r1"]]);
    const messages = [{ id: "u2", role: "user", content: "x" }];
    const without = logged(second, { type: "MESSAGES_SNAPSHOT", messages });
    expect(places(shown(without, card("r1")))).toEqual([["u2", "r1"]]);
  });

  it("that comes in a run of its own is no reply, and leaves what the last one came to", () => {
    const failed = logged(asked(emptyTranscript("t1"), "r1", "u1"), {
      type: "RUN_ERROR",
      code: "upstream_unavailable",
      message: "No.",
      metadata: { kindline: { retryable: true } },
    });
    const started = { type: "RUN_STARTED", runId: "n1", input: { messages: [] } };
    const during = shown(logged(failed, started), card("r1"));
    const after = logged(during, { type: "RUN_FINISHED", runId: "n1" });

    expect(during.runId).toBeNull();
    expect(after.ending).toEqual(failed.ending);
    expect(places(after)).toEqual([["u1", "r1"]]);
  });

  it("stands once after a reload too: the latest of its name", () => {
    const notice = (id: string, afterMessageId: string) => ({
      id,
      afterMessageId,
      name: "kindline.help",
      value: card("r1"),
    });
    const notices = [notice("1-2", "u1"), notice("3-3", "u3")];
    const frame = { type: "snapshot", threadId: "t1", cursor: "3-9", messages: [], notices };

    expect(places(hear(emptyTranscript("t1"), frame))).toEqual([["u3", "r1"]]);
  });
});

describe("a reply that is taken over", () => {
  const text = (state: Transcript, messageId: string): Transcript => {
    const open = logged(state, { type: "TEXT_MESSAGE_START", messageId, role: "assistant" });
    return logged(open, { type: "TEXT_MESSAGE_CONTENT", messageId, delta: "Half" });
  };
  const list = (...ids: string[]) => ({
    type: "MESSAGES_SNAPSHOT",
    messages: ids.map((id) => ({ id, role: "user", content: "x" })),
  });

  it("is known as started again until it ends", () => {
    const half = text(asked(emptyTranscript("t1"), "r1", "u1"), "a1");
    expect(half.restarted).toBe(false);

    const again = logged(half, list("u1"));

    expect(again.restarted).toBe(true);
    expect(text(again, "a2").restarted).toBe(true);
    expect(logged(again, { type: "RUN_FINISHED", runId: "r1" }).restarted).toBe(false);
  });

  it("leaves a card that came in the midst of it after what stays", () => {
    const half = shown(text(asked(emptyTranscript("t1"), "r1", "u1"), "a1"), card("r1"));
    expect(places(half)).toEqual([["a1", "r1"]]);

    expect(places(logged(half, list("u1")))).toEqual([["u1", "r1"]]);
  });

  it("is not meant when a second answer replaces the first", () => {
    const first = text(asked(emptyTranscript("t1"), "r1", "u1"), "a1");
    const over = logged(first, { type: "RUN_FINISHED", runId: "r1" });

    expect(logged(asked(over, "r2", "u1"), list("u1")).restarted).toBe(false);
  });
});
