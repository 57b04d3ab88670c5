/** The service worker on caches and a network of ours, event by event. */

import { beforeEach, describe, expect, it, vi } from "vitest";

const ORIGIN = "https://kindline.example";
const TOLD = {
  version: "2",
  help: "/help",
  copies: "/api/v1/hotlines/offline/",
  style: "/static/hotlines/help.new.css",
};
const NOW = "kindline-help-2";
const href = (path: string): string => new URL(path, ORIGIN).href;

class FakeCache {
  readonly stored = new Map<string, Response>();
  put = (path: string, answer: Response) => Promise.resolve(this.stored.set(href(path), answer));
  match = (path: string) => Promise.resolve(this.stored.get(href(path))?.clone());
  delete = (path: string) => Promise.resolve(this.stored.delete(href(path)));
  keys = () => Promise.resolve([...this.stored.keys()].map((url) => ({ url })));
}

let stores: Map<string, FakeCache>;
let hears: Map<string, (event: object) => void>;
/** Addresses that cannot be had now. */
let gone: (path: string) => boolean;

const page = (code: string, words: string, style = TOLD.style): string =>
  `<link rel="stylesheet" href="${style}"><h1>Get help now</h1>` +
  `<option value="${code}" selected>${words}`;

function open(name: string): Promise<FakeCache> {
  const cache = stores.get(name) ?? new FakeCache();
  stores.set(name, cache);
  return Promise.resolve(cache);
}

/** The server knows two countries; of several that are asked it takes the last, as Django does. */
function serve(asked: string | Request): Promise<Response> {
  const url = new URL(typeof asked === "string" ? asked : asked.url, ORIGIN);
  if (gone(url.pathname + url.search)) return Promise.reject(new TypeError("no network"));
  const code = (url.searchParams.getAll("country").at(-1) ?? "").toUpperCase();
  return Promise.resolve(new Response(page(["GB", "US"].includes(code) ? code : "", "new")));
}

async function hear(name: string, event: object = {}): Promise<void> {
  const work: Promise<unknown>[] = [];
  const waitUntil = (one: Promise<unknown>) => work.push(one);
  const respondWith = (answer: Promise<Response>) => work.push(answer);
  hears.get(name)?.({ ...event, waitUntil, respondWith });
  for (const one of work) await one; // more is added while it goes on
}
const visit = (path: string) =>
  hear("fetch", { request: { method: "GET", mode: "navigate", url: href(path) } });

async function kept(): Promise<Record<string, string>> {
  const all = [...(stores.get(NOW)?.stored ?? [])];
  const texts = all.map(async ([url, answer]) => [
    url.replace(ORIGIN, ""),
    await answer.clone().text(),
  ]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}
const keptPages = async () => Object.keys(await kept()).filter((path) => path.startsWith("/help"));

beforeEach(async () => {
  [stores, hears, gone] = [new Map(), new Map(), () => false];
  vi.resetModules();
  vi.stubGlobal("KINDLINE", TOLD);
  vi.stubGlobal("fetch", serve);
  vi.stubGlobal("caches", {
    open,
    keys: () => Promise.resolve([...stores.keys()]),
    delete: (name: string) => Promise.resolve(stores.delete(name)),
  });
  vi.stubGlobal("self", {
    location: { origin: ORIGIN },
    clients: { claim: () => Promise.resolve() },
    skipWaiting: () => Promise.resolve(),
    addEventListener: (name: string, hear: (event: object) => void) => hears.set(name, hear),
  });
  await import("../src/sw");
});

describe("a new version of the worker", () => {
  const OLD_STYLE = "/static/hotlines/help.old.css";
  beforeEach(async () => {
    const old = await open("kindline-help-1");
    const headers = { date: "Fri, 27 Nov 2026 12:00:00 GMT" };
    await old.put("/help", new Response(page("", "old", OLD_STYLE)));
    await old.put(OLD_STYLE, new Response("main{}"));
    await old.put("/help?country=GB", new Response(page("GB", "old", OLD_STYLE), { headers }));
    await old.put(`${TOLD.copies}GB`, new Response("{}"));
  });

  it("keeps the old pages and copies that it could not have anew, in today's style", async () => {
    gone = (path) => path.includes("GB");

    await hear("install");
    await hear("activate");

    expect([...stores.keys()]).toEqual([NOW]);
    expect(await kept()).toEqual({
      "/help": page("", "new"),
      [TOLD.style]: page("", "new"),
      "/help?country=GB": page("GB", "old"),
      [`${TOLD.copies}GB`]: "{}",
    });
    const saved = await stores.get(NOW)?.match("/help?country=GB");
    expect(saved?.headers.get("date")).toBe("Fri, 27 Nov 2026 12:00:00 GMT");
  });

  it("puts what it could have anew in the place of the old", async () => {
    await hear("install");
    await hear("activate");

    expect((await kept())["/help?country=GB"]).toBe(page("GB", "new"));
    expect([...stores.keys()]).toEqual([NOW]);
  });
});

describe("another country", () => {
  const keep = (code: string) => hear("message", { data: { keep: [code] } });

  it("takes the place of the one that was kept, once it is there", async () => {
    await keep("GB");
    gone = (path) => path.includes("US");
    await keep("US");
    expect(await keptPages()).toContain("/help?country=GB");

    gone = () => false;
    await keep("US");

    expect(await keptPages()).toEqual(["/help", "/help?country=US"]);
  });
});

describe("a page that somebody visits", () => {
  it.each([
    ["/help", ["/help"]],
    ["/help?country=GB", ["/help?country=GB"]],
    ["/help?country=gb", ["/help?country=GB"]],
    ["/help?country=GB&country=US", []],
    ["/help?country=GB&x=1", []],
    ["/help?x=1", []],
    ["/help?country=", []],
    ["/help?country=ZZ", []],
    ["/help?country=Ghana", []],
  ])("is kept where it is what its address says: %s", async (path, expected) => {
    await visit(path);

    expect(await keptPages()).toEqual(expected);
  });
});
