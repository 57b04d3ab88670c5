import { mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readHelp } from "../src/help";
import HotlineCard from "../src/views/HotlineCard.svelte";

const SAMARITANS = {
  id: "gb-samaritans",
  name: "Samaritans",
  lead: true,
  languages: ["en"],
  languagesInferred: false,
  hours: "24/7",
  openNow: true,
  cost: "free",
  website: "https://www.samaritans.org/",
  freshness: "listed by findahelpline.com, April 2026",
  conflicts: false,
  contacts: [
    { kind: "phone", value: "116 123", href: "tel:116123", note: null },
    { kind: "email", value: "jo@samaritans.org", href: "mailto:jo@samaritans.org", note: null },
  ],
};
const SHOUT = {
  id: "gb-shout",
  name: "Shout",
  organisation: "Mental Health Innovations",
  hours: "Hours not known",
  openNow: null,
  cost: "unknown",
  freshness: "not checked",
  conflicts: true,
  contacts: [{ kind: "sms", value: "85258", href: "sms:85258?&body=SHOUT", note: "text SHOUT" }],
};
const CHILDLINE = {
  id: "gb-childline",
  name: "Childline",
  hours: "9am to midnight",
  openNow: false,
  contacts: [{ kind: "phone", value: "0800 1111", href: "tel:08001111", note: "under 19" }],
};
const FOUND = {
  country: "GB",
  countryName: "United Kingdom",
  lines: [SHOUT, SAMARITANS, CHILDLINE],
  emergency: {
    country: "GB",
    numbers: [
      { service: "police", number: "101", href: "tel:101" },
      { service: "general", number: "999", href: "tel:999" },
    ],
  },
  international: { name: "Find A Helpline", href: "https://findahelpline.com/" },
  guessed: false,
  choices: [],
};

let shown: ReturnType<typeof mount> | null = null;
const chooseCountry = vi.fn<(code: string, atOnce: boolean) => void>();

function card(found: object): HTMLElement {
  const help = readHelp(JSON.stringify(found));
  if (help === null) throw new Error("not a help result");
  const target = document.body.appendChild(document.createElement("div"));
  const props = { help, helpPath: "/help", chooseCountry, hold: () => undefined };
  shown = mount(HotlineCard, { target, props });
  return target;
}

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
  chooseCountry.mockClear();
  document.body.replaceChildren();
});

/** The first view: everything outside the "more" part. */
function firstView(target: HTMLElement): string {
  const copy = target.cloneNode(true) as HTMLElement;
  copy.querySelector("details")?.remove();
  return copy.textContent.replace(/\s+/g, " ");
}
const more = (target: HTMLElement): string => target.querySelector("details")?.textContent ?? "";
const hrefs = (target: HTMLElement): (string | null)[] =>
  [...target.querySelectorAll("a")].map((link) => link.getAttribute("href"));

describe("the first view", () => {
  it("holds the lead line, one way without speaking and the emergency number", () => {
    const text = firstView(card(FOUND));

    expect(text).toMatch(/Samaritans.*Call 116 123.*Shout.*Text 85258.*text SHOUT.*Call 999/);
    expect(text).not.toMatch(/Childline|jo@samaritans|101/);
  });

  it("says whose lines these are", () => {
    expect(firstView(card(FOUND))).toMatch(/Lines for United Kingdom\s+change/);
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
        "/help",
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

  it("is left out when there is nothing more", () => {
    const emergency = { numbers: [{ service: "general", number: "999", href: "tel:999" }] };

    expect(card({ ...FOUND, lines: [SHOUT], emergency }).querySelector("details")).toBeNull();
  });
});

describe("choosing a country", () => {
  it("takes one tap where signals disagree", () => {
    const target = card({
      ...FOUND,
      country: null,
      countryName: null,
      lines: [],
      choices: ["US", "DE"],
    });
    const button = [...target.querySelectorAll("button")].find((b) => b.textContent === "Germany");
    button?.click();

    expect(firstView(target)).toContain("Which country are you in?");
    expect(chooseCountry).toHaveBeenCalledExactlyOnceWith("DE", true);
  });

  it("offers every country behind change", async () => {
    const target = card(FOUND);
    [...target.querySelectorAll("button")].find((b) => b.textContent.trim() === "change")?.click();
    await Promise.resolve();
    const select = target.querySelector("select");
    if (select === null) throw new Error("no list of countries");
    select.value = "NZ";
    select.dispatchEvent(new Event("change", { bubbles: true }));

    expect(select.options.length).toBeGreaterThan(200);
    expect(chooseCountry).toHaveBeenCalledExactlyOnceWith("NZ", false);
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
