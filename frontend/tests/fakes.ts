/** A clock that is moved by hand and a socket that is played by hand. */

import { Conversation, type ConversationParts } from "../src/conversation";
import { Link, type Clock, type SocketHandlers, type SocketLike } from "../src/socket";

export class FakeClock implements Clock {
  now = 0;
  private next = 1;
  private readonly timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  set(run: () => void, ms: number): number {
    this.timers.set(this.next, { at: this.now + ms, run });
    return this.next++;
  }

  clear(timer: number): void {
    this.timers.delete(timer);
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [due] = [...this.timers]
        .filter(([, { at }]) => at <= until)
        .sort(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].run();
    }
    this.now = until;
  }
}

export class FakeSocket implements SocketLike {
  readonly sent: string[] = [];
  closedWith: number | null = null;

  constructor(readonly handlers: SocketHandlers) {}

  send(data: string): void {
    this.sent.push(data);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  /** The server's side. */
  deliver(frame: object): void {
    this.handlers.heard(JSON.stringify(frame));
  }

  get received(): readonly Record<string, unknown>[] {
    return this.sent.map((frame) => JSON.parse(frame) as Record<string, unknown>);
  }
}

/** Every socket that was opened, the newest last. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];

  readonly open = (handlers: SocketHandlers): SocketLike => {
    const socket = new FakeSocket(handlers);
    this.sockets.push(socket);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

export class FakeBox {
  private readonly items = new Map<string, string>();

  get keys(): readonly string[] {
    return [...this.items.keys()].sort();
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}

/** Let promises that are already settled run their continuations. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

interface Fakes extends Pick<ConversationParts, "memory" | "newId" | "onChange"> {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
}

/** The thread t1 of somebody in London, over these. */
export const conversation = ({ network, clock, ...parts }: Fakes): Conversation =>
  new Conversation({
    ...parts,
    threadId: "t1",
    clock,
    place: () => ({ timeZone: "Europe/London", locale: "en-GB" }),
    makeLink: (link) =>
      new Link({
        ...link,
        open: network.open,
        admit: () => Promise.resolve("ok"),
        clock,
        random: () => 0,
      }),
  });
