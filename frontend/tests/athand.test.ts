import { describe, expect, it, vi } from "vitest";
import { HelpAtHand, readHeld, readWhere, type Where } from "../src/athand";
import { FakeClock, settled } from "./fakes";
import { readFound, type Help, type Sought } from "../src/help";

const help = (country: string, number = "1"): Help =>
  readFound({
    country,
    lines: [{ id: country, name: country, contacts: [{ kind: "phone", value: number }] }],
    emergency: { numbers: [{ service: "general", number: "999", href: "tel:999" }] },
    international: { name: "Find A Helpline", href: "https://findahelpline.com/" },
  });
const HELD = { zones: ["Europe/London"], help: help("GB") };
const ANYTHING: Sought = { needs: [], audiences: [] };
const GB: Where = { country: "GB", guessed: true, choices: [] };
const UNSURE: Where = { country: null, guessed: false, choices: ["DE", "US"] };

interface Set {
  where?: Where | null;
  chosen?: string | null;
  timeZone?: string;
  down?: boolean;
}

function atHand({ where = GB, chosen = null, timeZone = "Europe/London", down = false }: Set) {
  const memory = { country: chosen };
  const server = { down, now: 0 };
  const keep = vi.fn<(codes: readonly string[]) => void>();
  const asked: string[] = [];
  const clock = new FakeClock();
  const linesFor = (code: string) => {
    asked.push(code);
    return Promise.resolve(server.down ? null : help(code, "2"));
  };
  const fittingLines = vi.fn<(code: string, sought: Sought) => Promise<Help | null>>((code) =>
    Promise.resolve(server.down ? null : help(code, "3")),
  );
  const one = new HelpAtHand({
    held: HELD,
    memory,
    timeZone,
    whereAmI: () => Promise.resolve(server.down ? null : where),
    linesFor,
    fittingLines,
    keep,
    onChange: () => undefined,
    now: () => server.now,
    clock,
  });
  return { one, memory, server, keep, asked, fittingLines, clock };
}

const numbers = ({ lines }: Help) => lines.flatMap(({ contacts }) => contacts.map((c) => c.value));

