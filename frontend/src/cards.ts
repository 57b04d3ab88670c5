/** The cards that stand in the page, in the order in which they came. */

import type { ShownCard } from "./helping";

export class Cards {
  private readonly shown = new Set<ShownCard>();

  enlist(card: ShownCard): () => void {
    this.shown.add(card);
    return () => this.shown.delete(card);
  }

  /** Unfold the last card where it is folded; false where there is nothing to unfold. */
  reveal(): boolean {
    const last = [...this.shown].at(-1);
    if (last?.hidden !== true) return false;
    last.reveal();
    return true;
  }
}
