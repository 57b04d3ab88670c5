import { describe, expect, it } from "vitest";
import {
  button,
  card,
  CHILDLINE,
  choose,
  doesNotFit,
  firstView,
  FOUND,
  hrefs,
  page,
  read,
  SAMARITANS,
  settled,
  tapped,
} from "./cards";

const GERMAN = {
  ...FOUND,
  country: "DE",
  countryName: "Germany",
  lines: [{ ...SAMARITANS, id: "de-ts", name: "TelefonSeelsorge" }],
};
const SOUGHT = { needs: ["self-harm"], audiences: ["youth"] };
const UNSURE = {
  ...FOUND,
  ...SOUGHT,
  country: null,
  countryName: null,
  lines: [],
  emergency: null,
  choices: ["US", "DE"],
  reason: "message",
  cardId: "c1",
};

describe("choosing a country", () => {
  it("takes one tap where signals disagree, beside the directory of all countries", async () => {
    choose.mockResolvedValue(read(GERMAN));
    const target = card(UNSURE);
    expect(firstView(target)).toMatch(/Which country are you in\?.*United States.*Germany/);
    expect(hrefs(target)).toContain("https://findahelpline.com/");

    button(target, "Germany").click();
    await settled();

    expect(choose).toHaveBeenCalledExactlyOnceWith("DE", expect.objectContaining(SOUGHT));
    expect(firstView(target)).toMatch(/hard.*Lines for Germany.*TelefonSeelsorge/);
  });

  it("offers every country behind change, and changes the lines in the card", async () => {
    choose.mockResolvedValue(read(GERMAN));
    const target = card(FOUND);
    button(target, "change").click();
    await settled();
    const select = target.querySelector("select");
    if (select === null) throw new Error("no list of countries");
    expect(select.options.length).toBeGreaterThan(200);
    select.value = "DE";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await settled();

    expect(firstView(target)).toMatch(/Lines for Germany.*TelefonSeelsorge/);
    expect(firstView(target)).not.toContain("Samaritans");
  });

  it("leads to the Help page of a country whose lines cannot be had, and keeps the others", async () => {
    choose.mockResolvedValue(null);
    const target = card({ ...FOUND, choices: ["GB", "DE"] });

    button(target, "Germany").click();
    await settled();

    expect(hrefs(target)).toContain("/help?country=DE");
    expect(firstView(target)).toContain("Samaritans");
  });

  it("is not asked again of who chose before a reload", async () => {
    page.chosen = "DE";
    choose.mockResolvedValue(read(GERMAN));
    const target = card(UNSURE);
    await settled();

    expect(firstView(target)).toContain("Lines for Germany");
  });
});

describe("a card that was offered", () => {
  const offered = (reason: string, more = {}) => ({ ...FOUND, reason, cardId: "c1", ...more });

  it.each([
    ["message", "It sounds like things may be very hard. You don't have to handle this alone."],
    ["reply", "It sounds like things may be very hard."],
    ["model_down", "No reply can be written right now. You don't have to handle this alone."],
    ["lost", "The chat cannot be reached right now. You don't have to handle this alone."],
  ])("says why, gently: %s", (reason, words) => {
    expect(firstView(card(offered(reason)))).toContain(words);
  });

  it("is told politely, and only what changes in it", () => {
    const status = card(offered("message")).querySelector("[role=status]");

    expect(status?.getAttribute("aria-atomic")).toBe("false");
    expect(status?.textContent).toContain("116 123");
  });

  it("owns up where no line for a crisis is known", () => {
    const eating = { ...CHILDLINE, needs: ["eating-disorders"] };
    const more = { country: "TR", countryName: "Türkiye", lines: [eating] };

    expect(firstView(card(offered("message", more)))).toContain(
      "We know no suicide or crisis line for Türkiye.",
    );
    expect(firstView(card({ ...FOUND, lines: [eating] }))).not.toContain("We know no");
  });

  it("can be hidden and comes back by its chip or by the Help button", async () => {
    const target = card(offered("message"));
    button(target, "Hide").click();
    await settled();
    const chip = button(target, "People you can reach now - United Kingdom");
    expect([hrefs(target), document.activeElement]).toEqual([[], chip]);

    expect(page.enlisted[0]?.hidden).toBe(true);
    page.enlisted[0]?.reveal();
    await settled();

    expect(page.enlisted[0]?.hidden).toBe(false);
    expect(document.activeElement).toBe(target.querySelector("h2"));
    expect(hrefs(target)).toContain("tel:116123");
  });

  it("starts folded where one like it stood before", async () => {
    const target = card(offered("message"), true);
    expect(hrefs(target)).toEqual([]);

    button(target, "People you can reach now").click();
    await settled();

    expect(hrefs(target)).toContain("tel:116123");
  });

  it("takes a word that it does not fit, once", async () => {
    const target = card(offered("message"));

    button(target, "This doesn't fit").click();
    await settled();

    expect(doesNotFit).toHaveBeenCalledExactlyOnceWith("c1");
    expect(firstView(target)).toContain("Thank you for telling us.");
  });

  it("has nothing to tell of a card that no log brought", () => {
    expect(firstView(card(FOUND))).not.toContain("fit");
  });

  it.each([
    ["tel:116123", "gb-samaritans", "phone"],
    ["sms:85258?&body=SHOUT", "gb-shout", "sms"],
    ["tel:999", "emergency", "phone"],
    ["https://findahelpline.com/", "international", "web"],
  ])("counts a tap: %s", (href, line, kind) => {
    const target = card(offered("message"));
    const links = [...target.querySelectorAll("a")];
    const link = links.find((one) => one.getAttribute("href") === href);
    link?.addEventListener("click", (event) => event.preventDefault());

    link?.click();

    expect(tapped).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ line, kind }));
    expect(tapped.mock.calls[0]?.[0].help.reason).toBe("message");
  });
});