describe("help at hand", () => {
  it("is there with the page, for whom the device's clock agrees", () => {
    const { one } = atHand({});

    expect([one.help.country, one.help.guessed, numbers(one.help)]).toEqual(["GB", true, ["1"]]);
  });

  it("asks where the clock does not agree: a language is no place", () => {
    const { one } = atHand({ timeZone: "Europe/Berlin" });

    expect([one.help.country, one.help.lines, one.help.choices]).toEqual([null, [], ["GB"]]);
    expect([one.help.emergency, one.help.international?.name]).toEqual([[], "Find A Helpline"]);
  });

  it("never shows another country's lines to who chose one", () => {
    const { one } = atHand({ chosen: "IE" });

    expect([one.help.country, one.help.lines, one.help.choices]).toEqual([null, [], ["IE"]]);
  });

  it("is fetched and kept for the country of the device", async () => {
    const { one, keep } = atHand({});
    await one.refresh();

    expect([one.help.country, one.help.guessed, numbers(one.help)]).toEqual(["GB", true, ["2"]]);
    expect(keep.mock.calls).toEqual([[["GB"]]]);
  });

  it("is kept for both countries where signs disagree, and asks", async () => {
    const { one, server, keep } = atHand({ where: UNSURE });
    await one.refresh();
    expect([one.help.country, one.help.choices]).toEqual([null, ["DE", "US"]]);
    expect(keep.mock.calls).toEqual([[["DE", "US"]]]);

    server.down = true;

    expect(numbers((await one.choose("US", ANYTHING)) ?? HELD.help)).toEqual(["2"]);
  });

  it("stays what it was while the server is gone", async () => {
    const { one, keep } = atHand({ down: true });
    await one.refresh();

    expect([one.help.country, numbers(one.help)]).toEqual(["GB", ["1"]]);
    expect(keep).not.toHaveBeenCalled();
  });

  it("follows the person's choice, which the server is not asked about", async () => {
    const { one, memory, keep } = atHand({});
    const found = await one.choose("IE", ANYTHING);
    await one.refresh();

    expect([found?.country, found?.guessed, one.help.country]).toEqual(["IE", false, "IE"]);
    expect(memory.country).toBe("IE");
    expect(keep.mock.calls).toEqual([[["IE"]], [["IE"]]]);
  });

  it("brings the chosen country's lines for what the card was for, to that card alone", async () => {
    const { one, fittingLines } = atHand({});
    const sought = { needs: ["self-harm"], audiences: ["youth"] };

    expect(numbers((await one.choose("IE", sought)) ?? HELD.help)).toEqual(["3"]);

    expect(fittingLines.mock.calls).toEqual([["IE", sought]]);
    expect([one.help.country, numbers(one.help)]).toEqual(["IE", ["2"]]);
  });

  it("falls back on the lines for anybody there, as they are kept", async () => {
    const { one, fittingLines } = atHand({});
    fittingLines.mockResolvedValue(null);

    const found = await one.choose("IE", { needs: ["crisis"], audiences: [] });

    expect([found?.country, numbers(found ?? HELD.help)]).toEqual(["IE", ["2"]]);
  });

  it("says so where the chosen lines cannot be had, and shows no other country's", async () => {
    const { one } = atHand({ down: true });

    expect(await one.choose("IE", ANYTHING)).toBeNull();
    expect([one.help.country, one.help.choices]).toEqual([null, ["IE"]]);
  });

  it("is asked for again when the page wakes, where it could not be had", async () => {
    const { one, server, asked } = atHand({ down: true });
    await one.refresh();
    server.down = false;

    await one.refresh();

    expect([asked, numbers(one.help)]).toEqual([["GB"], ["2"]]);
  });

  it("is asked for again by itself: after half a minute, then a minute, then when it is had", async () => {
    const { one, server, asked, clock } = atHand({ chosen: "IE", down: true });
    const pass = async (ms: number) => {
      clock.advance(ms);
      await settled();
      return asked.length;
    };
    await one.refresh();
    expect([await pass(29_999), await pass(1)]).toEqual([1, 2]);
    server.down = false;
    expect([await pass(59_999), await pass(1)]).toEqual([2, 3]);

    expect([one.help.country, numbers(one.help)]).toEqual(["IE", ["2"]]);
    expect(await pass(3_600_000)).toBe(3);
  });

  it("is asked for again where the lines that were chosen could not be had", async () => {
    const { one, server, clock } = atHand({ down: true });
    await one.choose("IE", ANYTHING);
    server.down = false;

    clock.advance(30_000);
    await settled();

    expect([one.help.country, numbers(one.help)]).toEqual(["IE", ["2"]]);
  });

  it("is asked for again after an hour, not before", async () => {
    const { one, server, asked } = atHand({});
    await one.refresh();
    server.now = 3_599_999;
    await one.refresh();
    expect(asked).toEqual(["GB"]);

    server.now = 3_600_000;
    await one.refresh();

    expect(asked).toEqual(["GB", "GB"]);
  });
});

describe("what the server says", () => {
  it.each(["", "null", "[]", "oops"])("of a place is not believed: %j", (source) => {
    expect(readWhere(source)).toBeNull();
  });

  it("of a place is read", () => {
    expect(readWhere('{"country":null,"guessed":false,"choices":["DE",7]}')).toEqual({
      country: null,
      guessed: false,
      choices: ["DE"],
    });
  });

  it.each(["", "[]", '{"zones":7,"help":[]}'])("in the page may be broken: %j", (source) => {
    expect(readHeld(source)).toMatchObject({ zones: [], help: { country: null, lines: [] } });
  });
});
