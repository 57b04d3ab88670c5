/** The result of `find_hotlines`, or a `kindline.help` notice -> what a help card shows. */

import { isRecord, list, parseJson, record, text, textOrNull, texts } from "./json";
import type { Json } from "./protocol";

export interface Contact {
  readonly kind: string;
  readonly value: string;
  readonly href: string | null;
  readonly note: string | null;
}

export interface Line {
  readonly id: string;
  readonly name: string;
  readonly organisation: string | null;
  readonly lead: boolean;
  readonly needs: readonly string[];
  readonly onlyFor: string | null;
  readonly regions: string | null;
  readonly languages: readonly string[];
  readonly hours: string;
  readonly openNow: boolean | null;
  readonly free: boolean;
  readonly website: string | null;
  readonly freshness: string | null;
  readonly conflicts: boolean;
  readonly contacts: readonly Contact[];
}

export interface EmergencyNumber {
  readonly service: string;
  readonly number: string;
  readonly href: string | null;
}

/** What lines are looked for, in the directory's words. */
export interface Sought {
  /** Any of these. */
  readonly needs: readonly string[];
  /** Groups the person belongs to. */
  readonly audiences: readonly string[];
}

export interface Help extends Sought {
  readonly country: string | null;
  readonly countryName: string | null;
  readonly lines: readonly Line[];
  readonly emergency: readonly EmergencyNumber[];
  readonly international: { readonly name: string; readonly href: string } | null;
  readonly guessed: boolean;
  readonly choices: readonly string[];
  /** Why it is shown: "message" ...; null where somebody looked lines up. */
  readonly reason: string | null;
  /** Shown for how things stand, not because somebody looked lines up. */
  readonly offered: boolean;
  /** null: it came with no log. */
  readonly cardId: string | null;
}

/** A way to reach someone together with the line it belongs to. */
export interface Reach {
  readonly line: Line;
  readonly contact: Contact;
}

/** What stays the same thing on the page when all lines are read anew. */
export interface Keyed<One> {
  readonly key: string;
  readonly one: One;
}

/** Keys by what they are; what stands twice is numbered, for a key may not. */
export function keyed<One>(
  all: readonly One[],
  keyOf: (one: One) => string,
): readonly Keyed<One>[] {
  const times = new Map<string, number>();
  return all.map((one) => {
    const key = keyOf(one);
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    return { key: `${before} ${key}`, one };
  });
}

export const lineKey = ({ id, name }: Line): string => id || name;
export const contactKey = ({ kind, value }: Contact): string => `${kind} ${value}`;

/** First view: one lead line, one other way without speaking, the emergency number. */
export interface FirstView {
  readonly lead: Line | null;
  readonly leadContacts: readonly Contact[];
  readonly quiet: Reach | null;
  readonly emergency: EmergencyNumber | null;
}

export function readHelp(content: string): Help | null {
  const found = parseJson(content);
  return isRecord(found) && hasHelp(found) ? readFound(found) : null;
}

/** The card that a result repeats line by line; "" for none. */
export const repeatedCard = (content: string): string => text(record(parseJson(content)).cardId);

const hasHelp = (found: Json): boolean =>
  Array.isArray(found.lines) || isRecord(found.emergency) || isRecord(found.international);

export function readFound(found: Json): Help {
  const directory = record(found.international);
  const [name, href] = [text(directory.name), webHref(directory.href)];
  return {
    country: textOrNull(found.country),
    countryName: textOrNull(found.countryName),
    needs: texts(found.needs),
    audiences: texts(found.audiences),
    lines: list(found.lines)
      .filter(isRecord)
      .map(readLine)
      .filter(({ name }) => name !== ""),
    emergency: list(record(found.emergency).numbers).filter(isRecord).flatMap(readEmergency),
    international: href === null ? null : { name: name === "" ? href : name, href },
    guessed: found.guessed === true,
    choices: [...new Set(texts(found.choices))].filter((code) => /^[A-Z]{2}$/.test(code)),
    reason: textOrNull(found.reason),
    offered: textOrNull(found.reason) !== null,
    cardId: textOrNull(found.cardId),
  };
}

const readLine = (line: Json): Line => ({
  id: text(line.id),
  name: text(line.name),
  organisation: textOrNull(line.organisation),
  lead: line.lead === true,
  needs: texts(line.needs),
  onlyFor: textOrNull(line.onlyFor),
  regions: textOrNull(line.regions),
  languages: line.languagesInferred === true ? [] : texts(line.languages),
  hours: textOrNull(line.hours) ?? "Hours not known",
  openNow: typeof line.openNow === "boolean" ? line.openNow : null,
  free: line.cost === "free",
  website: webHref(line.website),
  freshness: textOrNull(line.freshness),
  conflicts: line.conflicts === true,
  contacts: list(line.contacts).filter(isRecord).flatMap(readContact),
});

