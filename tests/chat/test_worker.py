"""The script that keeps Help on devices, as the server gives it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from realtime.chat.views import page_config
from realtime.hotlines import help_files

HERE = {"Host": "127.0.0.1"}


@pytest.fixture
def built(settings: Settings, tmp_path: Path) -> Path:
    """A page as Vite leaves it."""
    settings.DEBUG = True
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / ".vite").mkdir()
    manifest = {"src/sw.ts": {"file": "assets/sw-1.js"}}
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "sw-1.js").write_text("self.works=1;")
    return tmp_path / "assets" / "sw-1.js"


def told(answer: Any) -> dict[str, str]:
    first, _, rest = answer.content.decode().partition("\n")
    assert rest == "self.works=1;"
    found: dict[str, str] = json.loads(first.removeprefix("const KINDLINE=").removesuffix(";"))
    return found


def test_it_knows_its_addresses_and_is_asked_for_each_time(client: Client, built: Path) -> None:
    answer = client.get("/sw.js", headers=HERE)

    assert told(answer) | {"version": ""} == {
        "version": "",
        "help": "/help",
        "copies": "/api/v1/hotlines/offline/",
        "style": "/static/hotlines/help.css",
    }
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer["Content-Security-Policy"]
    again = client.get("/sw.js", headers={**HERE, "If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_other_pages_make_another_version(
    client: Client, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(client.get("/sw.js", headers=HERE))["version"]
    assert told(client.get("/sw.js", headers=HERE))["version"] == before

    monkeypatch.setattr(help_files, "version", lambda: "of other lines")

    assert told(client.get("/sw.js", headers=HERE))["version"] != before


@pytest.mark.django_db
def test_where_the_page_is_not_built_there_is_none(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.FRONTEND_DIST = tmp_path

    assert client.get("/sw.js", headers=HERE).status_code == 404
    assert page_config()["workerPath"] is None


def test_help_that_a_device_has_already_is_not_sent_again(client: Client) -> None:
    first = client.get("/help", {"country": "GB"}, headers=HERE)

    known = {**HERE, "If-None-Match": first["ETag"]}
    assert client.get("/help", {"country": "GB"}, headers=known).status_code == 304
    assert client.get("/help", {"country": "IE"}, headers=known).status_code == 200
    assert first["Cache-Control"] == "no-cache"
