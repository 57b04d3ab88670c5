import { beforeEach, describe, expect, it } from "vitest";
import { Link, type Admission, type LinkState } from "../src/socket";
import { FakeClock, FakeNetwork, settled } from "./fakes";

const SUBSCRIBED = { type: "subscribed", threadId: "t1", recovered: true, cursor: "1-1" };

let clock: FakeClock;
let network: FakeNetwork;
let states: LinkState[];
let admissions: Admission[];
let admitted: number;
let chance: number;
let link: Link;

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork();
  states = [];
  admissions = [];
  admitted = 0;
  chance = 0.5;
  link = new Link({
    open: network.open,
    admit: () => {
      admitted += 1;
      return Promise.resolve(admissions.shift() ?? "ok");
    },
    clock,
    random: () => chance,
    hello: () => ["hello"],
    onFrame: () => undefined,
    onState: (state) => states.push(state),
  });
});

const kind = () => states.at(-1)?.kind;

async function live(): Promise<void> {
  link.start();
  await settled();
  network.last.handlers.opened();
  network.last.deliver(SUBSCRIBED);
}

/** The wait before the next socket, in steps of 50 ms. */
async function waitForNext(): Promise<number> {
  const before = network.sockets.length;
  const from = clock.now;
  while (network.sockets.length === before && clock.now - from < 60_000) {
    clock.advance(50);
    await settled();
  }
  return clock.now - from;
}

describe("opening", () => {
  it("becomes a guest before the first socket", async () => {
    link.start();
    expect(network.sockets).toHaveLength(0);

    await settled();

    expect(admitted).toBe(1);
    expect(network.sockets).toHaveLength(1);
  });

  it("says hello on every fresh socket", async () => {
    await live();
    network.last.handlers.closed(1006);
    await waitForNext();
    network.last.handlers.opened();

    expect(network.sockets.map(({ sent }) => sent)).toEqual([["hello"], ["hello"]]);
  });

  it("does not ask for a guest again on a reconnect", async () => {
    await live();
    network.last.handlers.closed(1006);
    await waitForNext();

    expect(admitted).toBe(1);
  });

  it("tries again when the guest could not be made", async () => {
    admissions = ["failed"];
    link.start();
    await settled();
    expect(kind()).toBe("waiting");

    await waitForNext();

    expect(admitted).toBe(2);
    expect(network.sockets).toHaveLength(1);
  });

  it("waits as long as it was asked to when too many came, also when the tab wakes up", async () => {
    chance = 0;
    admissions = [{ message: "Too many.", waitMs: 30_000 }];
    link.start();
    await settled();
    expect(states.at(-1)).toEqual({ kind: "limited", message: "Too many." });

    link.wake();
    clock.advance(29_950);
    await settled();
    expect(admitted).toBe(1);

    expect(await waitForNext()).toBe(50);
    expect(admitted).toBe(2);
  });

  it("finds its own wait when too many came and no time was named", async () => {
    admissions = [{ message: "", waitMs: null }];
    link.start();
    await settled();

    expect(await waitForNext()).toBeLessThanOrEqual(1_000);
    expect(network.sockets).toHaveLength(1);
  });

  it("stops when the server does not want us as a guest", async () => {
    admissions = ["denied"];
    link.start();
    await settled();

    expect(states.at(-1)).toEqual({ kind: "closed", code: 4403 });
  });
});

describe("losing the line", () => {
  it.each([1000, 1006, 1009, 1011, 1013, 4408, 4429])("comes back after %i", async (code) => {
    await live();
    network.last.handlers.closed(code);
    expect(kind()).toBe("waiting");

    const waited = await waitForNext();

    expect(waited).toBeGreaterThanOrEqual(500);
    expect(waited).toBeLessThanOrEqual(1_000);
  });

  it.each([4400, 4403, 4409])("stays away after %i", async (code) => {
    await live();
    network.last.handlers.closed(code);
    clock.advance(600_000);
    await settled();

    expect(network.sockets).toHaveLength(1);
    expect(states.at(-1)).toEqual({ kind: "closed", code });
  });

  it("gets one new session after 4401, not a second one in a row", async () => {
    await live();
    network.last.handlers.closed(4401);
    await waitForNext();
    expect(admitted).toBe(2);

    network.last.handlers.closed(4401);

    expect(states.at(-1)).toEqual({ kind: "closed", code: 4401 });
  });

  it("waits longer each time, up to 15 s, forever", async () => {
    chance = 1;
    await live();
    const waits: number[] = [];
    for (let round = 0; round < 8; round++) {
      network.last.handlers.closed(1006);
      waits.push(await waitForNext());
    }

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
  });

  it("never waits less than half a second", async () => {
    chance = 0;
    await live();
    for (let round = 0; round < 6; round++) {
      network.last.handlers.closed(1006);
      expect(await waitForNext()).toBe(500);
    }
  });

  it("starts with short waits again once the server answered", async () => {
    chance = 1;
    await live();
    for (let round = 0; round < 4; round++) {
      network.last.handlers.closed(1006);
      await waitForNext();
    }
    network.last.handlers.opened();
    network.last.deliver(SUBSCRIBED);

    network.last.handlers.closed(1006);

    expect(await waitForNext()).toBe(1_000);
  });

  it.each([1001, 1012])("spreads its return over 2 s after a restart: %i", async (code) => {
    chance = 0.1;
    await live();
    network.last.handlers.closed(code);

    expect(await waitForNext()).toBe(200);
  });

  it("leaves a draining server when it was told to", async () => {
    chance = 0;
    await live();
    network.last.deliver({ type: "draining", reconnectMs: 1500 });

    expect(network.last.closedWith).toBe(4000);
    expect(await waitForNext()).toBe(1_500);
  });

  it("ignores a socket it gave up", async () => {
    await live();
    const old = network.last;
    link.drop();
    await waitForNext();
    old.handlers.closed(4400);
    old.handlers.opened();

    expect(kind()).toBe("connecting");
  });
});

describe("silence", () => {
  it("drops a line that said nothing for 60 s", async () => {
    await live();
    clock.advance(59_900);
    expect(kind()).toBe("live");

    clock.advance(200);

    expect(network.last.closedWith).toBe(4000);
    expect(kind()).toBe("waiting");
  });

  it("counts any frame as a sign of life, and answers no ping", async () => {
    await live();
    for (let beat = 0; beat < 10; beat++) {
      clock.advance(25_000);
      network.last.deliver({ type: "ping" });
    }

    expect(kind()).toBe("live");
    expect(network.last.sent).toEqual(["hello"]);
  });

  it("also gives up a socket that never opens", async () => {
    link.start();
    await settled();
    clock.advance(60_000);

    expect(network.last.closedWith).toBe(4000);
  });
});

describe("waking up", () => {
  it("asks whether the line is there, and keeps it when it is", async () => {
    await live();
    link.wake();
    expect(network.last.sent).toEqual(["hello", '{"type":"ping","n":1}']);

    network.last.deliver({ type: "pong", n: 1 });
    clock.advance(20_000);

    expect(kind()).toBe("live");
  });

  it("drops the line when no pong comes within 10 s", async () => {
    await live();
    link.wake();
    clock.advance(10_000);

    expect(network.last.closedWith).toBe(4000);
    expect(kind()).toBe("waiting");
  });

  it("does not wait for the rest of the back-off", async () => {
    await live();
    network.last.handlers.closed(1006);
    link.wake();

    expect(network.sockets).toHaveLength(2);
    clock.advance(30_000);
    expect(network.sockets).toHaveLength(2);
  });
});
