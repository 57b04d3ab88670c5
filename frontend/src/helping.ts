/** What a help card can do besides showing lines. */

import type { Help, Sought } from "./help";

export interface Tap {
  /** The id of a line, or one of the two that are no lines. */
  readonly line: string;
  readonly kind: string;
  readonly help: Help;
}

/** A card of the page, for the Help button. */
export interface ShownCard {
  readonly hidden: boolean;
  reveal(): void;
}

export interface Helping {
  readonly helpPath: string;
  /** The country the person chose, in this card or an earlier one. */
  readonly chosen: string | null;
  /** Remember the choice and fetch its lines for what is sought, else for anybody; null for none. */
  choose(code: string, sought: Sought): Promise<Help | null>;
  /** Counted without a name, never waited for. */
  tapped(tap: Tap): void;
  doesNotFit(cardId: string): void;
  /** The card is in the page until what is returned is called. */
  enlist(card: ShownCard): () => void;
}
