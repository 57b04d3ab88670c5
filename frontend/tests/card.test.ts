import { describe, expect, it } from "vitest";
import { readHelp } from "../src/help";
import { card, CHILDLINE, firstView, FOUND, hrefs, more, SAMARITANS, SHOUT } from "./cards";

describe("the first view", () => {
  it("holds the lead line, one way without speaking and the emergency number", () => {
    const text = firstView(card(FOUND));

    expect(text).toMatch(/Samaritans.*Call 116 123.*Shout.*Text 85258.*text SHOUT.*Call 999/);
    expect(text).not.toMatch(/Childline|jo@samaritans|101/);
  });

  it("says whose lines these are", () => {
    expect(firstView(card(FOUND))).toMatch(/Lines for United Kingdom - change/);
  });

  it("admits that the country was guessed", () => {
    expect(firstView(card({ ...FOUND, guessed: true }))).toContain("Guessed from your device");
  });

  it("opens the dialler, the text app and the directory", () => {
    const links = hrefs(card(FOUND));

    expect(links).toEqual(
      expect.arrayContaining([
        "tel:116123",
        "sms:85258?&body=SHOUT",
        "tel:999",
        "https://findahelpline.com/",
        "/help?country=GB",
      ]),
    );
  });

  it("says how old a number is and that sources disagree", () => {
    const text = firstView(card(FOUND));

    expect(text).toContain("listed by findahelpline.com, April 2026");
    expect(text).toContain("not checked");
    expect(text).toContain("Sources disagree");
  });

  it("never calls unknown hours open", () => {
    const text = firstView(card({ ...FOUND, lines: [SHOUT] }));

    expect(text).toContain("Hours not known");
    expect(text).not.toContain("Open");
  });

  it.each([undefined, null, { numbers: [] }])(
    "speaks of emergencies also when no number is known: %j",
    (emergency) => {
      expect(firstView(card({ ...FOUND, country: null, countryName: null, emergency }))).toContain(
        "In danger right now? Call your local emergency number.",
      );
    },
  );

  it("takes the first line when none is the lead, and its text number as the main way", () => {
    const text = firstView(card({ ...FOUND, lines: [SHOUT, CHILDLINE] }));

    expect(text.match(/85258/g)).toHaveLength(1);
  });
});

describe("the part under more", () => {
  it("holds every other line and way, with notes and hours", () => {
    const text = more(card(FOUND)).replace(/\s+/g, " ");

    expect(text).toContain("jo@samaritans.org");
    expect(text).toMatch(/Childline.*0800 1111.*under 19.*Closed now.*9am to midnight/);
    expect(text).toContain("101");
    expect(text).not.toContain("85258");
  });

  it("repeats no facts of a line that the first view has told", () => {
    const text = more(card(FOUND));

    expect(text).toContain("Samaritans");
    expect(text).not.toMatch(/24 hours|April 2026|Shout/);
  });

  it("names no line again of which the first view has shown all", () => {
    const shout = { ...SHOUT, website: "https://giveusashout.org/" };

    expect(more(card({ ...FOUND, lines: [SAMARITANS, shout] }))).not.toContain("Shout");
  });

  it("is left out when there is nothing more", () => {
    const emergency = { numbers: [{ service: "general", number: "999", href: "tel:999" }] };

    expect(card({ ...FOUND, lines: [SHOUT], emergency }).querySelector("details")).toBeNull();
  });
});

describe("a result of unexpected shape", () => {
  it.each(["", "null", "[]", "oops", '"text"', '{"error":"timed out"}'])(
    "is no help card: %j",
    (content) => {
      expect(readHelp(content)).toBeNull();
    },
  );

  it.each([
    { lines: [null, 7, "x", {}, { name: 3 }] },
    { lines: [{ name: "A", contacts: "x", hours: 5, languages: {} }] },
    { lines: [{ name: "A", contacts: [{ kind: 1, value: 2 }] }], emergency: { numbers: "x" } },
    { lines: [], emergency: null, international: { name: "x", href: "javascript:alert(1)" } },
    { lines: [SHOUT, SHOUT, { ...SHOUT, id: "" }, { ...CHILDLINE, id: "" }] },
  ])("is shown as far as it goes: %j", (found) => {
    expect(card(found).querySelector("section")).not.toBeNull();
  });

  it("makes no link of a dangerous address, but shows the value", () => {
    const contact = { kind: "web", value: "click", href: "javascript:alert(1)", note: "<b>x</b>" };
    const target = card({
      ...FOUND,
      lines: [{ ...SHOUT, website: "javascript:alert(1)", contacts: [contact] }],
    });

    expect(hrefs(target).join(" ")).not.toContain("javascript");
    expect(firstView(target)).toContain("click");
    expect(target.querySelector("b b, small b")).toBeNull();
  });

  it("sends people without any line to the numbers that are left", () => {
    expect(firstView(card({ ...FOUND, lines: [] }))).toMatch(
      /No line is listed for United Kingdom yet.*Call 999.*Find A Helpline/,
    );
  });
});
