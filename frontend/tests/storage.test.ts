import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config";
import { disclosureFor, disclosureKey } from "../src/disclosure";
import { hashOfThread, Memory, threadInHash } from "../src/storage";
import { FakeBox } from "./fakes";

const WAY_BACK = { threadId: "t1", country: "GB", accepted: "terms", spokenIn: "t1" };

function chatting(): { memory: Memory; tab: FakeBox; device: FakeBox } {
  const [tab, device] = [new FakeBox(), new FakeBox()];
  const memory = new Memory(tab, device);
  return { memory: Object.assign(memory, WAY_BACK), tab, device };
}

const MODEL = { name: "m", provider: "OpenAI", host: "api.openai.com", rehearsal: false };

describe("the thread in the address", () => {
  it.each(["0b9f", "a b&c=d#e", "100%", "~!@"])("comes back as it was: %s", (id) => {
    expect(threadInHash(hashOfThread(id))).toBe(id);
  });

  it.each(["", "#", "#x=1", "#t=", "#t=h%C3%A9", `#t=${"a".repeat(129)}`])(
    "is none: %s",
    (hash) => {
      expect(threadInHash(hash)).toBeNull();
    },
  );
});

describe("what the browser remembers", () => {
  it("stays in the tab unless it is to be kept", () => {
    const { memory, device } = chatting();

    expect(device.keys).toEqual([]);
    expect(memory).toMatchObject(WAY_BACK);
  });

  it("is found in a new tab once it is kept, without words that are not sent", () => {
    const { memory, device } = chatting();
    memory.keepDraft("t1", "private words");
    memory.keep(true);

    const later = new Memory(new FakeBox(), device);

    expect(later).toMatchObject({ ...WAY_BACK, kept: true });
    expect(later.draft("t1")).toBe("");
  });

  it("goes back into the tab without a trace on the device", () => {
    const { memory, tab, device } = chatting();
    memory.keep(true);
    memory.country = "FR";
    memory.keep(false);

    expect(device.keys).toEqual([]);
    expect(new Memory(tab, device)).toMatchObject({ ...WAY_BACK, country: "FR", kept: false });
  });

  it("follows what another tab chose, each with the chat of its own", () => {
    const { memory, tab, device } = chatting();
    const other = new Memory(new FakeBox(), device);
    other.threadId = "t2";
    other.keep(true);
    const during = [memory.kept, memory.threadId, other.threadId];
    memory.keep(false);

    expect(during).toEqual([true, "t1", "t2"]);
    expect([other.kept, other.threadId, device.keys]).toEqual([false, "t2", []]);
    expect(new Memory(tab, device).threadId).toBe("t1");
  });

  it("is kept nowhere where the device has no room, and loses nothing by the try", () => {
    const device = Object.assign(new FakeBox(), { setItem: fail });
    const memory = Object.assign(new Memory(new FakeBox(), device), WAY_BACK);
    memory.keep(true);

    expect([memory.canKeep, memory.kept]).toEqual([false, false]);
    expect(memory).toMatchObject(WAY_BACK);
  });

  it("tries for room without leaving a mark", () => {
    const { memory, device } = chatting();

    expect([memory.canKeep, memory.kept, device.keys]).toEqual([true, false, []]);
  });

  it.each([true, false])("does nothing when nothing changes: %s", (kept) => {
    const { memory, tab, device } = chatting();
    memory.keep(kept);
    const before = [tab.keys, device.keys];
    memory.keep(kept);

    expect([tab.keys, device.keys]).toEqual(before);
    expect(memory).toMatchObject(WAY_BACK);
  });

  it("works without any storage", () => {
    const broken = { getItem: fail, setItem: fail, removeItem: fail };
    for (const memory of [new Memory(null, null), new Memory(broken, broken)]) {
      memory.country = "GB";
      memory.keep(true);
      memory.keepDraft("t1", "x");
      expect([memory.country, memory.draft("t1"), memory.outbox("t1").submits]).toEqual([
        null,
        "",
        [],
      ]);
    }
  });

  it.each(["{", "[]", '{"submits":7}', '{"submits":[{}],"aborts":[3]}'])(
    "survives a spoilt outbox: %s",
    (spoilt) => {
      const tab = new FakeBox();
      tab.setItem("kindline.outbox.t1", spoilt);

      expect(new Memory(tab, null).outbox("t1")).toEqual({ submits: [], aborts: [] });
    },
  );
});

describe("what is said before the first message", () => {
  it("names the provider, its host, and that nobody watches, comes or is told", () => {
    const words = disclosureFor(MODEL, 30).points.join(" ");

    expect(words).toMatch(/an AI/);
    expect(words).toContain("OpenAI (api.openai.com)");
    expect(words).toMatch(
      /watching this chat live.*may read chats later.*can't send anyone.*delete.*No one is told/,
    );
  });

  it("names a server of one's own by its host alone", () => {
    const host = "llm.example:8080";

    const words = disclosureFor({ ...MODEL, provider: host, host }, 30).points.join(" ");

    expect(words).toContain("Your words go to llm.example:8080, which writes the replies.");
  });

  it.each([
    [30, "Your chat is kept for 30 days after your last message, then removed."],
    [1, "Your chat is kept for 1 day after your last message, then removed."],
    [0, "Your chat is kept until you delete it here."],
  ])("says how long words are kept: %i", (days, sentence) => {
    for (const model of [MODEL, { ...MODEL, rehearsal: true }]) {
      expect(disclosureFor(model, days).points.join(" ")).toContain(sentence);
    }
  });

  it("calls the demo a scripted demo", () => {
    const { title, points } = disclosureFor(
      { ...MODEL, host: "127.0.0.1:9", rehearsal: true },
      30,
    );

    expect(title).toBe("This is a scripted demo");
    expect(points[0]).toContain("not an AI and not support");
    expect(points[1]).toContain("to the demo program at 127.0.0.1:9.");
  });

  it("is asked again when the words go elsewhere or are kept for another time", () => {
    const asked = disclosureKey(MODEL, 30);

    expect(disclosureKey({ ...MODEL, host: "other.example" }, 30)).not.toBe(asked);
    expect(disclosureKey(MODEL, 60)).not.toBe(asked);
    expect(disclosureKey({ ...MODEL, name: "newer" }, 30)).toBe(asked);
  });
});

describe("the configuration", () => {
  it("refuses chat when there is no model", () => {
    expect(readConfig('{"model":null,"helpPath":"/aid"}')).toMatchObject({
      model: null,
      helpPath: "/aid",
      safetyPath: "/safety",
    });
    expect(readConfig("").model).toBeNull();
  });

  it.each([
    ["30", 30],
    ["0", 0],
    ["-1", 0],
    ["1.5", 0],
    ['"30"', 0],
  ])("promises an end of words only where it is told one: %s", (told, days) => {
    expect(readConfig(`{"retentionDays":${told}}`).retentionDays).toBe(days);
  });

  it.each([
    ['{"maxMessageBytes":4000}', 4_000],
    ["{}", 16_384],
  ])("lets a message be as long as the server takes it: %s", (source, bytes) => {
    expect(readConfig(source).maxMessageBytes).toBe(bytes);
  });
});

function fail(): never {
  throw new Error("storage is blocked");
}
