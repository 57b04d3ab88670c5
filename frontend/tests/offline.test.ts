import { describe, expect, it } from "vitest";
import { choose, countriesIn, marked, noteFor, routeOf, wanted, type Told } from "../src/offline";

const TOLD: Told = {
  version: "1",
  help: "/help",
  copies: "/api/v1/hotlines/offline/",
  style: "/static/hotlines/help.1a2b.css",
};
const HERE = "https://kindline.example";

const route = (path: string, { method = "GET", mode = "navigate" } = {}) =>
  routeOf({ method, mode, url: new URL(path, HERE), origin: HERE }, TOLD);

describe("what the service worker answers", () => {
  it.each([
    ["/", { kind: "home" }],
    ["/?utm=x", { kind: "home" }],
    ["/help", { kind: "help", country: null, exact: true }],
    ["/help?country=", { kind: "help", country: null, exact: false }],
    ["/help?country=gb", { kind: "help", country: "GB", exact: true }],
    ["/help?country=GB&country=us", { kind: "help", country: "US", exact: false }],
    ["/help?country=GB&x=1", { kind: "help", country: "GB", exact: false }],
    ["/help?x=1", { kind: "help", country: null, exact: false }],
  ])("is the page %s", (path, expected) => {
    expect(route(path)).toEqual(expected);
  });

  it("is the style of Help, and the copies of lines", () => {
    const mode = "cors";

    expect(route(TOLD.style, { mode: "no-cors" })).toEqual({ kind: "style" });
    expect(route(`${TOLD.copies}gb`, { mode })).toEqual({ kind: "copy", country: "GB" });
  });

  it.each([
    "/admin/",
    "/admin/chat/thread/",
    "/safety",
    "/api/v1/threads/t1",
    "/api/v1/threads/t1/events",
    "/api/v1/hotlines/offline/GB/more",
    "/api/v1/hotlines?country=GB",
    "/api/v1/place?timeZone=x",
    "/static/page/main.js",
    "/help/GB",
    "https://elsewhere.example/help",
    "https://elsewhere.example/",
  ])("is nothing else: %s", (path) => {
    for (const mode of ["navigate", "cors"]) expect(route(path, { mode })).toBeNull();
  });

  it("is no message: nothing but what is read", () => {
    for (const path of ["/", "/help", `${TOLD.copies}GB`, TOLD.style]) {
      expect(route(path, { method: "POST" })).toBeNull();
    }
  });

  it("is no part of a page that only looks like one", () => {
    expect(route("/", { mode: "cors" })).toBeNull();
    expect(route("/help?country=GB", { mode: "same-origin" })).toBeNull();
  });
});

describe("what is kept", () => {
  it("is the page that asks, its style, and the person's country", () => {
    expect(wanted(TOLD, null)).toEqual(["/help", TOLD.style]);
    expect(wanted(TOLD, "GB")).toEqual([
      "/help",
      TOLD.style,
      "/help?country=GB",
      "/api/v1/hotlines/offline/GB",
    ]);
  });

  it("tells its countries", () => {
    const urls = wanted(TOLD, "GB").map((path) => HERE + path);

    expect(countriesIn(urls, TOLD)).toEqual(["GB"]);
  });
});

describe("a saved page", () => {
  const saved = { country: "GB", date: new Date("2026-11-27T12:00:00Z") };
  const note = (asked: Parameters<typeof noteFor>[0], country: string | null = "GB") =>
    noteFor(asked, { ...saved, country }, ["GB", "DE"]).replace(/<[^>]+>/g, "");

  it("is the asked country's, or of the only one there is", () => {
    expect(choose("GB", ["DE", "GB"])).toBe("GB");
    expect(choose(null, ["GB"])).toBe("GB");
    expect(choose("FR", ["GB"])).toBeNull();
    expect(choose(null, ["DE", "GB"])).toBeNull();
    expect(choose(null, [])).toBeNull();
  });

  it("says of the chat's address that the chat cannot be reached", () => {
    expect(note({ kind: "home" })).toContain("The chat cannot be reached. Try again");
  });

  it("says how old it is, and what still works", () => {
    const words = note({ kind: "help", country: "GB", exact: true });

    expect(words).toContain(
      "Saved on this device on 27 November 2026. Calls and texts still work.",
    );
    expect(words).not.toContain("chat cannot be reached");
  });

  it("names no date where none is known", () => {
    const words = noteFor({ kind: "home" }, { country: "GB", date: null }, ["GB"]);

    expect(words).toContain("Saved on this device. Calls");
  });

  it("of no country says which lines are there instead of those that are not", () => {
    const words = note({ kind: "help", country: "FR", exact: true }, null);

    expect(words).toContain("The lines you asked for are not saved on this device.");
    expect(words).toMatch(/Lines for United Kingdom.*Lines for Germany/);
  });

  it("has the words right below its heading", () => {
    expect(marked("<main><h1>Get help now</h1><p>x</p></main>", "<p>copy</p>")).toBe(
      "<main><h1>Get help now</h1><p>copy</p><p>x</p></main>",
    );
  });
});
