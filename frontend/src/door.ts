/**
 * The way in. One request at a time: two at once from a browser without a cookie would make two
 * guests. What a visit answers is the truth of how the session is kept, whatever was asked.
 */

import type { Admission } from "./socket";

export interface Visitor {
  readonly account: boolean;
  readonly kept: boolean;
}

export type Answer = Visitor | Exclude<Admission, "ok">;

/** A visit lets the session live on: so often while the page is looked at. */
const VISIT_AGAIN_MS = 3_600_000;

export class Door {
  /** Whether to keep the session on this device, until a visit has said so. */
  wish: boolean | null = null;
  onVisitor: (visitor: Visitor) => void = () => undefined;
  private last: Promise<unknown> = Promise.resolve();
  private visitedAt: number | null = null;

  constructor(
    private readonly ask: (keep: boolean | null) => Promise<Answer>,
    private readonly now: () => number,
  ) {}

  enter(): Promise<Admission> {
    const visit = () => this.visit();
    const admission = this.last.then(visit, visit);
    this.last = admission;
    return admission;
  }

  /** The person is here: visit again when the last time is long ago, or a wish was not heard. */
  stay(): void {
    if (this.visitedAt === null) return;
    if (this.wish === null && this.now() - this.visitedAt < VISIT_AGAIN_MS) return;
    void this.enter();
  }

  /** Say at once whether to keep the session; false when it could not be said. */
  async change(keep: boolean): Promise<boolean> {
    this.wish = keep;
    const said = (await this.enter()) === "ok";
    if (!said && this.wish === keep) this.wish = null;
    return said;
  }

  private async visit(): Promise<Admission> {
    const { wish } = this;
    const answer = await this.ask(wish);
    if (typeof answer === "string" || !("kept" in answer)) return answer;
    if (this.wish === wish) this.wish = null;
    this.visitedAt = this.now();
    this.onVisitor(answer);
    return "ok";
  }
}
