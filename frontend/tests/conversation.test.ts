import { describe, expect, it } from "vitest";
import {
  connect,
  emit,
  memory,
  network,
  openPage,
  reconnect,
  started,
  submits,
  talk,
  view,
} from "./page";

describe("saying something", () => {
  it("sends a RunAgentInput with where the person is", async () => {
    await connect();
    memory.country = "GB";
    talk.say("hi");

    expect(submits()).toEqual([
      {
        threadId: "t1",
        runId: "id2",
        messages: [{ id: "id1", role: "user", content: "hi" }],
        state: {},
        tools: [],
        context: [],
        forwardedProps: {
          kindline: { country: "GB", timeZone: "Europe/London", locale: "en-GB" },
        },
      },
    ]);
  });

  it("shows it at once and lets go of it with RUN_STARTED", async () => {
    await connect();
    talk.say("hi");
    expect(view.pending.map(({ text }) => text)).toEqual(["hi"]);

    started("id2", "id1", "hi");

    expect(view.pending).toEqual([]);
    expect(view.transcript.messages).toHaveLength(1);
  });

  it("repeats it unchanged on every new socket until it is acknowledged", async () => {
    await connect();
    talk.say("hi");
    const [first] = submits();
    for (let round = 0; round < 3; round++) {
      network.last.handlers.closed(1006);
      await reconnect();
      expect(submits()).toEqual([first]);
    }
    started("id2", "id1", "hi");
    network.last.handlers.closed(1006);
    await reconnect();

    expect(submits()).toEqual([]);
  });

  it("asks for the thread from its cursor before repeating anything", async () => {
    await connect("1-7");
    talk.say("hi");
    network.last.handlers.closed(1006);
    await reconnect();

    expect(network.last.received.map(({ type, cursor }) => [type, cursor])).toEqual([
      ["subscribe", "1-7"],
      [undefined, undefined],
    ]);
  });

  it("keeps unacknowledged words over a reload", async () => {
    await connect();
    talk.say("do not lose me");
    const [first] = submits();
    openPage();
    expect(view.pending.map(({ text }) => text)).toEqual(["do not lose me"]);

    await connect();

    expect(submits()).toEqual([first]);
  });

  it("lets go after a reload when the snapshot already holds the message", async () => {
    await connect();
    talk.say("hi");
    openPage();
    await connect("1-9", [{ id: "id1", role: "user", content: "hi" }]);

    expect(view.pending).toEqual([]);
  });

  it("takes an old RUN_STARTED as an acknowledgement too", async () => {
    await connect("1-9");
    talk.say("hi");
    const chunk = { type: "RUN_STARTED", threadId: "t1", runId: "id2", input: { messages: [] } };
    network.last.deliver({ id: "1-1", prev: "0-0", threadId: "t1", chunk });

    expect(view.pending).toEqual([]);
  });

  it("holds a second message back until the reply has ended", async () => {
    await connect();
    talk.say("one");
    started("id2", "id1", "one");
    talk.say("two");
    expect(view.pending).toMatchObject([{ text: "two", sent: false }]);

    emit({ type: "RUN_FINISHED", threadId: "t1", runId: "id2" });

    expect(view.pending).toMatchObject([{ text: "two", sent: true }]);
    expect(submits().at(-1)).toMatchObject({ runId: "id4" });
  });

  it("gives a message that still waits back on demand", async () => {
    await connect();
    talk.say("one");
    started("id2", "id1", "one");
    talk.say("two");
    talk.withdraw("id4");

    expect(view.draft).toBe("two");
    expect(view.pending).toEqual([]);
  });

  it("keeps the draft over a reload, for its own thread only", () => {
    talk.write("half a thou");
    openPage();

    expect(view.draft).toBe("half a thou");
    expect(memory.draft("t2")).toBe("");
  });
});
