/** Joins the pure parts with the line: what the views show, and the verbs they may use. */

import {
  acknowledge,
  EMPTY_OUTBOX,
  markSent,
  nextToSend,
  refused,
  toKnock,
  unacknowledged,
  without,
} from "./outbox";
import type { Outbox, Pending } from "./outbox";
import { abortFrame, submitFrame, subscribeFrame, unsubscribeFrame } from "./protocol";
import type { Place, Refusal, ServerFrame, UserMessage } from "./protocol";
import type { Clock, Link, LinkParts, LinkState } from "./socket";
import type { Memory } from "./storage";
import { emptyTranscript, reduce } from "./transcript";
import type { Transcript } from "./transcript";

export interface View {
  readonly transcript: Transcript;
  readonly pending: readonly Pending[];
  readonly link: LinkState;
  readonly draft: string;
  /** An abort is on its way; ends with the run's terminal event. */
  readonly stopping: boolean;
  /** The message of theirs that the person is writing anew. */
  readonly editing: string | null;
  /** Not into a running reply, and not while something else is on its way. */
  readonly canEdit: boolean;
  /** One gentle sentence above the composer. */
  readonly notice: string | null;
}

export interface ConversationParts {
  readonly threadId: string;
  readonly memory: Memory;
  readonly makeLink: (parts: Pick<LinkParts, "hello" | "onFrame" | "onState">) => Link;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly place: () => Omit<Place, "country">;
  readonly onChange: (view: View) => void;
}

/** The demo cuts its own line after this many pieces of the reply. */
const DROP_AFTER_DELTAS = 20;
export const DROP_SUGGESTION = "Drop my connection";

export class Conversation {
  private transcript: Transcript;
  private outbox: Outbox;
  private linkState: LinkState = { kind: "idle" };
  private text: string;
  private notice: string | null = null;
  private edited: { readonly messageId: string; readonly draft: string } | null = null;
  private retry: number | null = null;
  private dropping: { readonly runId: string; readonly left: number } | null = null;
  private readonly link: Link;

  constructor(private readonly parts: ConversationParts) {
    const { threadId, memory } = parts;
    this.transcript = emptyTranscript(threadId);
    this.outbox = memory.outbox(threadId);
    this.text = memory.draft(threadId);
    this.link = parts.makeLink({
      hello: () => this.hello(),
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.lineBecame(state),
    });
  }

  get view(): View {
    const { transcript, outbox, linkState: link, text: draft, notice } = this;
    const canEdit = transcript.runId === null && outbox.submits.length === 0;
    const stopping = outbox.aborts.some(({ runId }) => runId === transcript.runId);
    const known = transcript.messages.some(({ id }) => id === this.edited?.messageId);
    const editing = known ? (this.edited?.messageId ?? null) : null;
    return {
      transcript,
      pending: outbox.submits,
      link,
      draft,
      stopping,
      editing,
      canEdit,
      notice,
    };
  }

  start(): void {
    this.link.start();
  }

  wake(): void {
    this.link.wake();
  }

  write(draft: string): void {
    this.text = draft;
    this.keepDraft();
    this.changed();
  }

  say(text: string): void {
    this.submit({ id: this.parts.newId(), role: "user", content: text }, {});
  }

  /** Say what stands in the composer, in the place of the message that is edited if there is one. */
  send(): void {
    const { editing: replaces, draft: content } = this.view;
    this.submit({ id: this.parts.newId(), role: "user", content }, { replaces });
    this.endEdit("");
    this.changed();
  }

  /** Take a message of theirs into the composer; what stood there comes back afterwards. */
  edit(messageId: string): void {
    const message = this.transcript.messages.find(({ id }) => id === messageId);
    if (message?.role !== "user" || !this.view.canEdit) return;
    this.edited = { messageId, draft: this.edited?.draft ?? this.text };
    this.write(message.content);
  }

  cancelEdit(): void {
    this.endEdit(this.text);
    this.changed();
  }

  private endEdit(text: string): void {
    this.text = this.edited === null ? text : this.edited.draft;
    this.edited = null;
    this.keepDraft();
  }

  /** What was there before an edit is worth more after a reload: the edited message still stands. */
  private keepDraft(): void {
    const draft = this.edited?.draft || this.text;
    this.parts.memory.keepDraft(this.transcript.threadId, draft);
  }

  /** Say it, and cut the line in the middle of the reply. */
  sayAndDrop(text: string): void {
    const message: UserMessage = { id: this.parts.newId(), role: "user", content: text };
    const runId = this.submit(message, {});
    this.dropping = { runId, left: DROP_AFTER_DELTAS };
  }

  /** Ask for another reply to the last thing that was said. */
  again(): void {
    const last = this.transcript.messages.findLast((message) => message.role === "user");
    if (last?.role === "user" && this.outbox.submits.length === 0)
      this.submit(last, { again: true });
  }

