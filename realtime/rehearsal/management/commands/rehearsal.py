from __future__ import annotations

import asyncio
import ipaddress
import signal
from argparse import ArgumentParser, ArgumentTypeError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from realtime.rehearsal.server import start

# A container has an address of one of these; "every address" may be a public one and is none.
_HERE = ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


def _not_public(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address and any(address in ipaddress.ip_network(network) for network in _HERE):
        return host
    raise ArgumentTypeError(f"{host} is neither a loopback nor a private address")


def _pace(text: str) -> float:
    pace = float(text)
    if not 0 <= pace < 100_000:
        raise ArgumentTypeError("give tokens a second, or 0 for as fast as possible")
    return pace


class Command(BaseCommand):
    help = "Run the built-in scripted demo model (OpenAI's wire)."
    requires_system_checks = ()  # it needs neither the database nor Redis

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8014, help="0: any free one")
        parser.add_argument("--host", type=_not_public, default="127.0.0.1")
        parser.add_argument("--pace", type=_pace, default=40.0, help="tokens a second; 0: no wait")

    def handle(self, *args: str, port: int, host: str, pace: float, **options: object) -> None:
        if not settings.ALLOW_REHEARSAL:
            raise CommandError("The demo model runs only with DEBUG=1 or ALLOW_REHEARSAL=1.")
        try:
            asyncio.run(self._serve(host, port, pace))
        except OSError as error:
            raise CommandError(f"rehearsal: {host}:{port}: {error.strerror}") from error

    async def _serve(self, host: str, port: int, pace: float) -> None:
        asked_to_stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked_to_stop.set)
        server = await start(host=host, port=port, tokens_per_s=pace)
        name = f"[{host}]" if ":" in host else host
        self.stdout.write(f"rehearsal: ready http://{name}:{server.port}/v1")
        self.stdout.flush()
        await asked_to_stop.wait()
        await server.stop()
