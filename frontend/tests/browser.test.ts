import { afterEach, describe, expect, it, vi } from "vitest";
import { admitGuest } from "../src/browser";

const answer = (status: number, body = "", headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));

afterEach(() => vi.unstubAllGlobals());

describe("becoming a guest", () => {
  it.each([
    [200, "ok"],
    [401, "denied"],
    [403, "denied"],
    [503, "failed"],
  ])("reads %i as %s", async (status, admission) => {
    answer(status);

    expect(await admitGuest("/api")).toBe(admission);
  });

  it("hands on what the server says when too many came, and for how long", async () => {
    answer(429, '{"code":"rate_limited","message":"Too many."}', { "Retry-After": "90" });

    expect(await admitGuest("/api")).toEqual({ message: "Too many.", waitMs: 90_000 });
  });

  it.each(["", "soon", "-1", "0"])("knows no wait from %j", async (wait) => {
    answer(429, "busy", { "Retry-After": wait });

    expect(await admitGuest("/api")).toEqual({ message: "", waitMs: null });
  });
});
