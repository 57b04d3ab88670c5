import { describe, expect, it } from "vitest";
import {
  clock,
  connect,
  emit,
  lose,
  memory,
  network,
  reconnect,
  refuse,
  sentOf,
  started,
  submits,
  talk,
  view,
} from "./page";

describe("a refusal", () => {
  it("for now sends the same frame again after the wait", async () => {
    await connect();
    talk.say("hi");
    refuse("id2", { retryable: true });
    expect(submits()).toHaveLength(1);
    expect(view.notice).toBe("Not now.");

    clock.advance(1500);

    const [first, second] = submits();
    expect(second).toEqual(first);
  });

  it("for good gives the text back, before what was written since", async () => {
    await connect();
    talk.say("first words");
    talk.write("and more");
    refuse("id2", { retryable: false });

    expect(view.draft).toBe("first words\n\nand more");
    expect(view.pending).toEqual([]);
    expect(view.notice).toBe("Not now.");
  });

  it("of another run leaves ours alone", async () => {
    await connect();
    talk.say("hi");
    refuse("other", { retryable: false });

    expect(view.pending).toHaveLength(1);
    expect(view.draft).toBe("");
  });

  it("is forgotten when the message gets through", async () => {
    await connect();
    talk.say("hi");
    refuse("id2", { retryable: true });
    started("id2", "id1", "hi");
    clock.advance(5_000);

    expect(view.notice).toBeNull();
    expect(submits()).toHaveLength(1);
  });
});

describe("stopping", () => {
  it("is pending until the terminal event, and nothing else ends it", async () => {
    await connect();
    talk.say("hi");
    started("id2", "id1", "hi");
    talk.stop();
    talk.stop();
    expect(sentOf("abort")).toEqual([{ type: "abort", runId: "id2", threadId: "t1" }]);
    network.last.handlers.closed(1006);
    expect(view.stopping).toBe(true);

    await reconnect("id2");
    expect(sentOf("abort")).toHaveLength(1);
    emit({ type: "RUN_FINISHED", threadId: "t1", runId: "id2", outcome: { type: "cancelled" } });

    expect(view.stopping).toBe(false);
    expect(view.transcript.ending?.outcome).toBe("cancelled");
  });

  it("is not repeated for a run that failed by itself", async () => {
    await connect();
    talk.say("hi");
    started("id2", "id1", "hi");
    talk.stop();
    emit({ type: "RUN_ERROR", code: "internal", message: "" });
    network.last.handlers.closed(1006);
    await reconnect();

    expect(sentOf("abort")).toEqual([]);
  });
});

describe("a stop that was lost with the line", () => {
  it("is forgotten when the run is no longer active", async () => {
    await connect();
    talk.say("hi");
    started("id2", "id1", "hi");
    talk.stop();
    network.last.handlers.closed(1006);
    await reconnect();
    network.last.handlers.closed(1006);
    await reconnect();

    expect(sentOf("abort")).toEqual([]);
  });
});

describe("trying again", () => {
  it("sends the same message under a new run", async () => {
    await connect("1-3", [{ id: "u1", role: "user", content: "hello?" }]);
    talk.again();

    expect(submits()).toMatchObject([
      { runId: "id1", messages: [{ id: "u1", role: "user", content: "hello?" }] },
    ]);
  });

  it("says why when the server will not, and puts nothing into the composer", async () => {
    await connect("1-3", [{ id: "u1", role: "user", content: "hello?" }]);
    talk.again();
    refuse("id1", { retryable: false });

    expect(view.notice).toBe("Not now.");
    expect(view.draft).toBe("");
    expect(view.pending).toEqual([]);
  });
});

describe("a gap", () => {
  it("asks for a replay from the last applied cursor", async () => {
    await connect();
    started("other", "u1", "from another tab");
    lose();
    emit({ type: "RUN_FINISHED", threadId: "t1", runId: "other" });

    expect(sentOf("subscribe").at(-1)).toEqual({
      type: "subscribe",
      threadId: "t1",
      cursor: "1-1",
    });
  });
});

describe("the demo of a lost line", () => {
  it("cuts the line after 20 pieces and goes on from the cursor", async () => {
    await connect();
    talk.sayAndDrop("Drop my connection");
    started("id2", "id1", "Drop my connection");
    emit({ type: "TEXT_MESSAGE_START", messageId: "a1", role: "assistant" });
    for (let piece = 0; piece < 20; piece++) {
      expect(network.last.closedWith).toBeNull();
      emit({ type: "TEXT_MESSAGE_CONTENT", messageId: "a1", delta: "x" });
    }
    expect(network.last.closedWith).toBe(4000);
    expect(view.link.kind).toBe("waiting");

    await reconnect("id2");
    emit({ type: "TEXT_MESSAGE_CONTENT", messageId: "a1", delta: "y" });

    expect(sentOf("subscribe")).toEqual([{ type: "subscribe", threadId: "t1", cursor: "1-22" }]);
    expect(view.transcript.messages.at(-1)?.content).toBe(`${"x".repeat(20)}y`);
  });
});

describe("a deleted conversation", () => {
  it("is left for an empty one, with nothing kept of it", async () => {
    await connect("1-3", [{ id: "u1", role: "user", content: "hello?" }]);
    talk.write("half");
    talk.restart("t2");

    expect(view.transcript.messages).toEqual([]);
    expect(sentOf("unsubscribe")).toEqual([{ type: "unsubscribe", threadId: "t1" }]);
    expect(sentOf("subscribe").at(-1)).toEqual({
      type: "subscribe",
      threadId: "t2",
      cursor: null,
    });
    expect(memory.draft("t1")).toBe("");
  });
});
