/** Cards of the page, mounted alone, and what they were asked to do. */

import { flushSync, mount, unmount } from "svelte";
import { afterEach, vi } from "vitest";
import { readHelp, type Help, type Sought } from "../src/help";
import type { Helping, ShownCard, Tap } from "../src/helping";
import HotlineCard from "../src/views/HotlineCard.svelte";

export const SAMARITANS = {
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
export const SHOUT = {
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
export const CHILDLINE = {
  id: "gb-childline",
  name: "Childline",
  hours: "9am to midnight",
  openNow: false,
  contacts: [{ kind: "phone", value: "0800 1111", href: "tel:08001111", note: "under 19" }],
};
export const FOUND = {
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
export const choose = vi.fn<(code: string, sought: Sought) => Promise<Help | null>>();
export const tapped = vi.fn<(tap: Tap) => void>();
export const doesNotFit = vi.fn<(cardId: string) => void>();
export const page: { enlisted: readonly ShownCard[]; chosen: string | null } = {
  enlisted: [],
  chosen: null,
};

export function read(found: object): Help {
  const help = readHelp(JSON.stringify(found));
  if (help === null) throw new Error("not a help result");
  return help;
}

export function card(found: object, chip = false): HTMLElement {
  const target = document.body.appendChild(document.createElement("div"));
  const helping: Helping = {
    helpPath: "/help?country=GB",
    chosen: page.chosen,
    choose,
    tapped,
    doesNotFit,
    enlist: (one) => {
      page.enlisted = [...page.enlisted, one];
      return () => (page.enlisted = page.enlisted.filter((other) => other !== one));
    },
  };
  const props = { help: read(found), helping, chip, hold: () => undefined };
  shown = mount(HotlineCard, { target, props });
  flushSync();
  return target;
}

export const button = (target: HTMLElement, words: string): HTMLButtonElement => {
  const found = [...target.querySelectorAll("button")].find((one) =>
    one.textContent.trim().startsWith(words),
  );
  if (found === undefined) throw new Error(`no button ${words}`);
  return found;
};
export const settled = () => new Promise((resolve) => setTimeout(resolve));

/** The first view: everything outside the "more" part. */
export function firstView(target: HTMLElement): string {
  const copy = target.cloneNode(true) as HTMLElement;
  copy.querySelector("details")?.remove();
  return copy.textContent.replace(/\s+/g, " ");
}
export const more = (target: HTMLElement): string =>
  target.querySelector("details")?.textContent ?? "";
export const hrefs = (target: HTMLElement): (string | null)[] =>
  [...target.querySelectorAll("a")].map((link) => link.getAttribute("href"));

Element.prototype.scrollIntoView = () => undefined; // jsdom lays nothing out

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
  vi.resetAllMocks();
  [page.enlisted, page.chosen] = [[], null];
  document.body.replaceChildren();
});
