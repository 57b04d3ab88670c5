/**
 * One WebSocket that keeps coming back. It knows nothing of messages: it lets the owner say hello
 * on every fresh socket, hands over frames and tells how the line is. Time, chance and the socket
 * itself are given from outside.
 *
 * idle -> connecting -> live -> waiting -> connecting ... ; `limited` is a `waiting` the server asked
 * for; `closed` is left only by `start()`.
 */

import { decodeFrame } from "./decode";
import { pingFrame, type ServerFrame } from "./protocol";

export interface SocketHandlers {
  opened(): void;
  heard(data: string): void;
  closed(code: number): void;
}

export interface SocketLike {
  send(data: string): void;
  close(code: number): void;
}

export interface Clock {
  set(run: () => void, ms: number): number;
  clear(timer: number): void;
}

/** The server takes no new guests for now and says when to ask again, if it knows. */
export interface Limited {
  readonly message: string;
  readonly waitMs: number | null;
}

/** `denied`: the server will not have us; `failed`: try again later. */
export type Admission = "ok" | "denied" | "failed" | Limited;

export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "waiting" }
  | { readonly kind: "limited"; readonly message: string }
  | { readonly kind: "closed"; readonly code: number };

export interface LinkParts {
  readonly open: (handlers: SocketHandlers) => SocketLike;
  readonly admit: () => Promise<Admission>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hello: () => readonly string[];
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onState: (state: LinkState) => void;
}

const SILENCE_MS = 60_000;
const PONG_MS = 10_000;
const LEAST_WAIT_MS = 500;
const MOST_WAIT_MS = 15_000;
const RESTART_JITTER_MS = 2_000;
/** Longer timers overflow in browsers, and nobody waits that long. */
const MOST_HOLD_MS = 86_400_000;
/** The browser may not send 1006; any private code tells the server we left on purpose. */
const CLIENT_GONE = 4000;
const FORBIDDEN = 4403;

/** Codes after which trying again cannot help. 4401 is not here: it gets one fresh session. */
const FINAL = new Set([4400, FORBIDDEN, 4409]);
const RESTART = new Set([1001, 1012]);

export class Link {
  private socket: SocketLike | null = null;
  private state: LinkState = { kind: "idle" };
  private attempt = 0;
  private admitted = false;
  /** Closed with 4401 since the last answer: a second time in a row is final. */
  private rejected = false;
  private silence: number | null = null;
  private pong: number | null = null;
  private retry: number | null = null;
  private pings = 0;

  constructor(private readonly parts: LinkParts) {}

  start(): void {
    if (this.state.kind === "idle" || this.state.kind === "closed") this.connect();
  }

  /** Give up the present socket and come back: silence, a test, or the demo of a lost line. */
  drop(): void {
    if (this.socket === null) return;
    this.release();
    this.backOff(this.backOffMs());
  }

  /** Send if the line is live; otherwise the owner repeats it in `hello`. */
  send(frame: string): void {
    if (this.state.kind === "live") this.socket?.send(frame);
  }

  /** The tab woke up or the network came back: is the line still there? */
  wake(): void {
    if (this.state.kind === "waiting") {
      this.connect();
    } else if (this.state.kind === "live" && this.pong === null) {
      this.send(pingFrame(++this.pings));
      this.pong = this.parts.clock.set(() => this.drop(), PONG_MS);
    }
  }

  private connect(): void {
    this.retry = this.cleared(this.retry);
    this.become({ kind: "connecting" });
    if (this.admitted) this.open();
    else void this.admitThenOpen();
  }

  private async admitThenOpen(): Promise<void> {
    const admission = await this.parts.admit();
    if (admission === "denied") return this.become({ kind: "closed", code: FORBIDDEN });
    if (admission === "failed") return this.backOff(this.backOffMs());
    if (admission !== "ok") return this.holdOff(admission);
    this.admitted = true;
    this.open();
  }

  private open(): void {
    this.listen();
    // Events of a socket that was given up are nobody's.
    const mine = (): boolean => this.socket === socket;
    const socket = this.parts.open({
      opened: () => {
        if (mine()) this.greet(socket);
      },
      heard: (data) => {
        if (mine()) this.hear(data);
      },
      closed: (code) => {
        if (mine()) this.lost(code);
      },
    });
    this.socket = socket;
  }

  private greet(socket: SocketLike): void {
    this.become({ kind: "live" });
    for (const frame of this.parts.hello()) socket.send(frame);
  }

  private hear(data: string): void {
    this.listen();
    const frame = decodeFrame(data);
    if (frame.kind === "pong") this.pong = this.cleared(this.pong);
    if (frame.kind === "subscribed") {
      this.attempt = 0;
      this.rejected = false;
    }
    if (frame.kind === "draining") {
      this.release();
      return this.backOff(frame.reconnectMs + this.parts.random() * RESTART_JITTER_MS);
    }
    this.parts.onFrame(frame);
  }

  private lost(code: number): void {
    this.release();
    if (FINAL.has(code) || (code === 4401 && this.rejected)) {
      return this.become({ kind: "closed", code });
    }
    if (code === 4401) {
      this.admitted = false;
      this.rejected = true;
    }
    const restart = RESTART.has(code) && this.attempt === 0;
    this.backOff(restart ? this.restartMs() : this.backOffMs());
  }

  private restartMs(): number {
    this.attempt += 1;
    return this.parts.random() * RESTART_JITTER_MS;
  }

  private backOffMs(): number {
    const most = Math.min(MOST_WAIT_MS, 2 * LEAST_WAIT_MS * 2 ** Math.min(this.attempt, 10));
    this.attempt += 1;
    return LEAST_WAIT_MS + this.parts.random() * (most - LEAST_WAIT_MS);
  }

  private backOff(ms: number): void {
    this.become({ kind: "waiting" });
    this.retry = this.parts.clock.set(() => this.connect(), ms);
  }

  /** Asked to wait: unlike a lost line, this is not cut short when the tab wakes up. */
  private holdOff({ message, waitMs }: Limited): void {
    const ms = waitMs === null ? this.backOffMs() : this.heldOffMs(waitMs);
    this.become({ kind: "limited", message });
    this.retry = this.parts.clock.set(() => this.connect(), ms);
  }

  private heldOffMs(waitMs: number): number {
    const ms = Math.min(MOST_HOLD_MS, Math.max(LEAST_WAIT_MS, waitMs));
    return ms + this.parts.random() * RESTART_JITTER_MS;
  }

  /** Restart the 60 s of allowed silence. */
  private listen(): void {
    this.silence = this.cleared(this.silence);
    this.silence = this.parts.clock.set(() => this.drop(), SILENCE_MS);
  }

  private release(): void {
    this.silence = this.cleared(this.silence);
    this.pong = this.cleared(this.pong);
    const { socket } = this;
    this.socket = null;
    socket?.close(CLIENT_GONE);
  }

  private cleared(timer: number | null): null {
    if (timer !== null) this.parts.clock.clear(timer);
    return null;
  }

  private become(state: LinkState): void {
    this.state = state;
    this.parts.onState(state);
  }
}
