"""`/help` of real servers, with storage gone, hung, or never there since the start."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from realtime.hotlines.models import Contact
from tests.support.eventually import until, until_async
from tests.support.server import AppServer, database_url, http
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.process

NOWHERE = {
    "DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
}
NEW = "020 7946 0123"


async def help_of(server: AppServer) -> str:
    page = await asyncio.to_thread(http, "GET", f"{server.url}/help?country=GB", headers={})
    return page.decode()


@sync_to_async
def edit_a_number() -> None:
    contact = Contact.objects.get(hotline_id="gb-samaritans", kind="phone")
    contact.value, contact.e164 = NEW, ""
    contact.save()


async def test_an_edited_number_is_shown_when_storage_goes_and_by_a_server_that_starts_without(
    transactional_db: None, directory: None, tmp_path: Path
) -> None:
    folder = tmp_path / "help"
    pages = {"HELP_DIR": str(folder)}

    async def shown() -> bool:
        return NEW in await help_of(server)

    def written() -> bool:
        return NEW in (folder / (folder / "current").read_text() / "GB.html").read_text()

    async with (
        tcp_proxy(database_url()) as (postgres, url),
        AppServer(tmp_path / "a.log", DATABASE_URL=url, TIMINGS_SCALE="0.005", **pages) as server,
    ):
        await until((folder / "current").exists, patience_s=30)
        assert not await shown()
        await edit_a_number()
        await until_async(shown)

        postgres.leave()
        assert await shown()
        await until(written, patience_s=30)

    async with AppServer(tmp_path / "b.log", **NOWHERE, **pages) as cold:
        begun = time.monotonic()
        assert f"Call {NEW}" in await help_of(cold)
        assert time.monotonic() - begun < 1.0


async def test_neither_hung_storage_nor_a_folder_that_cannot_be_written_to_keeps_help_waiting(
    transactional_db: None, directory: None, server_log: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    unwritable = str(tmp_path / "file" / "help")
    async with (
        tcp_proxy(database_url()) as (postgres, url),
        AppServer(server_log, DATABASE_URL=url, HELP_DIR=unwritable) as server,
    ):
        await until(lambda: "help pages: no files" in server_log.read_text())
        postgres.freeze()
        async with asyncio.timeout(2):
            assert "tel:116123" in await help_of(server)
            home = await asyncio.to_thread(http, "GET", f"{server.url}/", headers={})
        postgres.heal()

    assert b"People you can reach now" in home
