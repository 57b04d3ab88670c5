import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { learningSays, readLearning, type Learning, type LearningSays } from "../src/learning";
import Privacy from "../src/views/Privacy.svelte";
import { settled } from "./fakes";

const OFFERED: Learning = {
  given: false,
  offered: true,
  version: "1",
  title: "Let them",
  words: ["Off unless you turn it on.", "You can turn it off."],
};
const GIVEN = { ...OFFERED, given: true };

let shown: Record<string, unknown> | null = null;
let closed = 0;

beforeEach(() => {
  closed = 0;
  // jsdom has no modal dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

async function look(learning: Partial<LearningSays>): Promise<void> {
  const no = () => Promise.resolve(null);
  const says = { ask: no, allow: no, takeBack: () => Promise.resolve(false), ...learning };
  const props = {
    points: ["Kept."],
    safetyPath: "/safety",
    learning: says,
    close: () => closed++,
  };
  shown = mount(Privacy, { target: document.body, props });
  flushSync();
  await settle();
}

async function settle(): Promise<void> {
  await settled();
  await settled();
  flushSync();
}

async function flip(): Promise<void> {
  box()?.click();
  await settle();
}

const box = () => document.querySelector<HTMLInputElement>("input[role=switch]");
const words = () => document.body.textContent.replace(/\s+/g, " ");
const told = () => document.querySelector("[role=status]")?.textContent;
const alarm = () => document.querySelector("[role=alert]")?.textContent;
const says = (found: Learning | null) => () => Promise.resolve(found);

describe("the switch", () => {
  it("is off, and says what it is for", async () => {
    await look({ ask: says(OFFERED) });

    expect(box()?.checked).toBe(false);
    expect(box()?.closest("label")?.textContent.trim()).toBe("Let them");
    const about = document.getElementById(box()?.getAttribute("aria-describedby") ?? "");
    expect(about?.textContent).toContain("You can turn it off.");
  });

  it("agrees to the words that were read", async () => {
    const agreed: string[] = [];
    const allow = (version: string) => {
      agreed.push(version);
      return Promise.resolve(GIVEN);
    };
    await look({ ask: says(OFFERED), allow });
    await flip();

    expect([agreed, box()?.checked, told()]).toEqual([["1"], true, "Turned on. Thank you."]);
  });

  it("is turned off where it was turned on", async () => {
    await look({ ask: says(GIVEN), takeBack: () => Promise.resolve(true) });
    expect(box()?.checked).toBe(true);
    await flip();

    expect([box()?.checked, told()]).toEqual([false, "Turned off. Nothing is used."]);
  });

  it.each([OFFERED, GIVEN])("goes back, and says so, where it could not be said", async (now) => {
    await look({ ask: says(now) });
    await flip();

    expect(box()?.checked).toBe(now.given);
    expect(alarm()).toContain("could not be changed");
    expect(told()).toBe("");
  });

  it("can be turned off by who is not asked any more", async () => {
    await look({ ask: says({ ...GIVEN, offered: false }) });

    expect(box()?.checked).toBe(true);
  });

  it("is not there for who is not asked", async () => {
    await look({ ask: says({ ...OFFERED, offered: false }) });

    expect(box()).toBeNull();
    expect(words()).toContain("Nothing from your chats is used");
  });

  it("is not there while it is not known", async () => {
    await look({ ask: () => new Promise(() => undefined) });
    expect([box(), words().includes("One moment")]).toEqual([null, true]);
  });

  it("is not there where it cannot be known", async () => {
    await look({});

    expect(box()).toBeNull();
    expect(alarm()).toContain("Nothing is used unless you turned it on.");
  });
});

it("is left by its button", async () => {
  await look({ ask: says(OFFERED) });
  document.querySelector("button")?.click();

  expect(closed).toBe(1);
});

describe("what the server says", () => {
  const body = {
    given: true,
    offered: true,
    words: { version: "1", title: "Let them", text: OFFERED.words },
  };

  it("is read", () => {
    expect(readLearning(JSON.stringify({ ...body, givenAt: "2026-11-28T00:00:00Z" }))).toEqual(
      GIVEN,
    );
  });

  it.each([null, "", "[]", "null"])("is nothing where it is no answer: %j", (source) => {
    expect(readLearning(source)).toBeNull();
  });

  it("is asked for with the right requests", async () => {
    const asked: unknown[] = [];
    vi.stubGlobal("fetch", (path: string, { method, body }: RequestInit) => {
      asked.push([method, path, body ?? null]);
      return Promise.resolve(new Response(method === "DELETE" ? null : "{}"));
    });
    const server = learningSays("/api/v1");
    await server.ask();
    await server.allow("1");

    expect(await server.takeBack()).toBe(true);
    expect(asked).toEqual([
      ["GET", "/api/v1/me/learning", null],
      ["PUT", "/api/v1/me/learning", '{"words":"1"}'],
      ["DELETE", "/api/v1/me/learning", null],
    ]);
  });

  it.each([
    () => Promise.resolve(new Response("{}", { status: 403 })),
    () => Promise.reject(new TypeError("no network")),
  ])("is nothing where it refuses or is away", async (answer) => {
    vi.stubGlobal("fetch", answer);
    const server = learningSays("/api/v1");

    expect([await server.ask(), await server.allow("1"), await server.takeBack()]).toEqual([
      null,
      null,
      false,
    ]);
  });
});
