import { describe, expect, it } from "vitest";
import { type Answer, Door, type Visitor } from "../src/door";
import { settled } from "./fakes";

const GUEST: Visitor = { account: false, kept: false };
const HOUR = 3_600_000;

/** A door whose server answers with what is handed to it, and what it was asked. */
function closedDoor() {
  const asked: (boolean | null)[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const clock = { now: 0 };
  const ask = (keep: boolean | null) => {
    asked.push(keep);
    return new Promise<Answer>((resolve) => answers.push(resolve));
  };
  const door = new Door(ask, () => clock.now);
  const answer = async (value: Answer) => {
    await settled();
    answers.shift()?.(value);
    await settled();
  };
  return { door, asked, answer, clock };
}

describe("the way in", () => {
  it("tells who came in", async () => {
    const { door, answer } = closedDoor();
    const came: Visitor[] = [];
    door.onVisitor = (visitor) => came.push(visitor);
    const admission = door.enter();
    await answer(GUEST);

    expect([await admission, came]).toEqual(["ok", [GUEST]]);
  });

  it.each(["denied", "failed", { message: "Too many.", waitMs: 1 }] as const)(
    "hands on a refusal: %j",
    async (refusal) => {
      const { door, answer } = closedDoor();
      const admission = door.enter();
      await answer(refusal);

      expect(await admission).toEqual(refusal);
    },
  );

  it("lets one request through after the other", async () => {
    const { door, asked, answer } = closedDoor();
    void door.enter();
    await settled();
    void door.change(true);
    await settled();
    expect(asked).toEqual([null]);

    await answer(GUEST);

    expect(asked).toEqual([null, true]);
  });
});

describe("the wish to be kept", () => {
  it("is said with the next visit, and once", async () => {
    const { door, asked, answer } = closedDoor();
    door.wish = true;
    void door.enter();
    await answer({ ...GUEST, kept: true });
    void door.enter();
    await settled();

    expect(asked).toEqual([true, null]);
  });

  it("is said again where a visit failed", async () => {
    const { door, asked, answer } = closedDoor();
    door.wish = true;
    void door.enter();
    await answer("failed");
    void door.enter();
    await settled();

    expect(asked).toEqual([true, true]);
  });

  it("is given up where a change could not be said", async () => {
    const { door, asked, answer } = closedDoor();
    const said = door.change(true);
    await answer("failed");
    void door.enter();
    await settled();

    expect([await said, asked]).toEqual([false, [true, null]]);
  });
});

describe("staying", () => {
  it("says again what was not heard, at the next look", async () => {
    const { door, asked, answer } = closedDoor();
    void door.enter();
    await answer(GUEST);
    door.wish = false;
    void door.enter();
    await answer("failed");
    door.stay();
    await settled();

    expect(asked).toEqual([null, false, false]);
  });

  it("makes nobody a guest who has not come in", async () => {
    const { door, asked, clock } = closedDoor();
    clock.now = 10 * HOUR;
    door.stay();
    await settled();

    expect(asked).toEqual([]);
  });

  it.each([
    [HOUR - 1, 1],
    [HOUR, 2],
  ])("visits again after an hour: %i ms", async (later, visits) => {
    const { door, asked, answer, clock } = closedDoor();
    void door.enter();
    await answer(GUEST);
    clock.now = later;
    door.stay();
    await settled();

    expect(asked).toHaveLength(visits);
  });
});
