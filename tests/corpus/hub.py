"""A stand-in of the Hugging Face hub over real HTTP: what its client asks, and its refusals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

COMMIT = "a" * 40


class Hub:
    """`files`: name and bytes of the one data set; `refusal`: status and the hub's own code."""

    def __init__(self, files: dict[str, bytes], card: dict[str, Any] | None = None) -> None:
        self.files, self.card = files, card
        self.refusal: tuple[int, str] | None = None
        self.tokens: set[str | None] = set()
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    repo: str

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        self.hub.tokens.add(self.headers.get("Authorization"))
        path = self.path.partition("?")[0]
        if self.hub.refusal is not None:
            self._send(self.hub.refusal[0], b"{}", {"X-Error-Code": self.hub.refusal[1]})
        elif path.startswith(f"/api/datasets/{self.repo}"):
            self._send(200, json.dumps(_info(self.hub, self.repo)).encode(), {})
        else:
            self._file(path.removeprefix(f"/datasets/{self.repo}/resolve/{COMMIT}/"))

    def _file(self, name: str) -> None:
        content = self.hub.files.get(name)
        if content is None:
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        tag = hashlib.sha256(content).hexdigest()
        self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def serving(hub: Hub, repo: str) -> Iterator[Hub]:
    handler = type("Handler", (_Handler,), {"hub": hub, "repo": repo})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _info(hub: Hub, repo: str) -> dict[str, Any]:
    siblings = [{"rfilename": name} for name in hub.files]
    return {"id": repo, "sha": COMMIT, "siblings": siblings, "cardData": hub.card}
