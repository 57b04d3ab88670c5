/**
 * What the service worker does with a request, and what it writes on a saved page. Pure.
 *
 * It keeps help alone: the Help page, its style and the lines of the person's country. What people
 * write, and what the chat, the API or the admin answer, never passes through here.
 */

/** The server tells the worker at its top; `version` changes with the pages, their style and this. */
export interface Told {
  readonly version: string;
  readonly help: string;
  readonly copies: string;
  readonly style: string;
}

export interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: URL;
  readonly origin: string;
}

export type Route =
  | { readonly kind: "home" }
  /** `exact`: nothing else is in the address, so its page is that of the country, or of none. */
  | { readonly kind: "help"; readonly country: string | null; readonly exact: boolean }
  | { readonly kind: "style" }
  | { readonly kind: "copy"; readonly country: string };

const CODE = /^[A-Z]{2}$/;
export const isCode = (text: unknown): text is string =>
  typeof text === "string" && CODE.test(text);

/** null: not the worker's business, the browser goes on as if there were none. */
export function routeOf({ method, mode, url, origin }: Asked, told: Told): Route | null {
  if (method !== "GET" || url.origin !== origin) return null;
  if (url.pathname === new URL(told.style, origin).pathname) return { kind: "style" };
  if (url.pathname.startsWith(told.copies)) {
    const country = url.pathname.slice(told.copies.length).toUpperCase();
    return isCode(country) ? { kind: "copy", country } : null;
  }
  if (mode !== "navigate") return null;
  if (url.pathname === "/") return { kind: "home" };
  if (url.pathname !== told.help) return null;
  const [country = "", ...more] = url.searchParams.getAll("country").reverse(); // the last counts
  const exact = more.length === 0 && [...url.searchParams.keys()].length <= 1;
  const bare = country !== "" || url.search === "";
  return { kind: "help", country: country.toUpperCase() || null, exact: exact && bare };
}

/** Whether the page is that country's; of one the server does not know, it is the page that asks. */
export const isPageOf = (html: string, country: string): boolean =>
  html.includes(`value="${country}" selected`);

/** What of an older version's copies is worth keeping where it could not be had anew. */
export const worthKeeping = (told: Told, urls: readonly string[]): readonly string[] =>
  countriesIn(urls, told)
    .flatMap((country) => wanted(told, country))
    .filter((path) => path !== told.style && path !== told.help);

/** An older version's page, with the style that there is now. */
export const restyled = (html: string, { style }: Told): string =>
  html.replace(/(<link rel="stylesheet" href=")[^"]*/, (_, start: string) => start + style);

export const pageOf = ({ help }: Told, country: string | null): string =>
  country === null ? help : `${help}?country=${country}`;

export const copyOf = ({ copies }: Told, country: string): string => copies + country;

/** All that is kept for a country; null: it is not known. */
export const wanted = (told: Told, country: string | null): readonly string[] => [
  pageOf(told, null),
  told.style,
  ...(country === null ? [] : [pageOf(told, country), copyOf(told, country)]),
];

/** The countries whose pages are among the addresses that are kept. */
export function countriesIn(urls: readonly string[], { help }: Told): readonly string[] {
  return urls
    .map((url) => new URL(url))
    .filter(({ pathname }) => pathname === help)
    .map(({ searchParams }) => searchParams.get("country"))
    .filter(isCode);
}

export interface Saved {
  /** The country whose page this is; null: the one that asks where you are. */
  readonly country: string | null;
  /** The server's date of the copy; null where it gave none. */
  readonly date: Date | null;
}

/** The saved page for what was asked: the country's own, or of the only one that is kept. */
export function choose(asked: string | null, kept: readonly string[]): string | null {
  if (asked !== null) return kept.includes(asked) ? asked : null;
  return kept.length === 1 ? (kept[0] ?? null) : null;
}

const MARK = "</h1>";

/** A saved page with the words that it is one. */
export const marked = (html: string, note: string): string => html.replace(MARK, MARK + note);

export function noteFor(route: Route, saved: Saved, kept: readonly string[]): string {
  const chat =
    route.kind === "home"
      ? `<strong>The chat cannot be reached.</strong> <a href="/">Try again</a><br>`
      : "";
  const missing =
    route.kind === "help" && route.country !== null && route.country !== saved.country
      ? "The lines you asked for are not saved on this device.<br>"
      : "";
  const others = saved.country === null ? savedFor(kept) : "";
  return `<p class="saved" role="status">${chat}${missing}${others}${since(saved)} Calls and texts still work.</p>`;
}

const savedFor = (kept: readonly string[]): string =>
  kept.map((code) => `<a href="/help?country=${code}">Lines for ${nameOf(code)}</a><br>`).join("");

const since = ({ date }: Saved): string =>
  date === null
    ? "Saved on this device."
    : `Saved on this device on ${date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" })}.`;

function nameOf(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
