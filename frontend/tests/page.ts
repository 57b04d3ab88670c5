/** A page with a fake network, played from the server's side; fresh before every test. */

import { beforeEach } from "vitest";
import type { Conversation, View } from "../src/conversation";
import { Memory } from "../src/storage";
import { conversation, FakeBox, FakeClock, FakeNetwork, settled } from "./fakes";

export let clock: FakeClock;
export let network: FakeNetwork;
let tab: FakeBox;
export let memory: Memory;
let ids: number;
export let view: View;
export let talk: Conversation;

/** Open the page; a second time with the same boxes is a reload. */
export function openPage(): void {
  clock = new FakeClock();
  network = new FakeNetwork();
  memory = new Memory(tab, new FakeBox());
  talk = conversation({
    memory,
    clock,
    network,
    newId: () => `id${++ids}`,
    onChange: (next) => (view = next),
  });
  view = talk.view;
}

export async function connect(cursor = "0-0", messages: readonly object[] = []): Promise<void> {
  talk.start();
  await settled();
  network.last.handlers.opened();
  network.last.deliver({ type: "snapshot", threadId: "t1", cursor, messages, notices: [] });
  network.last.deliver({ type: "subscribed", threadId: "t1", recovered: false, cursor });
}

export async function reconnect(active?: string): Promise<void> {
  clock.advance(15_000);
  await settled();
  network.last.handlers.opened();
  const extra = active === undefined ? {} : { active: { runId: active } };
  network.last.deliver({ type: "subscribed", threadId: "t1", recovered: true, ...extra });
}

let seq: number;
export function emit(chunk: object): void {
  const frame = {
    id: `1-${seq + 1}`,
    prev: seq === 0 ? "0-0" : `1-${seq}`,
    threadId: "t1",
    chunk,
  };
  seq += 1;
  network.last.deliver(frame);
}

/** A frame of the run got lost on the way. */
export function lose(): void {
  seq += 1;
}

export const submits = () =>
  network.last.received.filter((frame) => "runId" in frame && !("type" in frame));
export const sentOf = (type: string) =>
  network.last.received.filter((frame) => frame.type === type);

export function started(runId: string, id: string, content: string): void {
  emit({
    type: "RUN_STARTED",
    threadId: "t1",
    runId,
    input: { messages: [{ id, role: "user", content }] },
  });
}

export const refuse = (runId: string, extra: object) =>
  network.last.deliver({
    type: "RUN_ERROR",
    code: "x",
    message: "Not now.",
    metadata: { kindline: { threadId: "t1", runId, retryAfterMs: 1500, ...extra } },
  });

beforeEach(() => {
  tab = new FakeBox();
  ids = 0;
  seq = 0;
  openPage();
});
