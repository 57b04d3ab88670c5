from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from realtime.chat import tallies
from realtime.chat.answering import is_rehearsal, known
from realtime.chat.promise import promise
from realtime.hotlines import help_files
from realtime.hotlines.held_help import held_help
from realtime.hotlines.help_page import render_first_help
from realtime.hotlines.places import region_of_locale
from realtime.hotlines.queries import directory_in_memory

ENTRY, WORKER = "src/main.ts", "src/sw.ts"
_HELP, _API, _HELP_STYLE = "/help", "/api/v1", "hotlines/help.css"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The chat: what it needs to know stands in the page, so that it asks nobody else."""
    guess = _region(request)
    directory = directory_in_memory()
    context = {
        "config": page_config(),
        "assets": page_assets(),
        "first_help": render_first_help(directory, guess=guess, now=timezone.now()),
        "held_help": held_help(directory, guess=guess, now=timezone.now()),
    }
    response = render(request, "chat/page.html", context)
    patch_vary_headers(response, ["Accept-Language"])
    return response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Help without script, model, chat, Postgres or Redis; `?country=GB` chooses the lines."""
    country = request.GET.get("country") or None
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        tallies.help_page(country)  # seen by somebody, not just kept on a device
    page = help_files.help_page(country)
    return _unless_known(request, HttpResponse(page.content), page.version)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker that keeps Help on the device; another version for other pages."""
    script = _worker_script()
    if script is None:
        raise Http404
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    return _unless_known(request, response, hashlib.sha256(script).hexdigest()[:32])


def _worker_script() -> bytes | None:
    """The built script below what it has to know; None where the page was not built."""
    entry = _manifest(settings.FRONTEND_DIST).get(WORKER)
    if entry is None:
        return None
    code: bytes = (settings.FRONTEND_DIST / entry["file"]).read_bytes()
    told = {"help": _HELP, "copies": f"{_API}/hotlines/offline/", "style": static(_HELP_STYLE)}
    made_of = f"{help_files.version()} {told}".encode() + code
    told["version"] = hashlib.sha256(made_of).hexdigest()[:16]
    return f"const KINDLINE={json.dumps(told)};\n".encode() + code


def _unless_known(request: HttpRequest, response: HttpResponse, version: str) -> HttpResponse:
    """Give the response, or 304 to who has it already; always asked for, so never an old one."""
    etag = f'"{version}"'
    answer = get_conditional_response(request, etag=etag, response=response) or response
    answer["ETag"] = etag
    answer["Cache-Control"] = "no-cache"
    return answer


def _region(request: HttpRequest) -> str | None:
    """The country that the browser's first language names: a hint for pages without script."""
    languages = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return region_of_locale(languages[0][0]) if languages else None


def page_config() -> dict[str, Any]:
    config = known.model
    model = None
    if config is not None:
        rehearsal = is_rehearsal(config)
        model = {
            "name": config.resolved_model,
            "provider": "Kindline" if rehearsal else _provider_name(config.host),
            "host": config.host,
            "rehearsal": rehearsal,
        }
    return {
        "model": model,
        "suggestions": settings.REHEARSAL_SUGGESTIONS if model and model["rehearsal"] else [],
        "socketPath": "/ws/v1/chat",
        "apiPath": _API,
        "helpPath": _HELP,
        "workerPath": "/sw.js" if WORKER in _manifest(settings.FRONTEND_DIST) else None,
        "safetyPath": "/safety",
        "retentionDays": promise.days(),
        "maxMessageBytes": settings.MAX_MESSAGE_BYTES,
    }


def page_assets() -> dict[str, Any]:
    """The built script and styles, by Vite's manifest; none where the page was not built."""
    entry = _manifest(settings.FRONTEND_DIST).get(ENTRY, {})
    return {
        "js": static(f"page/{entry['file']}") if entry else None,
        "css": [static(f"page/{name}") for name in entry.get("css", [])],
    }


def _provider_name(host: str) -> str:
    return "OpenAI" if host == "api.openai.com" or host.endswith(".api.openai.com") else host


def _manifest(dist: Path) -> dict[str, Any]:
    if settings.DEBUG:
        return _read_manifest(dist)  # the page may be built again while the server runs
    return _cached_manifest(dist)


def _read_manifest(dist: Path) -> dict[str, Any]:
    path = dist / ".vite" / "manifest.json"
    if not path.is_file():
        return {}
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


_cached_manifest = cache(_read_manifest)
