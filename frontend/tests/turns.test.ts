import { describe, expect, it } from "vitest";
import { itemsOf } from "../src/turns";
import { emptyTranscript, type Transcript } from "../src/transcript";
import { fold, foldAll, recordedStreams } from "./streams";

const STREAMS = recordedStreams();

function recorded(name: string, frames?: number): Transcript {
  const stream = STREAMS.find((candidate) => candidate.name === name);
  if (stream === undefined) throw new Error(`no stream ${name}`);
  if (frames === undefined) return foldAll(stream).state;
  return fold(emptyTranscript(stream.threadId), stream.frames.slice(0, frames)).state;
}

const shape = (transcript: Transcript) =>
  itemsOf(transcript, []).map((item) =>
    item.kind === "reply" ? item.parts.map((part) => part.kind) : item.text,
  );

describe("what stands on the page", () => {
  it("puts the card between the texts of one reply", () => {
    expect(shape(recorded("tool_call_in_mid_reply"))).toEqual([
      "Is there someone I can call in Britain?",
      ["text", "help", "text"],
    ]);
  });

  it("says that helplines are looked for while the call runs", () => {
    expect(shape(recorded("tool_call_in_mid_reply", 11)).at(-1)).toEqual(["text", "busy"]);
  });

  it("shows both cards of two calls in the order in which they were asked", () => {
    const reply = itemsOf(recorded("two_parallel_calls"), []).at(-1);

    expect(reply).toMatchObject({
      parts: [
        { key: "a1/0", help: { country: "GB" } },
        { key: "a1/1", help: { country: "DE" } },
        { kind: "text" },
      ],
    });
  });

  it("keeps the same keys from the first piece to the end, so that nothing jumps", () => {
    const frames = recorded("plain_text", 6);
    const whole = recorded("plain_text");

    expect(itemsOf(frames, []).map(({ key }) => key)).toEqual(
      itemsOf(whole, []).map(({ key }) => key),
    );
  });

  it("shows a help notice after the message it belongs to", () => {
    expect(shape(recorded("unknown_and_custom"))).toEqual([
      "I don't want to be here any more.",
      ["help", "text"],
    ]);
  });

  it("says who answers after the message with which it was due, and before the reply", () => {
    const state = recorded("unknown_and_custom");
    const afterMessageId = state.messages[0]?.id ?? null;
    const told = {
      id: "1-2",
      afterMessageId,
      name: "kindline.disclosure",
      value: { id: "disclosure-r1", reason: "start", text: "You are writing with an AI." },
    };

    expect(shape({ ...state, notices: [told, ...state.notices] })).toEqual([
      "I don't want to be here any more.",
      "You are writing with an AI.",
      ["help", "text"],
    ]);
  });

  it("shows nothing of a disclosure that has no text", () => {
    const notices = [
      { id: "1-2", afterMessageId: null, name: "kindline.disclosure", value: { id: "x" } },
    ];

    expect(itemsOf({ ...emptyTranscript("t1"), notices }, [])).toEqual([]);
  });

  it("keeps a help notice whose message was superseded", () => {
    const { state } = foldAll(STREAMS.find(({ name }) => name === "regenerated") ?? raise());
    const value = { lines: [], cardId: "x" };
    const orphan = { id: "1-2", afterMessageId: "gone", name: "kindline.help", value };

    expect(shape({ ...state, notices: [orphan] })[0]).toEqual(["help"]);
  });

  it("reads a result once, so that the card stays while text grows after it", () => {
    const helpOf = (state: Transcript) =>
      itemsOf(state, []).flatMap((item) =>
        item.kind === "reply"
          ? item.parts.flatMap((part) => (part.kind === "help" ? [part.help] : []))
          : [],
      );
    const early = recorded("tool_call_in_mid_reply");
    const messages = early.messages.map((m) => (m.id === "a2" ? { ...m, content: "more" } : m));

    expect(helpOf({ ...early, messages })[0]).toBe(helpOf(early)[0]);
  });

  it("says so when a result cannot be read", () => {
    const state = recorded("tool_call_in_mid_reply");
    const messages = state.messages.map((message) =>
      message.role === "tool" ? { ...message, content: '{"error":"no"}' } : message,
    );

    expect(shape({ ...state, messages }).at(-1)).toEqual(["text", "failed", "text"]);
  });

  it("gives every round its own result when a model uses a call's id twice", () => {
    const call = {
      id: "call_0",
      type: "function",
      function: { name: "find_hotlines", arguments: "" },
    } as const;
    const round = (id: string) =>
      ({ id, role: "assistant", content: "", toolCalls: [call] }) as const;
    const result = (id: string, country: string) =>
      ({
        id,
        role: "tool",
        toolCallId: "call_0",
        content: JSON.stringify({ country, lines: [] }),
      }) as const;
    const messages = [
      round("a0"),
      round("a1"),
      result("x1", "GB"),
      round("a2"),
      result("x2", "DE"),
    ].map((m) => structuredClone(m));
    const [reply] = itemsOf({ ...emptyTranscript("t1"), messages }, []);

    expect(reply).toMatchObject({
      parts: [{ help: { country: "GB" } }, { help: { country: "DE" } }],
    });
  });

  it("shows equal cards of one reply only once, where the last one came", () => {
    const state = recorded("two_parallel_calls");
    const same = state.messages.map((message) =>
      message.role === "tool" ? { ...message, content: '{"country":"GB","lines":[]}' } : message,
    );

    expect(itemsOf({ ...state, messages: same }, []).at(-1)).toMatchObject({
      parts: [{ kind: "help", key: "a1/1" }, { kind: "text" }],
    });
  });

  it("shows no result that repeats a card which stands already, and one whose card is gone", () => {
    const state = recorded("tool_call_in_mid_reply");
    const messages = state.messages.map((message) =>
      message.role === "tool"
        ? { ...message, content: '{"country":"GB","lines":[],"cardId":"r1"}' }
        : message,
    );
    const value = { cardId: "r1", reason: "message", country: "GB", lines: [] };
    const card = { id: "1-2", afterMessageId: "u1", name: "kindline.help", value };

    expect(shape({ ...state, messages, notices: [card] }).at(-1)).toEqual([
      "help",
      "text",
      "text",
    ]);
    expect(shape({ ...state, messages }).at(-1)).toEqual(["text", "help", "text"]);
  });

  it("adds what is on its way once, under the key it will keep", () => {
    const pending = {
      runId: "r9",
      messageId: "u9",
      text: "soon",
      frame: "",
      again: false,
      replaces: null,
      sent: true,
    };
    const state = recorded("plain_text");
    const acknowledged = { ...pending, messageId: "u1" };

    expect(itemsOf(state, [pending]).at(-1)).toMatchObject({
      kind: "said",
      key: "u9",
      text: "soon",
    });
    expect(itemsOf(state, [acknowledged])).toHaveLength(2);
  });
});

function raise(): never {
  throw new Error("missing stream");
}
