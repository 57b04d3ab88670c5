/** Help over the network: lines, the guess of a place, what is kept on the device, counters. */

import { readWhere, type Where } from "./athand";
import { readHelp, type Help, type Sought } from "./help";
import type { Tap } from "./helping";

/** A server that answers this late helps nobody who looks for a number. */
const PATIENCE_MS = 5_000;

export async function linesFor(apiPath: string, code: string): Promise<Help | null> {
  const found = await read(`${apiPath}/hotlines/offline/${code}`);
  return found === null ? null : readHelp(found);
}

/** As the server orders them for what is sought now: of this no copy is kept. */
export async function fittingLines(
  apiPath: string,
  country: string,
  { needs, audiences }: Sought,
): Promise<Help | null> {
  const asked = new URLSearchParams({ country });
  for (const need of needs) asked.append("specialty", need);
  for (const audience of audiences) asked.append("audience", audience);
  const found = await read(`${apiPath}/hotlines?${asked}`);
  return found === null ? null : readHelp(found);
}

export async function whereAmI(
  apiPath: string,
  { timeZone, locale }: { readonly timeZone: string; readonly locale: string },
): Promise<Where | null> {
  const found = await read(`${apiPath}/place?${new URLSearchParams({ timeZone, locale })}`);
  return found === null ? null : readWhere(found);
}

async function read(path: string): Promise<string | null> {
  try {
    const options = { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) } as const;
    const answer = await fetch(path, options);
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** Have the service worker keep Help, and the lines of these countries, on the device. */
export async function keepOnDevice(path: string, codes: readonly string[]): Promise<void> {
  try {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(path, { updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ keep: codes });
  } catch {
    // a private window, or the browser's settings: then Help needs the network
  }
}

export function countTap(apiPath: string, { line, kind, help }: Tap): void {
  const { country, reason } = help;
  send(`${apiPath}/help/tapped`, { line, kind, country, reason: reasonOf(reason) }, "omit");
}

export function tellMisfit(apiPath: string, threadId: string, cardId: string): void {
  const verdict = "does_not_fit";
  send(`${apiPath}/help/feedback`, { threadId, cardId, verdict }, "same-origin");
}

/** Of the page itself where no log brought it. */
const reasonOf = (reason: string | null): string =>
  reason === "lost" ? "page" : (reason ?? "tool");

/** Nobody waits for it, and it outlives a page that is left for the phone. */
function send(path: string, body: object, credentials: RequestCredentials): void {
  const headers = { "content-type": "application/json" };
  const options = { method: "POST", keepalive: true, credentials, headers } as const;
  void fetch(path, { ...options, body: JSON.stringify(body) }).catch(() => undefined);
}
