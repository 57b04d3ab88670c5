/** What stands between the messages: cards and the like, in the order in which they came. Pure. */

import type { Message, Notice } from "./protocol";

/** The id of the card that came with the refusal of a run; it is not in the log. */
export const refusedId = (runId: string): string => `refused-${runId}`;
export const isRefused = ({ id }: Notice): boolean => id.startsWith(refusedId(""));

interface Shown {
  readonly messages: readonly Message[];
  readonly notices: readonly Notice[];
}

/**
 * Add a notice after the last message. A help card replaces an earlier one with the same `cardId`
 * in its place, or comes here if that place is gone, or was only a refusal's.
 */
export function notify(
  { messages, notices }: Shown,
  notice: Omit<Notice, "afterMessageId">,
): readonly Notice[] {
  const old = notices.find((one) => sameCard(one, notice));
  const stays =
    old !== undefined && !isRefused(old) && messages.some(({ id }) => id === old.afterMessageId);
  const afterMessageId = stays ? old.afterMessageId : (messages.at(-1)?.id ?? null);
  return addNotice(notices, { ...notice, afterMessageId });
}

/** Its help is shown at once, and only the latest of several: nobody is to be nagged. */
export function refusedWith(
  { messages, notices }: Shown,
  value: Notice["value"],
  runId: string,
): readonly Notice[] {
  const help = { id: refusedId(runId), name: "kindline.help", value };
  // The log has it already: that a resend was refused takes nothing away.
  if (notices.some((one) => !isRefused(one) && sameCard(one, help))) return notices;
  const others = notices.filter((notice) => !isRefused(notice));
  return notify({ messages, notices: others }, help);
}

/** The card of a run's refusal stands below what it asks, where the log's will come. */
export const below = ({ messages, notices }: Shown, runId: string): readonly Notice[] =>
  notices.map((one) =>
    one.id === refusedId(runId) ? { ...one, afterMessageId: messages.at(-1)?.id ?? null } : one,
  );

/**
 * All that is there, sent anew. A card stays where it stands, for the person may be at it; so does
 * a refusal's, which is in no log, unless something they said has been taken meanwhile.
 */
export function renewed(old: Shown, came: Shown): readonly Notice[] {
  const ids = new Set(came.messages.map(({ id }) => id));
  const had = new Set(old.messages.map(({ id }) => id));
  const taken = came.messages.some(({ id, role }) => role === "user" && !had.has(id));
  const placed = came.notices.map((notice) => {
    const after = old.notices.find((one) => sameCard(one, notice))?.afterMessageId;
    return typeof after === "string" && ids.has(after)
      ? { ...notice, afterMessageId: after }
      : notice;
  });
  const waiting = had.size > 0 && taken ? [] : old.notices.filter(isRefused);
  return [...waiting, ...placed].reduce(addNotice, []);
}

/** What stood after words that are taken back stands after what is left before them. */
export function movedUp(
  { messages, notices }: Shown,
  kept: readonly Message[],
  which: (notice: Notice) => boolean,
): readonly Notice[] {
  const ids = new Set(kept.map(({ id }) => id));
  return notices.map((notice) => {
    const at = messages.findIndex(({ id }) => id === notice.afterMessageId);
    if (at < 0 || ids.has(messages[at]?.id ?? "") || !which(notice)) return notice;
    const before = messages.slice(0, at).findLast(({ id }) => ids.has(id));
    return { ...notice, afterMessageId: before?.id ?? null };
  });
}

export function addNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  const at = notices.findIndex((old) => sameCard(old, notice));
  return at < 0 ? [...notices, notice] : notices.with(at, notice);
}

const sameCard = (a: Pick<Notice, "name" | "value">, b: typeof a): boolean =>
  a.name === b.name && a.value.cardId !== undefined && a.value.cardId === b.value.cardId;
