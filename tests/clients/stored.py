from __future__ import annotations

from realtime.chat.models import Message
from realtime.chat.transcript import text_of


async def stored_reply() -> str:
    """The words of all replies that count, as the database has them."""
    rows = Message.objects.filter(role="assistant", superseded_by=None).order_by("ord", "idx")
    return "".join([text_of(row.content) async for row in rows])
