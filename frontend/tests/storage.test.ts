import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config";
import { disclosureFor, disclosureKey } from "../src/disclosure";
import { hashOfThread, Memory, threadInHash } from "../src/storage";
import { FakeBox } from "./fakes";

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
  it("keeps words in the tab and choices on the device", () => {
    const [tab, device] = [new FakeBox(), new FakeBox()];
    const memory = new Memory(tab, device);
    memory.keepDraft("t1", "private words");
    memory.country = "GB";

    expect(new Memory(new FakeBox(), device).draft("t1")).toBe("");
    expect(new Memory(tab, new FakeBox()).draft("t1")).toBe("private words");
    expect(new Memory(new FakeBox(), device).country).toBe("GB");
  });

  it("works without any storage", () => {
    const broken = { getItem: fail, setItem: fail, removeItem: fail };
    for (const memory of [new Memory(null, null), new Memory(broken, broken)]) {
      memory.country = "GB";
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
    const words = disclosureFor(MODEL).points.join(" ");

    expect(words).toMatch(/an AI/);
    expect(words).toContain("OpenAI (api.openai.com)");
    expect(words).toMatch(
      /watching this chat live.*may read chats later.*can't send anyone.*until you delete.*No one is told/,
    );
  });

  it("calls the demo a scripted demo", () => {
    const { title, points } = disclosureFor({ ...MODEL, rehearsal: true });

    expect(title).toBe("This is a scripted demo");
    expect(points[0]).toContain("not an AI and not support");
  });

  it("is asked again when the words go elsewhere", () => {
    expect(disclosureKey(MODEL)).not.toBe(disclosureKey({ ...MODEL, host: "other.example" }));
    expect(disclosureKey(MODEL)).toBe(disclosureKey({ ...MODEL, name: "newer" }));
  });
});

describe("the configuration", () => {
  it("refuses chat when there is no model", () => {
    expect(readConfig('{"model":null,"helpPath":"/aid"}')).toMatchObject({
      model: null,
      helpPath: "/aid",
    });
    expect(readConfig("").model).toBeNull();
  });
});

function fail(): never {
  throw new Error("storage is blocked");
}
