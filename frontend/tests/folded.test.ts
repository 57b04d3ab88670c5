import { describe, expect, it, vi } from "vitest";
import { Cards } from "../src/cards";
import type { Message, Notice } from "../src/protocol";
import { emptyTranscript } from "../src/transcript";
import { itemsOf } from "../src/turns";

const LINES = [{ id: "gb-samaritans", name: "Samaritans", contacts: [] }];
const user = (id: string): Message => ({ id, role: "user", content: id });
const card = (
  after: string,
  level: string,
  reason = "message",
  lines: object[] = LINES,
): Notice => ({
  id: after,
  afterMessageId: after,
  name: "kindline.help",
  value: { cardId: after, level, reason, country: "GB", lines },
});
const found = (lines: object[] = LINES): readonly Message[] => [
  {
    id: "a1",
    role: "assistant",
    content: "",
    toolCalls: [
      { id: "c1", type: "function", function: { name: "find_hotlines", arguments: "" } },
    ],
  },
  {
    id: "r1",
    role: "tool",
    toolCallId: "c1",
    content: JSON.stringify({ country: "GB", lines }),
  },
];

function cards(messages: readonly Message[], notices: readonly Notice[]) {
  return itemsOf({ ...emptyTranscript("t1"), messages, notices }, [])
    .flatMap((item) => (item.kind === "reply" ? item.parts : []))
    .flatMap((part) => (part.kind === "help" ? [[part.key, part.chip]] : []));
}

describe("a second card", () => {
  const talk = [user("u1"), user("u2"), user("u3")];

  it("of the same level or a lower one is a chip, of a higher one a card", () => {
    const notices = [card("u1", "concern"), card("u2", "crisis"), card("u3", "crisis")];

    expect(cards(talk, notices)).toEqual([
      ["notice-u1", false],
      ["notice-u2", false],
      ["notice-u3", true],
    ]);
    expect(cards(talk, [card("u1", "crisis"), card("u2", "concern")]).at(-1)).toEqual([
      "notice-u2",
      true,
    ]);
  });

  it.each(["model_down", "refused"])("is open for who waits in vain: %s", (reason) => {
    const notices = [card("u1", "crisis"), card("u2", "crisis", reason)];

    expect(cards(talk, notices).at(-1)).toEqual(["notice-u2", false]);
  });
});

describe("the same people, offered and looked up in one turn", () => {
  it("stand once, where they were offered", () => {
    expect(cards([user("u1"), ...found()], [card("u1", "crisis")])).toEqual([
      ["notice-u1", false],
    ]);
  });

  it("stand once also where the page was told something in between", () => {
    const told = {
      id: "d",
      afterMessageId: "u1",
      name: "kindline.disclosure",
      value: { text: "AI" },
    };
    const notices = [card("u1", "crisis"), told];

    expect(cards([user("u1"), ...found()], notices)).toEqual([["notice-u1", false]]);
  });

  it("unfold the chip that was there", () => {
    const notices = [card("u0", "crisis"), card("u1", "crisis")];

    expect(cards([user("u0"), user("u1"), ...found()], notices).at(-1)).toEqual([
      "notice-u1",
      false,
    ]);
  });

  it("stand twice in two turns", () => {
    expect(cards([user("u1"), user("u2"), ...found()], [card("u1", "crisis")])).toHaveLength(2);
  });

  it("are not others of the same country", () => {
    const others = [{ id: "gb-shout", name: "Shout", contacts: [] }];

    expect(cards([user("u1"), ...found(others)], [card("u1", "crisis")])).toHaveLength(2);
  });
});

describe("the Help button", () => {
  const shown = (hidden: boolean) => ({ hidden, reveal: vi.fn() });

  it("unfolds the last card, if that is folded", () => {
    const [cards, first, last] = [new Cards(), shown(true), shown(true)];
    cards.enlist(first);
    cards.enlist(last);

    expect(cards.reveal()).toBe(true);
    expect(first.reveal).not.toHaveBeenCalled();
    expect(last.reveal).toHaveBeenCalledOnce();
  });

  it("leads to Help where there is nothing to unfold", () => {
    const cards = new Cards();
    expect(cards.reveal()).toBe(false);

    cards.enlist(shown(false));
    expect(cards.reveal()).toBe(false);
    cards.enlist(shown(true))();
    expect(cards.reveal()).toBe(false);
  });
});
