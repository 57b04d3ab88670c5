"""`./dev bench`: figures of a real server on a private stack, printed, never judged.

These machines are noisy: compare figures of one run with each other, not with yesterday's.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the set-up

from benchmarks import eye, importing, reply, searching, streams  # noqa: E402
from tests.support.openai_server import ThreadedOpenAIServer  # noqa: E402
from tests.support.server import AppServer  # noqa: E402

ALL = {
    "eye": eye.measure,
    "reply": reply.measure,
    "streams": streams.measure,
    "import": importing.measure,
    "search": searching.measure,
}


def main(names: list[str]) -> None:
    unknown = set(names) - ALL.keys()
    if unknown:
        sys.exit(f"bench: unknown {', '.join(sorted(unknown))}: say some of {', '.join(ALL)}")
    call_command("migrate", verbosity=0)
    with (
        tempfile.TemporaryDirectory(prefix="kindline-bench-") as base,
        ThreadedOpenAIServer() as ai,
    ):
        server = AppServer(Path(base) / "server.log", OPENAI_BASE_URL=ai.base_url, **SETTINGS)
        with server:
            for name in names or ALL:
                asyncio.run(ALL[name](server, ai))


# As in production, but for the address; limits count people, and here one machine plays them all.
SETTINGS = {
    "PAD_FRAMES": "1",
    "TIMINGS_SCALE": "1",
    "SUBMITS_PER_MINUTE": "100000",
    "SUBMITS_BURST": "10000",
    "SUBMITS_PER_MINUTE_PER_ADDRESS": "100000",
    "RUNS_PER_PERSON": "1000",
}

if __name__ == "__main__":
    main(sys.argv[1:])
