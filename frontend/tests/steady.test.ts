/** A card that stands keeps its elements, and with them the focus, whatever frame comes next. */

import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HelpAtHand } from "../src/athand";
import type { Conversation, View } from "../src/conversation";
import { Door } from "../src/door";
import { readFound } from "../src/help";
import { Memory } from "../src/storage";
import App from "../src/views/App.svelte";
import { CHILDLINE, FOUND, SAMARITANS, SHOUT } from "./cards";
import { conversation, FakeBox, FakeClock, FakeNetwork, settled } from "./fakes";

const MODEL = { name: "m", provider: "p", host: "h", rehearsal: false };
const CONFIG = {
  socketPath: "/ws/",
  apiPath: "/api/v1",
  helpPath: "/help",
  safetyPath: "/safety",
  workerPath: null,
  maxMessageBytes: 1000,
  model: MODEL,
  suggestions: [],
  retentionDays: 30,
};

let shown: ReturnType<typeof mount>;
let network: FakeNetwork;
let clock: FakeClock;
let talk: Conversation;
let seq: number;
let ids: number;

class Watch {
  observe() {}
  disconnect() {}
}
globalThis.ResizeObserver = Watch as unknown as typeof ResizeObserver;
Element.prototype.scrollTo = () => undefined;
// A touch screen: the composer takes no focus by itself.
window.matchMedia = () => ({ matches: false }) as MediaQueryList;

function converse(memory: Memory, onChange: (view: View) => void): Conversation {
  talk = conversation({ memory, clock, network, newId: () => `id${++ids}`, onChange });
  return talk;
}

beforeEach(async () => {
  [network, clock, seq, ids] = [new FakeNetwork(), new FakeClock(), 0, 0];
  const memory = new Memory(new FakeBox(), new FakeBox());
  const bringHelp = (onChange: (help: ReturnType<typeof readFound>) => void) =>
    new HelpAtHand({
      held: { zones: ["Europe/London"], help: readFound(FOUND) },
      memory,
      timeZone: "Europe/London",
      whereAmI: () => Promise.resolve(null),
      linesFor: () => Promise.resolve(null),
      fittingLines: () => Promise.resolve(null),
      keep: () => undefined,
      onChange,
      now: Date.now,
      clock,
    });
  const props = {
    config: CONFIG,
    memory,
    door: new Door(() => Promise.resolve("failed"), Date.now),
    converse: (onChange: (view: View) => void) => converse(memory, onChange),
    bringHelp,
    keepThread: () => undefined,
    known: true,
    byLink: false,
  };
  shown = mount(App, { target: document.body, props });
  await settled();
  network.last.handlers.opened();
  snapshot([], []);
});

afterEach(async () => {
  await unmount(shown);
  document.body.replaceChildren();
});

function deliver(frame: object): void {
  network.last.deliver(frame);
  flushSync();
}
const user = (id: string) => ({ id, role: "user", content: id });
const value = (runId: string, more = {}) => ({
  ...structuredClone(FOUND),
  cardId: runId,
  level: "crisis",
  reason: "message",
  ...more,
});

function snapshot(messages: readonly object[], notices: readonly object[]): void {
  deliver({ type: "snapshot", threadId: "t1", cursor: `1-${seq}`, messages, notices });
  deliver({ type: "subscribed", threadId: "t1", recovered: false, cursor: `1-${seq}` });
}

function emit(chunk: object): void {
  deliver({ id: `1-${seq + 1}`, prev: `1-${seq}`, threadId: "t1", chunk });
  seq += 1;
}

/** Say something; gives the ids of the run and of the message. */
function say(): readonly [string, string] {
  talk.say("x");
  flushSync();
  const sent = network.last.received.findLast((frame) => "runId" in frame);
  const [message] = sent?.messages as { id: string }[];
  return [sent?.runId as string, message?.id ?? ""];
}
const started = (runId: string, id: string) =>
  emit({ type: "RUN_STARTED", threadId: "t1", runId, input: { messages: [user(id)] } });
