/** The real browser behind the injected parts: requests, sockets, timers, ids. */

import { parseJson, record, text } from "./json";
import type { Answer } from "./door";
import type { Clock, Limited, SocketHandlers, SocketLike } from "./socket";

export const browserClock: Clock = {
  set: (run, ms) => window.setTimeout(run, ms),
  clear: (timer) => window.clearTimeout(timer),
};

/** A random UUID; `crypto.randomUUID` is missing on plain http outside localhost. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Make this browser a guest, or let the one it is live on; sets the session cookie. */
export async function admitGuest(apiPath: string, keep: boolean | null): Promise<Answer> {
  const wish = keep === null ? {} : { keep };
  try {
    const answer = await fetch(`${apiPath}/guest`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    if (answer.ok) {
      const { kind, kept } = record(parseJson(await answer.text()));
      return { account: kind === "account", kept: kept === true };
    }
    if (answer.status === 429) return limited(answer.headers, await answer.text());
    return answer.status === 401 || answer.status === 403 ? "denied" : "failed";
  } catch {
    return "failed";
  }
}

function limited(headers: Headers, body: string): Limited {
  const seconds = Number(headers.get("Retry-After") ?? NaN);
  const waitMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
  return { message: text(record(parseJson(body)).message), waitMs };
}

/** True when the thread is gone from the server, also when it never got there. */
export async function deleteThread(apiPath: string, threadId: string): Promise<boolean> {
  try {
    const url = `${apiPath}/threads/${encodeURIComponent(threadId)}`;
    const answer = await fetch(url, { method: "DELETE" });
    return answer.ok || answer.status === 404;
  } catch {
    return false;
  }
}

export function openSocket(path: string, handlers: SocketHandlers): SocketLike {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.onopen = () => handlers.opened();
  socket.onmessage = ({ data }: MessageEvent<unknown>) =>
    handlers.heard(typeof data === "string" ? data : "");
  socket.onclose = ({ code }) => handlers.closed(code);
  return socket;
}
