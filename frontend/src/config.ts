/** What Django's template tells the page. */

import { isRecord, parseJson, record, text, texts } from "./json";

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
  /** Days after the last message that a chat is kept; 0: until somebody deletes it. */
  readonly retentionDays: number;
}

export function readConfig(source: string): Config {
  const config = record(parseJson(source));
  return {
    model: isRecord(config.model) ? readModel(config.model) : null,
    suggestions: [...new Set(texts(config.suggestions))],
    socketPath: text(config.socketPath) || "/ws/v1/chat",
    apiPath: text(config.apiPath) || "/api/v1",
    helpPath: text(config.helpPath) || "/help",
    retentionDays: wholeDays(config.retentionDays),
  };
}

const wholeDays = (value: unknown): number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 0;

const readModel = (model: Readonly<Record<string, unknown>>): Model => ({
  name: text(model.name),
  provider: text(model.provider),
  host: text(model.host),
  rehearsal: model.rehearsal === true,
});
