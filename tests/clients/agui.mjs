// The stock HttpAgent of @ag-ui/client, with its own verifier, as its manual shows it.
import { HttpAgent } from "@ag-ui/client";

import { asked, obey, tell } from "./told.mjs";

const agent = new HttpAgent({
  url: asked.http,
  threadId: asked.threadId,
  headers: { Authorization: `Bearer ${asked.token}` },
});
agent.subscribe({
  onEvent: ({ event }) => tell({ event }),
  onMessagesChanged: ({ messages }) => tell({ messages }),
});

async function run(runId) {
  tell({ status: "running" });
  try {
    const { newMessages } = await agent.runAgent({ runId });
    tell({ newMessages, messages: agent.messages, status: "ready" });
  } catch (error) {
    tell({ error: error.message, refusal: error.payload ?? null, status: "error" });
  }
}

await obey({
  send: (text, id, runId) => {
    agent.addMessage({ id, role: "user", content: text });
    void run(runId);
  },
  // As a page's "again": the history up to the question, and a new run.
  reload: (runId) => {
    const question = agent.messages.findLastIndex(({ role }) => role === "user");
    agent.setMessages(agent.messages.slice(0, question + 1));
    void run(runId);
  },
  stop: () => agent.abortRun(),
});