function readContact(contact: Json): readonly Contact[] {
  const value = text(contact.value);
  if (value === "") return [];
  const { kind, href, note } = contact;
  return [{ kind: text(kind), value, href: contactHref(href), note: textOrNull(note) }];
}

function readEmergency(entry: Json): readonly EmergencyNumber[] {
  const number = text(entry.number);
  if (number === "") return [];
  return [{ service: text(entry.service), number, href: contactHref(entry.href) }];
}

/** Only schemes a phone or browser may open without harm; others are shown as plain text. */
const contactHref = (href: unknown): string | null =>
  typeof href === "string" && /^(?:tel:|sms:|mailto:|https?:\/\/)/i.test(href) ? href : null;

const webHref = (href: unknown): string | null =>
  typeof href === "string" && /^https?:\/\//i.test(href) ? href : null;

const URGENT = ["suicide", "crisis", "self-harm"];

/** An offered card that names a country has lines for a crisis, or says that none is known. */
export const lacksCrisisLine = ({ country, offered, lines }: Help): boolean =>
  country !== null &&
  offered &&
  !lines.some(({ needs }) => needs.length === 0 || needs.some((need) => URGENT.includes(need)));

/** Equal for cards that would show the same people. */
export const peopleOf = ({ country, lines, emergency }: Help): string =>
  JSON.stringify([
    country,
    lines.map(({ id, name }) => id || name).sort(),
    emergency.map(({ number }) => number).sort(),
  ]);

const WHY: Readonly<Record<string, string>> = {
  model_down: "No reply can be written right now.",
  lost: "The chat cannot be reached right now.",
};

/** The sentence above an offered card. */
export const whyOf = ({ reason }: Help): string =>
  `${WHY[reason ?? ""] ?? "It sounds like things may be very hard."} You don't have to handle this alone.`;

const VOICE = new Set(["phone", "tty"]);
const QUIET = ["sms", "chat", "whatsapp"];

export function firstView(help: Help): FirstView {
  const lead = help.lines.find((line) => line.lead) ?? help.lines[0] ?? null;
  const emergency =
    help.emergency.find(({ service }) => service === "general") ??
    help.emergency.find(({ service }) => service === "ambulance") ??
    help.emergency[0] ??
    null;
  if (lead === null) return { lead, leadContacts: [], quiet: null, emergency };
  const spoken = lead.contacts.find(({ kind }) => VOICE.has(kind));
  const main = spoken ?? lead.contacts[0];
  const leadContacts = main === undefined ? [] : [main];
  return { lead, leadContacts, quiet: quietWay(help, lead, main), emergency };
}

/** One text or chat option: the lead line's own, else the first of another line. */
function quietWay(help: Help, lead: Line, shown: Contact | undefined): Reach | null {
  for (const line of [lead, ...help.lines.filter((line) => line !== lead)]) {
    const contact = line.contacts.find((way) => QUIET.includes(way.kind) && way !== shown);
    if (contact !== undefined) return { line, contact };
  }
  return null;
}

/** Its facts stand in the first view already. */
export const inFirst = ({ lead, quiet }: FirstView, line: Line): boolean =>
  [lead, quiet?.line ?? null].some((one) => one !== null && lineKey(one) === lineKey(line));

/** What stands under "more": every line with the contacts the first view does not show. */
export function restOf(help: Help, first: FirstView): readonly Line[] {
  const shown = new Set([...first.leadContacts, first.quiet?.contact]);
  return help.lines
    .map((line) => ({ ...line, contacts: line.contacts.filter((way) => !shown.has(way)) }))
    .filter((line) => line.contacts.length > 0 || (!inFirst(first, line) && line.website));
}

const VERBS: Readonly<Record<string, string>> = {
  phone: "Call",
  tty: "TTY",
  sms: "Text",
  whatsapp: "WhatsApp",
  chat: "Chat",
  email: "Email",
  web: "Visit",
};

export const verb = (kind: string): string => VERBS[kind] ?? "Contact";

/** Addresses are long to read; their host says enough. */
export function shownValue({ kind, value }: Contact): string {
  if (kind !== "chat" && kind !== "web") return value;
  try {
    return new URL(value).host.replace(/^www\./, "");
  } catch {
    return value;
  }
}
