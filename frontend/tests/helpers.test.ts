import { afterEach, describe, expect, it, vi } from "vitest";
import { fittingLines } from "../src/helpers";

const fetched = vi.fn<(path: string) => Promise<Response>>();
vi.stubGlobal("fetch", fetched);
afterEach(() => fetched.mockReset());

const SOUGHT = { needs: ["self-harm", "crisis"], audiences: ["youth"] };

describe("lines for what is sought", () => {
  it("are asked for with every need and audience", async () => {
    const answer = { country: "GB", ...SOUGHT, lines: [{ name: "Childline", contacts: [] }] };
    fetched.mockResolvedValue(new Response(JSON.stringify(answer)));

    const found = await fittingLines("/api/v1", "GB", SOUGHT);

    const [path = ""] = fetched.mock.calls[0] ?? [];
    expect(path).toBe(
      "/api/v1/hotlines?country=GB&specialty=self-harm&specialty=crisis&audience=youth",
    );
    expect(found).toMatchObject({ country: "GB", ...SOUGHT, lines: [{ name: "Childline" }] });
  });

  it("are none where the server knows no such word, or cannot be reached", async () => {
    fetched.mockResolvedValueOnce(new Response("{}", { status: 422 }));
    expect(await fittingLines("/api/v1", "GB", SOUGHT)).toBeNull();

    fetched.mockRejectedValueOnce(new TypeError("no network"));
    expect(await fittingLines("/api/v1", "GB", SOUGHT)).toBeNull();
  });
});
