/** What a person reads before the first message, in words of grade 6 or below. */

import type { Model } from "./config";

export interface Disclosure {
  readonly title: string;
  readonly points: readonly string[];
}

const KEPT = [
  "No one is watching this chat live.",
  "People who check how well this works may read chats later. They can't send anyone to help you.",
  "Your chat is kept until you delete it here. Deleting removes it.",
  "No one is told about this chat: not family, not a doctor, not the police.",
] as const;

export function disclosureFor({ provider, host, rehearsal }: Model): Disclosure {
  if (rehearsal) {
    return {
      title: "This is a scripted demo",
      points: [
        "It is not an AI and not support. Its replies were written in advance.",
        `Your words go to the demo program at ${host}.`,
        ...KEPT,
      ],
    };
  }
  return {
    title: "Before you write",
    points: [
      "You will talk with an AI, a computer program. It is not a person, a doctor or a therapist, and it can be wrong.",
      `Your words go to ${whereTo(provider, host)}, which writes the replies.`,
      ...KEPT,
    ],
  };
}

const whereTo = (provider: string, host: string): string =>
  provider === "" || provider === host ? host : `${provider} (${host})`;

/** Changes when what was agreed to changes, so that the person is asked again. */
export const disclosureKey = ({ host, rehearsal }: Model): string =>
  `1 ${rehearsal ? "demo" : "ai"} ${host}`;
