import { describe, expect, it } from "vitest";
import { MarkdownStream, mend, renderMarkdown } from "../src/markdown";

const html = (text: string): string =>
  renderMarkdown(text)
    .map((block) => block.html)
    .join("");

function page(text: string): HTMLElement {
  const body = document.createElement("div");
  body.innerHTML = html(text);
  return body;
}

const SAMPLES: Readonly<Record<string, string>> = {
  paragraphs: "Hello **there**.\n\nI'm here, *take your time*.\nNext line.\n\nLast one.",
  "a tight list": "Some things:\n\n- breathe in for 4\n- hold\n- out for 6\n\nThen rest.",
  "a loose list": "1. one\n\n2. two\n\n   more of two\n\n3. three\n\nend",
  "nested lists": "1. a\n   - b\n     - c\n2. d",
  "fenced code": "before\n\n```py\nprint('*not bold*')\n\n# still code\n```\n\nafter",
  "a table": "| a | b |\n|---|:-:|\n| **x** | `y` |\n| 1 | 2 |\n\nafter",
  quotes: "> q\n> > nested\n\nafter",
  "reference links":
    "See [ref][1] and [two].\n\nText.\n\n[1]: https://one.example\n[two]: https://two.example",
  setext: "Title\n=====\n\ntext\n\n***\n\n### h3",
  "emoji and RTL": "👩‍👩‍👧 and שלום **עולם**\n\nمرحبا — ok",
  separators: "line one\u2028line two\u2029line three\r\nwin",
  tasks: "- [ ] todo\n- [x] done",
};

const HOSTILE: readonly string[] = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "<svg/onload=alert(1)>",
  '<a href="javascript:alert(1)">z</a>',
  "<details open ontoggle=alert(1)>x</details>",
  "<iframe src=https://evil.example></iframe>",
  "<style>*{display:none}</style>",
  "<form action=https://evil.example><input name=a></form>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  '<b style="position:fixed" onclick=alert(1)>x</b>',
  "<base href=https://evil.example>",
  "<meta http-equiv=refresh content=0>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](<javascript:alert(1)>)",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox)",
  "[x](file:///etc/passwd)",
  "[x](blob:https://evil.example/1)",
  "[x](//evil.example)",
  "[x](/admin/)",
  '[x](https://ok.example " onmouseover=alert(1) ")',
  '[x](https://ok.example/"onmouseover=alert(1))',
  "![t](https://evil.example/track.png?q=secret)",
  '!["><img src=x onerror=alert(1)>](x)',
  "![t][r]\n\n[r]: https://evil.example/t.png",
  "[r][r]\n\n[r]: javascript:alert(1)",
  "<javascript:alert(1)>",
  '```"><img src=x onerror=alert(1)>\n<img src=x onerror=alert(1)>\n```',
  "`<img src=x onerror=alert(1)>`",
  "# <img src=x onerror=alert(1)>",
  "| <img src=x onerror=alert(1)> |\n|---|\n| <script>1</script> |",
  "- <img src=x onerror=alert(1)>\n> <svg onload=alert(1)>",
  "&lt;img src=x onerror=alert(1)&gt;",
  "<a name=getElementById></a><form id=body></form>",
];

const BAD_NODES =
  "script,style,img,svg,math,iframe,object,embed,form,input,base,meta,link,details,video,audio,template,[style],[id],[name],[class],[src],[srcset]";

function expectHarmless(body: HTMLElement): void {
  expect(body.querySelector(BAD_NODES)).toBeNull();
  for (const node of body.querySelectorAll("*")) {
    for (const { name } of node.attributes) {
      expect(["href", "rel", "target", "start", "align"]).toContain(name);
    }
  }
  for (const link of body.querySelectorAll("a[href]")) {
    expect(link.getAttribute("href")).toMatch(/^(https?:\/\/|mailto:|tel:)/);
    expect(link.getAttribute("rel")).toContain("noopener");
  }
}

describe("a growing text", () => {
  it.each(Object.entries(SAMPLES))("ends equal to one full render: %s", (_name, text) => {
    for (const step of [1, 2, 3, 7, 19]) {
      const stream = new MarkdownStream();
      for (let end = step; end < text.length; end += step) stream.update(text.slice(0, end));

      expect(stream.finish(text)).toEqual(renderMarkdown(text));
    }
  });

  it.each(Object.entries(SAMPLES))("never changes a settled block: %s", (_name, text) => {
    const stream = new MarkdownStream();
    let settled: readonly { html: string }[] = [];

    for (let end = 1; end <= text.length; end++) {
      stream.update(text.slice(0, end));
      expect(stream.settled.slice(0, settled.length)).toEqual(settled);
      settled = stream.settled;
    }
  });

  it("starts over when the text was replaced", () => {
    const stream = new MarkdownStream();
    stream.update("one\n\ntwo\n\nthree");

    expect(stream.update("other")).toEqual([{ id: 0, html: "<p>other</p>\n" }]);
  });

  it("shows every closed paragraph before the end", () => {
    const stream = new MarkdownStream();

    stream.update("first **one**\n\nsecond\n\nthi");

    expect(stream.settled.map((block) => block.html)).toEqual([
      "<p>first <strong>one</strong></p>\n",
      "<p>second</p>\n",
    ]);
  });
});

describe("half-written marks", () => {
  it.each([
    ["this is **bo", "this is **bo**"],
    ["this is **", "this is "],
    ["see [the pa", "see the pa"],
    ["see [the page](https://exa", "see the page"],
    ["call `116", "call `116`"],
    ["```\n**not", "```\n**not"],
    ["done **bold** and", "done **bold** and"],
    ["2 * 3", "2 * 3"],
  ])("do not flicker: %j", (raw, mended) => {
    expect(mend(raw)).toBe(mended);
  });
});

describe("hostile text", () => {
  it.each(HOSTILE)("is harmless when whole: %j", (text) => {
    expectHarmless(page(text));
  });

  it.each(HOSTILE)("is harmless at every length while it grows: %j", (text) => {
    const stream = new MarkdownStream();
    for (let end = 1; end <= text.length; end++) {
      const body = document.createElement("div");
      body.innerHTML = stream
        .update(text.slice(0, end))
        .map((block) => block.html)
        .join("");
      expectHarmless(body);
    }
  });

  it("keeps raw HTML readable as text", () => {
    expect(page("I <b>mean</b> it").textContent?.trim()).toBe("I <b>mean</b> it");
  });

  it("leaves only the words of a link it does not trust", () => {
    expect(html("a [calm](javascript:x) word")).toBe("<p>a calm word</p>\n");
  });

  it("shows an image as its description", () => {
    expect(page("![a calm sea](https://x.example/a.png)").innerHTML.trim()).toBe(
      "<p>a calm sea</p>",
    );
  });

  it.each(["https://ok.example/a?b=1&c=2", "mailto:a@ok.example", "tel:+442079460000"])(
    "keeps an honest link: %s",
    (href) => {
      expect(page(`[x](${href})`).querySelector("a")?.getAttribute("href")).toBe(href);
    },
  );
});