  stop(): void {
    const { runId, threadId } = this.transcript;
    if (runId === null || this.view.stopping) return;
    const frame = abortFrame(threadId, runId);
    this.keep({ ...this.outbox, aborts: [...this.outbox.aborts, { runId, frame }] });
    this.link.send(frame);
    this.changed();
  }

  /** Take back a message that is still waiting; its text returns to the composer. */
  withdraw(runId: string): void {
    const item = this.outbox.submits.find((submit) => submit.runId === runId);
    if (item === undefined || item.sent) return;
    this.giveBack(item);
    this.changed();
  }

  /** Leave this thread for an empty one, after it was deleted. */
  restart(threadId: string): void {
    this.link.send(unsubscribeFrame(this.transcript.threadId));
    this.parts.memory.keepDraft(this.transcript.threadId, "");
    this.keep(EMPTY_OUTBOX);
    this.dropRetry();
    this.dropping = null;
    this.transcript = emptyTranscript(threadId);
    this.notice = null;
    this.edited = null;
    this.text = "";
    this.link.send(subscribeFrame(threadId, null));
    this.changed();
  }

  private submit(
    message: UserMessage,
    { again = false, replaces = null }: { again?: boolean; replaces?: string | null },
  ): string {
    const { memory, newId, place } = this.parts;
    const runId = newId();
    const { threadId } = this.transcript;
    const where = { country: memory.country, ...place() };
    const frame = submitFrame({ threadId, runId, message, place: where, replaces });
    const { id: messageId, content: text } = message;
    const item: Pending = { runId, messageId, text, frame, again, replaces, sent: false };
    this.keep({ ...this.outbox, submits: [...this.outbox.submits, item] });
    this.notice = null;
    this.sendNext();
    // What has to wait is shown all the same: told of danger, the server's no brings help now.
    const waiting = toKnock(this.outbox, runId);
    if (waiting !== null) this.link.send(waiting.frame);
    this.changed();
    return runId;
  }

  private hello(): readonly string[] {
    const { threadId, cursor } = this.transcript;
    this.dropRetry();
    return [subscribeFrame(threadId, cursor), ...unacknowledged(this.outbox)];
  }

  private receive(frame: ServerFrame): void {
    const before = this.transcript;
    const { state, resubscribe } = reduce(before, frame);
    this.transcript = state;
    this.keep(acknowledge(this.outbox, frame, state));
    if (before.runId === null && state.runId !== null) this.notice = null;
    if (resubscribe) this.link.send(subscribeFrame(state.threadId, state.cursor));
    if (frame.kind === "refusal" && state !== before) this.answerRefusal(frame.refusal);
    this.countDelta(frame, state !== before);
    this.sendNext();
    this.changed();
  }

  private lineBecame(state: LinkState): void {
    this.linkState = state;
    this.changed();
  }

  /** Send the first waiting message once the thread is known and no reply is running. */
  private sendNext(): void {
    const { synced, runId } = this.transcript;
    const next = nextToSend(this.outbox, runId !== null || !synced);
    if (next === null || this.linkState.kind !== "live") return;
    this.keep(markSent(this.outbox, next.runId));
    this.link.send(next.frame);
  }

  private answerRefusal(refusal: Refusal): void {
    const item = refused(this.outbox, refusal);
    if (item === null) return;
    if (refusal.retryable) {
      this.notice = refusal.message;
      this.dropRetry();
      const wait = Math.max(refusal.retryAfterMs, 500);
      this.retry = this.parts.clock.set(() => this.repeat(item), wait);
      return;
    }
    this.giveBack(item);
    this.notice = refusal.message;
  }

  private repeat({ runId, frame }: Pending): void {
    const waiting = this.outbox.submits.some((item) => item.runId === runId);
    if (waiting) this.link.send(frame);
  }

  /** Put refused words back where they came from, before anything written since. */
  private giveBack(item: Pending): void {
    this.keep(without(this.outbox, item.runId));
    if (item.again) return;
    if (item.replaces !== null && this.edited === null) {
      this.edited = { messageId: item.replaces, draft: this.text };
      this.text = item.text;
    } else {
      this.text = this.text.trim() === "" ? item.text : `${item.text}\n\n${this.text}`;
    }
    this.keepDraft();
  }

  private countDelta(frame: ServerFrame, applied: boolean): void {
    const { dropping, transcript } = this;
    if (dropping === null || !applied || transcript.runId !== dropping.runId) return;
    if (frame.kind !== "envelope" || frame.chunk.type !== "TEXT_MESSAGE_CONTENT") return;
    const left = dropping.left - 1;
    this.dropping = left > 0 ? { ...dropping, left } : null;
    if (left === 0) this.link.drop();
  }

  private keep(outbox: Outbox): void {
    if (outbox === this.outbox) return;
    this.outbox = outbox;
    this.parts.memory.keepOutbox(this.transcript.threadId, outbox);
  }

  private dropRetry(): void {
    if (this.retry !== null) this.parts.clock.clear(this.retry);
    this.retry = null;
  }

  private changed(): void {
    this.parts.onChange(this.view);
  }
}
