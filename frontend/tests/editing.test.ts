import { describe, expect, it } from "vitest";
import { itemsOf } from "../src/turns";
import {
  connect,
  emit,
  network,
  openPage,
  reconnect,
  refuse,
  sentOf,
  started,
  submits,
  talk,
  view,
} from "./page";

const ASKED = { id: "u1", role: "user", content: "first" };
const ANSWER = { id: "a1", role: "assistant", content: "Yes?" };
const LATER = { id: "u2", role: "user", content: "second" };

const saidOnPage = () =>
  itemsOf(view.transcript, view.pending).map((item) =>
    item.kind === "said" ? item.text : "reply",
  );

describe("editing a message of one's own", () => {
  it("takes its words into the composer and gives back what stood there", async () => {
    await connect("1-3", [ASKED, ANSWER, LATER]);
    talk.write("half a thought");
    talk.edit("u1");
    expect([view.editing, view.draft]).toEqual(["u1", "first"]);

    talk.cancelEdit();

    expect([view.editing, view.draft]).toEqual([null, "half a thought"]);
    expect(submits()).toEqual([]);
  });

  it("sends a new message that names the one it replaces", async () => {
    await connect("1-3", [ASKED, ANSWER, LATER]);
    talk.write("half a thought");
    talk.edit("u1");
    talk.write("first, but better");
    talk.send();

    expect(submits()).toMatchObject([
      {
        runId: "id2",
        messages: [{ id: "id1", content: "first, but better" }],
        forwardedProps: { kindline: { replaces: "u1" } },
      },
    ]);
    expect([view.editing, view.draft]).toEqual([null, "half a thought"]);
  });

  it("shows the new words in the place of the old ones from the first moment on", async () => {
    await connect("1-3", [ASKED, ANSWER, LATER]);
    talk.edit("u1");
    talk.write("better");
    talk.send();
    expect(saidOnPage()).toEqual(["better"]);

    network.last.deliver({
      id: "2-1",
      prev: "1-3",
      threadId: "t1",
      chunk: {
        type: "RUN_STARTED",
        threadId: "t1",
        runId: "id2",
        input: { messages: [{ id: "id1", role: "user", content: "better" }] },
      },
    });
    expect(saidOnPage()).toEqual(["better"]);
    const messages = [{ id: "id1", role: "user", content: "better" }];
    const chunk = { type: "MESSAGES_SNAPSHOT", messages };
    network.last.deliver({ id: "2-2", prev: "2-1", threadId: "t1", chunk });

    expect(saidOnPage()).toEqual(["better"]);
    expect(view.pending).toEqual([]);
  });

  it("goes on when the server says no: all is as before, and nothing is lost", async () => {
    await connect("1-3", [ASKED, ANSWER]);
    talk.write("half a thought");
    talk.edit("u1");
    talk.write("better");
    talk.send();
    refuse("id2", { retryable: false });

    expect([view.editing, view.draft]).toEqual(["u1", "better"]);
    expect(saidOnPage()).toEqual(["first", "reply"]);
    talk.cancelEdit();
    expect(view.draft).toBe("half a thought");
  });

  it("is repeated unchanged after a lost line", async () => {
    await connect("1-3", [ASKED, ANSWER]);
    talk.edit("u1");
    talk.send();
    const [first] = submits();
    network.last.handlers.closed(1006);
    await reconnect();

    expect(submits()).toEqual([first]);
  });

  it("is not offered while a reply is written or words are on their way", async () => {
    await connect();
    talk.say("hi");
    expect(view.canEdit).toBe(false);
    started("id2", "id1", "hi");
    talk.edit("id1");
    expect([view.canEdit, view.editing]).toEqual([false, null]);

    emit({ type: "RUN_FINISHED", threadId: "t1", runId: "id2" });

    expect(view.canEdit).toBe(true);
  });

  it("waits, unlike other words, where another window's reply has begun meanwhile", async () => {
    await connect("0-0", [ASKED]);
    talk.edit("u1");
    started("other", "u9", "from elsewhere");
    talk.send();

    expect(submits()).toEqual([]);
    expect(view.pending).toMatchObject([{ sent: false, replaces: "u1" }]);
  });

  it("ends in a plain message where the old one was replaced elsewhere", async () => {
    await connect("0-0", [ASKED]);
    talk.edit("u1");
    started("other", "u9", "from elsewhere");
    emit({ type: "MESSAGES_SNAPSHOT", messages: [{ id: "u9", role: "user", content: "x" }] });
    emit({ type: "RUN_FINISHED", threadId: "t1", runId: "other" });
    expect([view.editing, view.draft]).toEqual([null, "first"]);

    talk.send();

    expect(JSON.stringify(submits())).not.toContain("replaces");
  });

  it("keeps what stood in the composer over a reload", async () => {
    await connect("1-3", [ASKED]);
    talk.write("half a thought");
    talk.edit("u1");
    talk.write("better");
    openPage();

    expect(view.draft).toBe("half a thought");
  });
});

describe("words that have to wait for a reply", () => {
  it("are shown to the server at once, so that help can come in its refusal", async () => {
    await connect();
    talk.say("hi");
    started("id2", "id1", "hi");
    talk.say("I want to die");
    const help = { cardId: "id4", level: "crisis", reason: "message", country: "GB", lines: [] };
    refuse("id4", { retryable: false, help });

    expect(submits().at(-1)).toMatchObject({ runId: "id4" });
    expect(view.pending).toMatchObject([{ text: "I want to die", sent: false }]);
    expect([view.draft, view.notice]).toEqual(["", null]);
    expect(itemsOf(view.transcript, view.pending).slice(-2)).toMatchObject([
      { kind: "said", text: "I want to die" },
      { kind: "reply", parts: [{ kind: "help", key: "notice-id4" }] },
    ]);
  });

  it("are not sent early when they ask for another reply", async () => {
    await connect("1-1", [ASKED]);
    talk.again();

    expect(submits()).toHaveLength(1);
    expect(sentOf("abort")).toEqual([]);
  });
});