const card = (runId: string, more = {}) =>
  emit({ type: "CUSTOM", name: "kindline.help", value: value(runId, more) });
const refuse = (runId: string, help: object) =>
  deliver({
    type: "RUN_ERROR",
    code: "storage_unavailable",
    message: "Not now.",
    metadata: { kindline: { threadId: "t1", runId, retryable: true, retryAfterMs: 500, help } },
  });

function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`.card ${selector}`);
  if (found === null) throw new Error(`no ${selector}`);
  return found;
}

/** Put the focus there, let things come, and see that it is the same element and still has it. */
function holdsThrough(selector: string, come: () => void): void {
  const held = element(selector);
  held.focus();
  expect(document.activeElement).toBe(held);
  come();
  expect(document.querySelectorAll(".card")).toHaveLength(1);
  expect(element(selector)).toBe(held);
  expect(document.activeElement).toBe(held);
}

describe.each(["h2", "a[href='tel:116123']", "a[href='tel:999']", "summary"])(
  "whoever is at %s of a card stays there",
  (place) => {
    it("when a refusal's card comes again from the log", () => {
      const [runId, id] = say();
      refuse(runId, value(runId));

      holdsThrough(place, () => {
        started(runId, id);
        card(runId, { lines: [SHOUT, { ...SAMARITANS, openNow: null }, CHILDLINE] });
      });
    });

    it("when words come after it, and say again who answers", () => {
      const [runId, id] = say();
      started(runId, id);
      card(runId);

      holdsThrough(place, () => {
        emit({ type: "CUSTOM", name: "kindline.disclosure", value: { id: "d", text: "An AI." } });
        emit({ type: "TEXT_MESSAGE_START", messageId: "a1", role: "assistant" });
        emit({ type: "TEXT_MESSAGE_CONTENT", messageId: "a1", delta: "I hear you." });
        emit({ type: "TEXT_MESSAGE_END", messageId: "a1" });
        emit({ type: "RUN_FINISHED", threadId: "t1", runId });
        started(...say());
      });
    });

    it("when the list and the cards are sent anew", () => {
      const [runId, id] = say();
      started(runId, id);
      emit({ type: "TEXT_MESSAGE_START", messageId: "a1", role: "assistant" });
      emit({ type: "TEXT_MESSAGE_CONTENT", messageId: "a1", delta: "I hear you." });
      card(runId);
      const notice = { id: "1-4", afterMessageId: id, name: "kindline.help", value: value(runId) };

      holdsThrough(place, () => {
        snapshot([user(id), { id: "a1", role: "assistant", content: "I hear you." }], [notice]);
      });
    });

    it("when a refused message still waits and the list is sent anew", () => {
      const [first, id] = say();
      started(first, id);
      emit({ type: "RUN_FINISHED", threadId: "t1", runId: first });
      const [runId] = say();
      refuse(runId, value(runId));

      holdsThrough(place, () => {
        snapshot([user(id)], []);
        refuse(runId, value(runId));
      });
    });
  },
);

describe("the card of a refusal", () => {
  it("asks whether it fits when the log has it, not before", () => {
    const [runId, id] = say();
    refuse(runId, value(runId));
    expect(element("footer").textContent).not.toContain("This doesn't fit");

    started(runId, id);
    card(runId);

    expect(element("footer").textContent).toContain("This doesn't fit");
  });
});

describe("whoever is in the card of a lost line", () => {
  it("keeps it when the line is back, until they leave it", async () => {
    vi.useFakeTimers();
    network.last.handlers.closed(1006);
    flushSync();
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    flushSync();
    document.querySelector<HTMLElement>(".chip")?.click();
    await settled();
    flushSync();
    const back = () => {
      clock.advance(15_000);
      network.last.handlers.opened();
      flushSync();
    };

    holdsThrough("a[href='tel:116123']", back);
    document.querySelector<HTMLElement>(".scroller")?.focus();
    flushSync();

    expect(document.querySelectorAll(".card")).toHaveLength(0);
  });
});
