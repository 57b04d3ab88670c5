import { afterEach, describe, expect, it, vi } from "vitest";
import { admitGuest } from "../src/browser";

const answer = (status: number, body = "", headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));

afterEach(() => vi.unstubAllGlobals());

describe("becoming a guest", () => {
  it.each([
    [401, "denied"],
    [403, "denied"],
    [503, "failed"],
  ])("reads %i as %s", async (status, admission) => {
    answer(status);

    expect(await admitGuest("/api", null)).toBe(admission);
  });

  it.each([
    ['{"kind":"guest","kept":true}', { account: false, kept: true }],
    ['{"kind":"account","kept":true}', { account: true, kept: true }],
    ["", { account: false, kept: false }],
  ])("reads who came in from %j", async (body, visitor) => {
    answer(200, body);

    expect(await admitGuest("/api", null)).toEqual(visitor);
  });

  it.each([
    [null, "{}"],
    [true, '{"keep":true}'],
    [false, '{"keep":false}'],
  ])("says %s as %s", async (keep, body) => {
    let said: unknown;
    vi.stubGlobal("fetch", (_: string, { body }: RequestInit) => {
      said = body;
      return Promise.resolve(new Response("{}"));
    });

    await admitGuest("/api", keep);

    expect(said).toBe(body);
  });

  it("hands on what the server says when too many came, and for how long", async () => {
    answer(429, '{"code":"rate_limited","message":"Too many."}', { "Retry-After": "90" });

    expect(await admitGuest("/api", null)).toEqual({ message: "Too many.", waitMs: 90_000 });
  });

  it.each(["", "soon", "-1", "0"])("knows no wait from %j", async (wait) => {
    answer(429, "busy", { "Retry-After": wait });

    expect(await admitGuest("/api", null)).toEqual({ message: "", waitMs: null });
  });
});
