"""The socket `/ws/v1/chat`: translates frames into one call each and never waits for it."""

from __future__ import annotations

import asyncio

from realtime.accounts import door
from realtime.chat import protocol
from realtime.chat.following import Following
from realtime.chat.guarded import query_value, spawn
from realtime.chat.listening import ListeningSocket
from realtime.chat.requests import Request, Requests

# Requests that go on when their socket is gone; a task needs a strong reference.
_working: set[asyncio.Task[None]] = set()


class ChatConsumer(ListeningSocket):
    """One client: what it asks is done in order, the threads it follows are in the hub."""

    following: Following
    requests: Requests | None = None

    async def opened(self) -> None:
        self.following = Following(self.engine.hub, self.person, self.outbox, self.followers)
        address = door.socket_limit_key(dict(self.scope))
        self.requests = Requests(self, self.following, self.complain, address)
        spawn(self.requests.work(), _working)
        thread_id = query_value(self.scope, "threadId")
        if thread_id is not None:
            cursor = query_value(self.scope, "cursor")
            self.hear(protocol.Subscribe(thread_id=thread_id, cursor=cursor))

    def leave(self) -> None:
        """What was asked is still done: only the answer has nowhere to go."""
        super().leave()
        if self.requests is not None:
            self.requests.stop()

    def take(self, frame: protocol.Inbound) -> None:
        assert self.requests is not None
        match frame:
            case protocol.Ping():
                self.outbox.reply(protocol.pong(frame.n))
            case protocol.Pong():
                pass
            case protocol.Subscribe():
                self.following.subscribe(frame)
                self.look_again()
            case protocol.Unsubscribe():
                self.following.unsubscribe(frame.thread_id)
            case _:
                self.requests.ask(frame)

    def take_unfit(self, message: protocol.Inbound, error: protocol.FrameError) -> None:
        """A message is refused as one, with the help it calls for."""
        if isinstance(message, Request) and self.requests is not None:
            self.requests.refuse_unfit(message, error)
        else:
            super().take_unfit(message, error)

    def take_hasty(self, frame: protocol.Inbound) -> None:
        """The same of a message that comes too fast."""
        if isinstance(frame, Request) and self.requests is not None:
            self.requests.refuse_hasty(frame)
        else:
            super().take_hasty(frame)
