/**
 * What the browser remembers. All of it lives in sessionStorage: it survives a reload, but not the
 * closed tab, because other people may use this device. Where a person asked to keep the chat on
 * this device, the way back to it lives in localStorage too; words that are not sent yet never do.
 */

import type { Outbox } from "./outbox";
import { packOutbox, unpackOutbox } from "./outbox";

/** The part of `Storage` we use; blocked storage is answered as an empty one. */
export interface Box {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const THREAD = "kindline.thread";
const COUNTRY = "kindline.country";
const ACCEPTED = "kindline.disclosure";
const SPOKEN = "kindline.spoken";
const KEPT = "kindline.kept";
const DRAFT = "kindline.draft";
const OUTBOX = "kindline.outbox";

const WAY_BACK = [THREAD, COUNTRY, ACCEPTED, SPOKEN] as const;

const THREAD_ID = /^[\x20-\x7e]{1,128}$/;
const COUNTRY_CODE = /^[A-Z]{2}$/;

export class Memory {
  constructor(
    private readonly tab: Box | null,
    private readonly device: Box | null,
  ) {}

  /** False where the browser lets nothing be kept, or has no room left. */
  get canKeep(): boolean {
    if (this.kept) return true;
    write(this.device, KEPT, "1");
    const can = this.kept;
    write(this.device, KEPT, null);
    return can;
  }

  /** Asked anew each time: another tab may have changed it. */
  get kept(): boolean {
    return read(this.device, KEPT) !== null;
  }

  /** Let the device know the way back too, or this tab alone; `kept` tells whether it worked. */
  keep(kept: boolean): void {
    if (kept === this.kept) return;
    write(this.device, KEPT, kept ? "1" : null);
    for (const key of WAY_BACK) {
      const value = read(this.tab, key) ?? read(this.device, key);
      write(this.tab, key, value);
      write(this.device, key, this.kept ? value : null);
    }
  }

  get threadId(): string | null {
    return matching(THREAD_ID, this.recall(THREAD));
  }
  set threadId(id: string | null) {
    this.remember(THREAD, id);
  }

  get country(): string | null {
    return matching(COUNTRY_CODE, this.recall(COUNTRY));
  }
  set country(code: string | null) {
    this.remember(COUNTRY, code);
  }

  /** The text of the disclosure that was read; another text (say, another model) asks again. */
  get accepted(): string | null {
    return this.recall(ACCEPTED);
  }
  set accepted(what: string | null) {
    this.remember(ACCEPTED, what);
  }

  /** The thread in which words were seen last: found empty, it is gone. */
  get spokenIn(): string | null {
    return this.recall(SPOKEN);
  }
  set spokenIn(id: string | null) {
    this.remember(SPOKEN, id);
  }

  /** This tab first: another one may have a chat of its own on the device. */
  private recall(key: string): string | null {
    return read(this.tab, key) ?? (this.kept ? read(this.device, key) : null);
  }

  private remember(key: string, value: string | null): void {
    write(this.tab, key, value);
    if (this.kept) write(this.device, key, value);
  }

  /** Both belong to one thread, so that opening another link does not send words into it. */
  draft(threadId: string): string {
    return read(this.tab, `${DRAFT}.${threadId}`) ?? "";
  }
  keepDraft(threadId: string, text: string): void {
    write(this.tab, `${DRAFT}.${threadId}`, text === "" ? null : text);
  }

  outbox(threadId: string): Outbox {
    return unpackOutbox(read(this.tab, `${OUTBOX}.${threadId}`));
  }
  keepOutbox(threadId: string, outbox: Outbox): void {
    const empty = outbox.submits.length === 0 && outbox.aborts.length === 0;
    write(this.tab, `${OUTBOX}.${threadId}`, empty ? null : packOutbox(outbox));
  }
}

const matching = (pattern: RegExp, value: string | null): string | null =>
  value !== null && pattern.test(value) ? value : null;

function read(box: Box | null, key: string): string | null {
  try {
    return box?.getItem(key) ?? null;
  } catch {
    return null; // storage switched off: the page works, it only forgets
  }
}

function write(box: Box | null, key: string, value: string | null): void {
  try {
    if (value === null) box?.removeItem(key);
    else box?.setItem(key, value);
  } catch {
    // full or switched off: nothing better to do than to keep it in memory
  }
}

/** `#t=<thread id>` of the address: the same link opens the same thread in any tab of the guest. */
export function threadInHash(hash: string): string | null {
  const id = new URLSearchParams(hash.replace(/^#/, "")).get("t");
  return matching(THREAD_ID, id);
}

export const hashOfThread = (id: string): string => `#${new URLSearchParams({ t: id })}`;
