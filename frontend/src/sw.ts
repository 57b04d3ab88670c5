/** The service worker: fetches, keeps and answers; what it decides stands in `offline.ts`. */

import { choose, copyOf, countriesIn, isCode, isPageOf, marked, noteFor } from "./offline";
import { pageOf, restyled, routeOf, wanted, worthKeeping } from "./offline";
import type { Route, Told } from "./offline";

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Hearing extends Waiting {
  readonly data: unknown;
}
interface Scope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", hear: (event: Waiting) => void): void;
  addEventListener(name: "fetch", hear: (event: Fetching) => void): void;
  addEventListener(name: "message", hear: (event: Hearing) => void): void;
}
declare const self: Scope;
/** Written before this script by the server. */
declare const KINDLINE: Told;

const PREFIX = "kindline-help-";
const NAME = PREFIX + KINDLINE.version;
/** A server that says nothing for so long is gone, as far as the person can tell. */
const PATIENCE_MS = { home: 12_000, help: 4_000, style: 3_000, copy: 4_000 } as const;

self.addEventListener("install", (event) => {
  event.waitUntil(moveIn());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    carryOver()
      .then(dropOlder)
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("message", (event) => {
  const { keep } = (event.data ?? {}) as { readonly keep?: unknown };
  event.waitUntil(keepOnly(Array.isArray(keep) ? keep.filter(isCode) : []));
});

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin } = self.location;
  const route = routeOf({ method, mode, url: new URL(url), origin }, KINDLINE);
  if (route !== null) event.respondWith(answer(route, event));
});

/** Take over what an older version kept, with today's content. */
async function moveIn(): Promise<void> {
  const countries = await keptCountries();
  await save(pageOf(KINDLINE, null));
  await save(KINDLINE.style);
  for (const country of countries) await saveAll(wanted(KINDLINE, country));
  await self.skipWaiting();
}

/** The newest first. */
const older = async (): Promise<readonly string[]> =>
  (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME).reverse();

/** What could not be had anew comes along as it was: an older copy is better than none. */
async function carryOver(): Promise<void> {
  const cache = await caches.open(NAME);
  for (const name of await older()) {
    const old = await caches.open(name);
    const urls = (await old.keys()).map(({ url }) => url);
    for (const path of worthKeeping(KINDLINE, urls)) {
      const copy = (await cache.match(path)) ? undefined : await old.match(path);
      if (copy !== undefined) await cache.put(path, await inTodaysStyle(copy));
    }
  }
}

async function inTodaysStyle(copy: Response): Promise<Response> {
  const { headers } = copy;
  return new Response(restyled(await copy.text(), KINDLINE), { headers });
}

async function dropOlder(): Promise<void> {
  for (const name of await older()) await caches.delete(name);
}

/**
 * Refresh what is kept for these countries, and keep no other once theirs is there; without any,
 * what there is.
 */
async function keepOnly(asked: readonly string[]): Promise<void> {
  const countries = asked.length === 0 ? await keptCountries() : asked;
  const urls = new Set(
    [null, ...countries]
      .flatMap((code) => wanted(KINDLINE, code))
      .map((path) => new URL(path, self.location.origin).href),
  );
  await saveAll([...urls]);
  const cache = await caches.open(NAME);
  const kept = (await cache.keys()).map(({ url }) => url);
  if (![...urls].every((url) => kept.includes(url))) return;
  for (const url of kept) if (!urls.has(url)) await cache.delete(url);
}

async function keptCountries(): Promise<readonly string[]> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return [
    ...new Set(
      countriesIn(
        keys.flat().map(({ url }) => url),
        KINDLINE,
      ),
    ),
  ];
}

/** What cannot be had now is left as it was kept before. */
const saveAll = (urls: readonly string[]): Promise<unknown> => Promise.allSettled(urls.map(save));

async function save(url: string): Promise<void> {
  const fresh = await fetch(url, { cache: "no-cache", credentials: "omit" });
  if (!fresh.ok) throw new Error(`${fresh.status}`);
  await keep(url, fresh);
}

/** Not the page that asks for a country in the place of a country's own. */
async function keep(url: string, said: Response): Promise<void> {
  const [country] = countriesIn([new URL(url, self.location.origin).href], KINDLINE);
  if (country !== undefined && !isPageOf(await said.clone().text(), country)) return;
  await (await caches.open(NAME)).put(url, said);
}

async function answer(route: Route, event: Fetching): Promise<Response> {
  const asked = fetch(event.request).catch(() => null);
  const first = await within(asked, PATIENCE_MS[route.kind]);
  // From 500 on it broke, or only a proxy before it answered.
  if (first !== null && first.status < 500) {
    keepVisited(route, first, event);
    return first;
  }
  return (await saved(route)) ?? (await asked) ?? Response.error();
}

function within(asked: Promise<Response | null>, ms: number): Promise<Response | null> {
  const tooLong = new Promise<null>((resolve) => setTimeout(() => resolve(null), ms));
  return Promise.race([asked, tooLong]);
}

/** The page of a country somebody chose there is worth keeping; a new copy of a kept one too. */
function keepVisited(route: Route, said: Response, event: Fetching): void {
  if (!said.ok || (route.kind !== "help" && route.kind !== "style")) return;
  if (route.kind === "help" && !isKept(route)) return;
  const url = route.kind === "help" ? pageOf(KINDLINE, route.country) : KINDLINE.style;
  event.waitUntil(keep(url, said.clone()));
}

const isKept = ({ country, exact }: Extract<Route, { kind: "help" }>): boolean =>
  exact && (country === null || isCode(country));

async function saved(route: Route): Promise<Response | null> {
  const cache = await caches.open(NAME);
  if (route.kind === "style") return (await cache.match(KINDLINE.style)) ?? null;
  if (route.kind === "copy") return (await cache.match(copyOf(KINDLINE, route.country))) ?? null;
  const kept = countriesIn(
    (await cache.keys()).map(({ url }) => url),
    KINDLINE,
  );
  const country = choose(route.kind === "help" ? route.country : null, kept);
  const page = await cache.match(pageOf(KINDLINE, country));
  if (page === undefined) return null;
  const date = page.headers.get("date");
  const copy = { country, date: date === null ? null : new Date(date) };
  const html = marked(await page.text(), noteFor(route, copy, kept));
  return new Response(html, { status: route.kind === "home" ? 503 : 200, headers: asOf(page) });
}

/** The page's own policy too, so that a copy may do no more than the page. */
function asOf({ headers }: Response): Headers {
  const kept = new Headers({ "content-type": "text/html; charset=utf-8" });
  const policy = headers.get("content-security-policy");
  if (policy !== null) kept.set("content-security-policy", policy);
  return kept;
}
