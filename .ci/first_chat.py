"""Ask a Kindline that just started what a person would: its pages, and a helpline in the chat.

Run by .ci/bare-machine with the Python in .venv: `first_chat.py http://127.0.0.1:8000`.
It writes one line, or ends with the reason.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from typing import Any

from websockets.sync.client import connect

_ASKED = "Find me a helpline in Ireland"
_PATIENCE_S = 30.0


def main(base: str) -> None:
    """Write what was answered; end with the reason when something was not."""
    for path in ("/", "/help"):
        if b"</html>" not in _fetched(base + path):
            sys.exit(f"{path} is no whole page")
    began = time.monotonic()
    events = _reply(base)
    contacts = [contact for event in events for contact in _contacts(event)]
    words = [event for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    if events[-1]["type"] != "RUN_FINISHED" or not contacts or not words:
        sys.exit(f"no helpline came; the reply ended with {events[-1]}")
    took = time.monotonic() - began
    found = f"a chat brought {len(contacts)} contacts in {took:.1f} s"
    sys.stdout.write(f"/ and /help answer, {found}\n")


def _fetched(where: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(where, timeout=_PATIENCE_S) as answer:
        return bytes(answer.read())


def _reply(base: str) -> list[dict[str, Any]]:
    """Say something as a fresh guest and collect the run's events up to its end."""
    token = json.loads(_fetched(urllib.request.Request(f"{base}/api/v1/tokens", method="POST")))
    headers = {"Authorization": f"Bearer {token['token']}"}
    events: list[dict[str, Any]] = [{"type": "NOTHING"}]
    address = base.replace("http", "ws", 1) + "/ws/v1/chat"
    with connect(address, additional_headers=headers) as line:
        line.send(json.dumps({"type": "say", "text": _ASKED}))
        while events[-1]["type"] not in ("RUN_FINISHED", "RUN_ERROR"):
            frame = json.loads(line.recv(timeout=_PATIENCE_S))
            events += [frame["chunk"]] if "chunk" in frame else []
    return events


def _contacts(event: dict[str, Any]) -> list[dict[str, Any]]:
    """What a tool's result offers to call or write to."""
    if event["type"] != "TOOL_CALL_RESULT":
        return []
    lines = json.loads(event["content"])["lines"]
    return [contact for line in lines for contact in line["contacts"]]


main(sys.argv[1])
