/**
 * The lines for this person's country, at hand before anybody asks: the page came with some, the
 * server knows better, and the service worker keeps them. All of it works without the chat.
 */

import { readFound, type Help, type Sought } from "./help";
import { isRecord, list, parseJson, record, texts, textOrNull } from "./json";
import type { Clock } from "./socket";

/** What stands in the page: lines that count where the device's clock is one of `zones`. */
export interface Held {
  readonly zones: readonly string[];
  readonly help: Help;
}

export interface Where {
  readonly country: string | null;
  readonly guessed: boolean;
  readonly choices: readonly string[];
}

export interface AtHandParts {
  readonly held: Held;
  /** Where the person's choice is remembered. */
  readonly memory: { country: string | null };
  readonly timeZone: string;
  readonly whereAmI: () => Promise<Where | null>;
  /** For anybody there. */
  readonly linesFor: (code: string) => Promise<Help | null>;
  readonly fittingLines: (code: string, sought: Sought) => Promise<Help | null>;
  /** Have these countries kept on the device. */
  readonly keep: (codes: readonly string[]) => void;
  readonly onChange: (help: Help) => void;
  readonly now: () => number;
  readonly clock: Clock;
}

const FRESH_MS = 3_600_000;
/** What could not be had is asked for again by itself after this, then twice this, and so on. */
const RETRY_MS = 30_000;

export function readHeld(source: string): Held {
  const { zones, help } = record(parseJson(source));
  return { zones: texts(zones), help: readFound(record(help)) };
}

export function readWhere(source: string): Where | null {
  const found = parseJson(source);
  if (!isRecord(found)) return null;
  const { country, guessed, choices } = found;
  return {
    country: textOrNull(country),
    guessed: guessed === true,
    choices: list(choices).filter((code) => typeof code === "string"),
  };
}

/** No country's lines, but what to ask; the international directory stays. */
const unsure = (help: Help, choices: readonly string[]): Help => ({
  ...help,
  country: null,
  countryName: null,
  lines: [],
  emergency: [],
  guessed: false,
  choices,
});

export class HelpAtHand {
  help: Help;
  private readonly copies = new Map<string, Help>();
  private askedAt: number | null = null;
  private failures = 0;
  private retry: number | null = null;

  constructor(private readonly parts: AtHandParts) {
    const { held, memory, timeZone } = parts;
    const { country } = held.help;
    if (country !== null) this.copies.set(country, held.help);
    const here = memory.country ?? (held.zones.includes(timeZone) ? country : null);
    const choices = here ?? country;
    this.help =
      here !== null && here === country
        ? { ...held.help, guessed: memory.country === null }
        : unsure(held.help, choices === null ? [] : [choices]);
  }

  /** Ask where the person is and fetch the lines; again when that failed or was an hour ago. */
  async refresh(): Promise<void> {
    const { now } = this.parts;
    if (this.askedAt !== null && now() - this.askedAt < FRESH_MS) return;
    this.askedAt = now();
    if (await this.ask()) this.failures = 0;
    else this.tryLater();
  }

  /** Whoever wakes the page tries at once; who leaves it open is not forgotten. */
  private tryLater(): void {
    const { clock } = this.parts;
    this.askedAt = null;
    if (this.retry !== null) clock.clear(this.retry);
    const wait = Math.min(RETRY_MS * 2 ** this.failures++, FRESH_MS);
    this.retry = clock.set(() => void this.refresh(), wait);
  }

  /** False where the answer, or a part of it, could not be had. */
  private async ask(): Promise<boolean> {
    const { memory, whereAmI, keep } = this.parts;
    const choice = memory.country;
    const where =
      choice === null ? await whereAmI() : { country: choice, guessed: false, choices: [] };
    if (memory.country !== choice) return true;
    if (where === null) return false;
    const codes = where.country === null ? where.choices : [where.country];
    keep(codes);
    const fresh = await Promise.all(codes.map((code) => this.fetchLines(code)));
    if (memory.country !== choice) return true;
    const lines = this.copies.get(where.country ?? "");
    if (where.country === null) this.show(unsure(this.help, where.choices));
    else if (lines !== undefined) this.show({ ...lines, guessed: where.guessed });
    return fresh.every(Boolean);
  }

  /** The person's choice, and its lines for what a card was for, or those for anybody there. */
  async choose(code: string, sought: Sought): Promise<Help | null> {
    const { memory, keep, fittingLines } = this.parts;
    memory.country = code;
    keep([code]);
    const anybody = sought.needs.length + sought.audiences.length === 0;
    const [fresh, fitting] = await Promise.all([
      this.fetchLines(code),
      anybody ? null : fittingLines(code, sought),
    ]);
    const lines = this.copies.get(code);
    const found = lines === undefined ? null : { ...lines, guessed: false };
    if (memory.country === code) this.show(found ?? unsure(this.help, [code]));
    if (memory.country === code && !fresh) this.tryLater();
    return fitting === null ? found : { ...fitting, guessed: false };
  }

  /** Into `copies`; false where what was there before has to do. */
  private async fetchLines(code: string): Promise<boolean> {
    const fresh = await this.parts.linesFor(code);
    if (fresh !== null) this.copies.set(code, fresh);
    return fresh !== null;
  }

  private show(help: Help): void {
    this.help = help;
    this.parts.onChange(help);
  }
}
