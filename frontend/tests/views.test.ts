import { mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import { emptyTranscript, type Transcript } from "../src/transcript";
import Ending from "../src/views/Ending.svelte";
import LinkStatus from "../src/views/LinkStatus.svelte";
import Told from "../src/views/Told.svelte";

let shown: ReturnType<typeof mount> | null = null;

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
  document.body.replaceChildren();
});

function ending(change: Partial<Transcript>): string {
  const transcript = { ...emptyTranscript("t1"), synced: true, ...change };
  const props = { transcript, waiting: false, again: () => undefined };
  shown = mount(Ending, { target: document.body, props });
  return document.body.textContent.replace(/\s+/g, " ").trim();
}

const failed = (retryable: boolean): Partial<Transcript> => ({
  ending: { runId: "r1", outcome: "failed", failure: { code: "x", message: "No.", retryable } },
});

describe("the end of a thread", () => {
  it("says neutrally that a reply is only a part", () => {
    expect(ending({ brokeOff: true })).toBe("This reply broke off. Try again");
  });

  it("says nothing of it while the next reply is written", () => {
    expect(ending({ brokeOff: true, runId: "r2" })).toBe("");
  });

  it("offers another try where one may help", () => {
    expect(ending(failed(true))).toBe("No. Try again");
  });

  it("offers none where it cannot help", () => {
    expect(ending(failed(false))).toBe("No.");
  });
});

describe("the line's state", () => {
  it.each([
    ["", "Too many new chats from this network right now."],
    ["Too many.", "Too many."],
  ])("leads to Help when the server takes no new guests: %j", (message, words) => {
    const link = { kind: "limited", message } as const;
    const props = { link, status: null, helpPath: "/help" };
    shown = mount(LinkStatus, { target: document.body, props });

    expect(document.body.textContent).toContain(words);
    expect(document.querySelector("a")?.getAttribute("href")).toBe("/help");
  });
});

describe("who answers here", () => {
  it("is said as it came, named for screen readers, with the way to more", () => {
    const props = { text: "You are writing with an <b>AI</b>.", safetyPath: "/safety" };
    shown = mount(Told, { target: document.body, props });

    const aside = document.querySelector("aside");
    expect(aside?.textContent).toContain("You are writing with an <b>AI</b>.");
    expect(aside?.getAttribute("aria-label")).toBe("Who answers here");
    expect(document.querySelector("a")?.getAttribute("href")).toBe("/safety");
  });
});
