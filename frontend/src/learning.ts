/** Whether the person lets reviewed pieces of their chats be learnt from: asked of the server. */

import { isRecord, parseJson, record, text, texts } from "./json";

export interface Learning {
  readonly given: boolean;
  /** Some are not asked: then there is nothing to turn on. */
  readonly offered: boolean;
  /** What is agreed to: the server's words, which it knows by their version. */
  readonly version: string;
  readonly title: string;
  readonly words: readonly string[];
}

export interface LearningSays {
  /** null: it cannot be known just now. */
  ask: () => Promise<Learning | null>;
  /** What stands now; null when it could not be said. */
  allow: (version: string) => Promise<Learning | null>;
  takeBack: () => Promise<boolean>;
}

const PATIENCE_MS = 10_000;

export function learningSays(apiPath: string): LearningSays {
  const path = `${apiPath}/me/learning`;
  return {
    ask: async () => readLearning(await said(path, "GET")),
    allow: async (words) => readLearning(await said(path, "PUT", { words })),
    takeBack: async () => (await said(path, "DELETE")) !== null,
  };
}

export function readLearning(source: string | null): Learning | null {
  const found = source === null ? null : parseJson(source);
  if (!isRecord(found)) return null;
  const words = record(found.words);
  return {
    given: found.given === true,
    offered: found.offered === true,
    version: text(words.version),
    title: text(words.title),
    words: texts(words.text),
  };
}

/** The body of what was answered well; null for anything else. */
async function said(path: string, method: string, body?: object): Promise<string | null> {
  const given = body && {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(path, { method, signal, cache: "no-store", ...given });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}
