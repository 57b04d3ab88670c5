"""The socket `?runId=&offset=`: one run from after that id to its end, and nothing else.

TanStack's client opens it after a drop, and to join a run. It takes any close for one more drop,
unless it has seen an event that ends a run: so that, bare, is how an unknown run is refused.
"""

from __future__ import annotations

from typing import Any

from realtime.chat import bridge, protocol, queries
from realtime.chat.codes import CloseCode
from realtime.chat.follower import Follower, Place
from realtime.chat.guarded import query_value
from realtime.chat.listening import ListeningSocket
from realtime.chat.protocol import Cursor, FrameError
from realtime.chat.wording import ENVELOPES, RunOnly, ends_a_run


def is_replay(scope: Any) -> bool:
    """A `runId` alone means nothing: TanStack's first connect says one."""
    return query_value(scope, "runId") is not None and query_value(scope, "offset") is not None


class ReplaySocket(ListeningSocket):
    async def opened(self) -> None:
        run_id = self.run_id = query_value(self.scope, "runId") or ""
        try:
            protocol.check_id(run_id, name="runId")
            place = await bridge.run(queries.run_place, owner_id=self.person, run_id=run_id)
        except bridge.StorageUnavailable:
            self.end(CloseCode.OVERLOADED)
            return
        except FrameError as error:
            self._refuse("invalid_input", str(error))
            return
        if place is None:
            self._refuse("not_found", "You have no such run.")
            return
        after = place.after(query_value(self.scope, "offset") or "")
        if after is None:
            self._refuse("invalid_input", "That offset is none of this run's.", place.thread_id)
        elif place.over and after == place.end:
            self.end(CloseCode.DONE)
        else:
            self._follow(place, after)

    def _follow(self, place: queries.RunPlace, after: Cursor) -> None:
        gone = self._refusal("not_found", "This conversation was deleted.", place.thread_id)
        follower = Follower(
            owner_id=self.person,
            thread_id=place.thread_id,
            sink=self.outbox,
            queued=Place(after, announced=True),
            wording=RunOnly(ENVELOPES, place.end.ord, gone),
        )
        self.followers[place.thread_id] = follower
        self.engine.hub.follow(follower)

    def take(self, frame: protocol.Inbound) -> None:
        match frame:
            case protocol.Ping():
                self.outbox.reply(protocol.pong(frame.n))
            case protocol.Pong():
                pass
            case _:
                raise FrameError("this socket only replays: open one without offset")

    def sent(self, text: str) -> None:
        if ends_a_run(text):
            self.end(CloseCode.DONE)

    def _refuse(self, code: str, message: str, thread_id: str = "") -> None:
        self.outbox.reply(self._refusal(code, message, thread_id))

    def _refusal(self, code: str, message: str, thread_id: str) -> str:
        return protocol.refusal(
            code=code, message=message, thread_id=thread_id, run_id=self.run_id
        )
