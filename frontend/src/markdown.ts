/**
 * Markdown that grows. Closed blocks are parsed and sanitised once; only the open tail is rendered
 * again, and `finish` renders the whole text exactly as if it had come in one piece.
 *
 * Two walls against hostile text: raw HTML is shown as the letters it is made of and images are
 * replaced by their description while rendering; then DOMPurify keeps only known tags and links.
 */

import DOMPurify from "dompurify";
import { Marked, type Token, type Tokens } from "marked";

export interface Block {
  readonly id: number;
  readonly html: string;
}

const SAFE_LINK = /^(?:https?:\/\/|mailto:|tel:)/i;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    link(token: Tokens.Link) {
      const words = this.parser.parseInline(token.tokens);
      if (!SAFE_LINK.test(token.href)) return words;
      return `<a href="${escapeHtml(token.href)}">${words}</a>`;
    },
  },
});

const TAGS =
  "p br hr strong em del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 a table thead tbody tr th td";

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  if (!SAFE_LINK.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
  node.setAttribute("rel", "noopener noreferrer nofollow");
  node.setAttribute("target", "_blank");
});

const clean = (html: string): string =>
  purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS.split(" "),
    ALLOWED_ATTR: ["href", "start", "align"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: SAFE_LINK,
  });

const silent = ({ type }: Token): boolean => type === "space" || type === "def";

/** The whole text at once; what every stream must end in. */
export function renderMarkdown(text: string): readonly Block[] {
  const tokens = marked.lexer(text);
  return tokens
    .filter((token) => !silent(token))
    .map((token, id) => ({ id, html: clean(marked.parser([token])) }));
}

export class MarkdownStream {
  private text = "";
  /** How much of the text the closed blocks cover. */
  private used = 0;
  private closed: readonly Block[] = [];

  /** The blocks of everything but the last one; they will not change while the stream grows. */
  get settled(): readonly Block[] {
    return this.closed;
  }

  /** Take the text so far; usually it only grew, anything else starts over. */
  update(source: string): readonly Block[] {
    const text = source.replace(/\r\n?/g, "\n"); // as marked does, so that `used` counts alike
    if (!text.startsWith(this.text)) this.restart();
    this.text = text;
    const tokens = marked.lexer(text.slice(this.used));
    const last = tokens.findLastIndex((token) => !silent(token));
    for (const token of tokens.slice(0, Math.max(last, 0))) this.close(token);
    const tail = tokens[last];
    if (tail === undefined) return this.closed;
    const [open] = renderMarkdown(mend(tail.raw));
    if (open === undefined) return this.closed;
    return [...this.closed, { id: this.closed.length, html: open.html }];
  }

  finish(text: string): readonly Block[] {
    this.restart();
    this.text = text;
    this.used = text.length;
    this.closed = renderMarkdown(text);
    return this.closed;
  }

  private close(token: Token): void {
    this.used += token.raw.length;
    if (silent(token)) return;
    const html = clean(marked.parser([token]));
    this.closed = [...this.closed, { id: this.closed.length, html }];
  }

  private restart(): void {
    this.text = "";
    this.used = 0;
    this.closed = [];
  }
}

/** Hide half-written marks at the very end of the open block, so that they do not flicker. */
export function mend(raw: string): string {
  if (/^(?:```|~~~| {4}|\t)/.test(raw)) return raw;
  const whole = raw
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1")
    .replace(/(^|\s)!?\[([^\]\n]*)$/, "$1$2")
    .replace(/(^|\s)(?:\*{1,3}|_{1,3}|~~|`)$/, "$1");
  const line = whole.slice(whole.lastIndexOf("\n") + 1);
  const bare = line.replace(/`[^`]*`/g, "");
  if (bare.includes("`")) return `${whole}\``;
  const odd = (bare.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  return odd && !/[\s*]$/.test(bare) ? `${whole}**` : whole;
}

/** The words of a rendered block, for a screen reader. */
export const plainText = (html: string): string =>
  new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
