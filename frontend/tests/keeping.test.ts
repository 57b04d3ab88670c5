import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import Disclosure from "../src/views/Disclosure.svelte";
import KeepChoice from "../src/views/KeepChoice.svelte";
import { settled } from "./fakes";

let shown: Record<string, unknown> | null = null;

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
  document.body.replaceChildren();
});

const box = () => document.querySelector("input");

function disclosure(canKeep: boolean, kept: boolean) {
  const chosen: boolean[] = [];
  const props = {
    disclosure: { title: "Before you write", points: [] },
    helpPath: "/help",
    safetyPath: "/safety",
    canKeep,
    kept,
    accept: (keep: boolean) => chosen.push(keep),
  };
  shown = mount(Disclosure, { target: document.body, props });
  flushSync();
  const agree = () => document.querySelector("button")?.click();
  return { agree, chosen };
}

describe("the question before the first message", () => {
  it("keeps nothing unless the box is ticked", () => {
    const { agree, chosen } = disclosure(true, false);
    agree();
    box()?.click();
    agree();

    expect(chosen).toEqual([false, true]);
  });

  it("shows what was chosen before, where it is asked again", () => {
    disclosure(true, true);

    expect(box()?.checked).toBe(true);
  });

  it("is not asked where the browser can keep nothing", () => {
    const { agree, chosen } = disclosure(false, false);
    agree();

    expect([box(), chosen]).toEqual([null, [false]]);
  });
});

describe("the choice at the foot of the page", () => {
  async function click(said: boolean): Promise<boolean[]> {
    const asked: boolean[] = [];
    const change = (keep: boolean) => {
      asked.push(keep);
      return Promise.resolve(said);
    };
    shown = mount(KeepChoice, { target: document.body, props: { kept: false, change } });
    flushSync();
    box()?.click();
    await settled();
    flushSync();
    return asked;
  }

  it("says the wish", async () => {
    expect(await click(true)).toEqual([true]);
    expect(document.querySelector('[role="alert"]')).toBeNull();
  });

  it("goes back, and says so, where the wish could not be said", async () => {
    await click(false);

    expect(box()?.checked).toBe(false);
    expect(document.querySelector('[role="alert"]')?.textContent).toContain("Please try again.");
  });
});
