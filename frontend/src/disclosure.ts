/** What a person reads before the first message, in words of grade 6 or below. */

import type { Model } from "./config";

export interface Disclosure {
  readonly title: string;
  readonly points: readonly string[];
}

export const KEEP_HINT =
  "Leave this off if other people use this device: the chat is then gone from it when the browser is closed. To be sure, delete it before you leave. You can change this later.";

const aboutWords = (retentionDays: number): readonly string[] => [
  "No one is watching this chat live.",
  "People who check how well this works may read chats later. They can't send anyone to help you.",
  howLong(retentionDays),
  "No one is told about this chat: not family, not a doctor, not the police.",
  "The Help page may be saved on this device, so that it works without a network. What you write is not saved with it.",
];

/** What can be read again at any time, of what is kept. */
export const privacyPoints = (retentionDays: number): readonly string[] => [
  howLong(retentionDays),
  "People who check how well this works may read chats later.",
];

/** 0 days: nothing removes it but a person. */
function howLong(days: number): string {
  if (days === 0) return "Your chat is kept until you delete it here. Deleting removes it.";
  const span = days === 1 ? "1 day" : `${days} days`;
  return `Your chat is kept for ${span} after your last message, then removed. You can delete it here at any time.`;
}

export function disclosureFor(model: Model, retentionDays: number): Disclosure {
  const { provider, host, rehearsal } = model;
  if (rehearsal) {
    return {
      title: "This is a scripted demo",
      points: [
        "It is not an AI and not support. Its replies were written in advance.",
        `Your words go to the demo program at ${host}.`,
        ...aboutWords(retentionDays),
      ],
    };
  }
  return {
    title: "Before you write",
    points: [
      "You will talk with an AI, a computer program. It is not a person, a doctor or a therapist, and it can be wrong.",
      `Your words go to ${whereTo(provider, host)}, which writes the replies.`,
      ...aboutWords(retentionDays),
    ],
  };
}

const whereTo = (provider: string, host: string): string =>
  provider === "" || provider === host ? host : `${provider} (${host})`;

/** Changes when what was agreed to changes, so that the person is asked again. */
export const disclosureKey = ({ host, rehearsal }: Model, retentionDays: number): string =>
  `3 ${rehearsal ? "demo" : "ai"} ${host} ${retentionDays}`;
