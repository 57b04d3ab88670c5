/** What Django's template tells the page. */

import { isRecord, parseJson, record, text, textOrNull, texts } from "./json";

export interface Model {
  readonly name: string;
  readonly provider: string;
  readonly host: string;
  readonly rehearsal: boolean;
}

export interface Config {
  /** null: no model answers here; only help is served. */
  readonly model: Model | null;
  readonly suggestions: readonly string[];
  readonly socketPath: string;
  readonly apiPath: string;
  readonly helpPath: string;
  /** null: nothing can be kept on the device. */
  readonly workerPath: string | null;
  /** What this service does and does not do, in plain words. */
  readonly safetyPath: string;
  /** Days after the last message that a chat is kept; 0: until somebody deletes it. */
  readonly retentionDays: number;
  /** Of the text of one message, in UTF-8. */
  readonly maxMessageBytes: number;
}

const MAX_MESSAGE_BYTES = 16 * 1024;

export function readConfig(source: string): Config {
  const config = record(parseJson(source));
  return {
    model: isRecord(config.model) ? readModel(config.model) : null,
    suggestions: [...new Set(texts(config.suggestions))],
    socketPath: text(config.socketPath) || "/ws/v1/chat",
    apiPath: text(config.apiPath) || "/api/v1",
    helpPath: text(config.helpPath) || "/help",
    workerPath: textOrNull(config.workerPath),
    safetyPath: text(config.safetyPath) || "/safety",
    retentionDays: wholeNumber(config.retentionDays),
    maxMessageBytes: wholeNumber(config.maxMessageBytes) || MAX_MESSAGE_BYTES,
  };
}

const wholeNumber = (value: unknown): number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 0;

const readModel = (model: Readonly<Record<string, unknown>>): Model => ({
  name: text(model.name),
  provider: text(model.provider),
  host: text(model.host),
  rehearsal: model.rehearsal === true,
});
