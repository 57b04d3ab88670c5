// The stock ChatClient of @tanstack/ai-client over its stock webSocket(), as its manual shows it.
import { ChatClient, fetchServerSentEvents, webSocket } from "@tanstack/ai-client";
import WebSocket from "ws";

import { asked, obey, tell } from "./told.mjs";

const reconnect = { maxAttempts: 120, delayMs: asked.delayMs };
const connection = asked.http
  ? fetchServerSentEvents(asked.http, {
      headers: { Authorization: `Bearer ${asked.token}` },
      reconnect,
    })
  : webSocket(asked.socket, {
      protocols: ["kindline.v1", `bearer.${asked.token}`],
      reconnect,
      WebSocketImpl: WebSocket,
    });

const client = new ChatClient({
  connection,
  threadId: asked.threadId,
  onMessagesChange: (messages) => tell({ messages }),
  onStatusChange: (status) => tell({ status }),
  onRunIdChange: (runId) => tell({ runId }),
  onError: (error) => tell({ error: error.message }),
});

await obey({
  send: (text) => void client.sendMessage(text),
  reload: () => void client.reload(),
  stop: () => client.stop(),
  join: async (runId) => {
    for await (const chunk of connection.joinRun(runId)) tell({ joined: chunk });
    tell({ joined: "done" });
  },
});
