"""The directory for programs: the same lines, in the same order, as the help card shows.

Public: who needs a number must not need a session. It asks the directory in memory, so that it
answers without Postgres and Redis; an answer costs a few milliseconds, and caches may keep it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from ninja import Query, Router
from pydantic import Field

from realtime.accounts.errors import ApiError
from realtime.hotlines import answers, codes
from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.queries import current_directory
from realtime.hotlines.schemas import CHANNELS, HelpOut, HotlinesIn, OfflineOut, UnknownOut

router = Router(tags=["help lines"], by_alias=True)
# How old the directory may be that answers, as on the page without script.
_DIRECTORY_S = 10.0
_LIVE = "public, max-age=60"
_OFFLINE = "public, max-age=300, stale-if-error=604800"


@router.get(
    "/hotlines", auth=None, response={200: HelpOut, 422: UnknownOut}, summary="Find help lines"
)
def find_hotlines(request: HttpRequest, asked: Query[HotlinesIn]) -> HttpResponse:
    """Lines for a country, best first, and its emergency numbers.

    `specialty` (what the help is for) and `audience` (groups the person belongs to) may be said
    several times. `language` and `channel` come first, they leave nothing out. Without a country
    there are no lines, only the international directory.
    """
    _refuse_unknown("parameter", request.GET, HotlinesIn.model_fields)
    directory = current_directory(at_most_s=_DIRECTORY_S)
    found = directory.find(_query(directory, asked), now=timezone.now(), most=asked.limit)
    content = answers.as_bytes(answers.answer(found))
    return _answered(request, content, answers.version_of(content), _LIVE)


@router.get(
    "/hotlines/offline/{country}",
    auth=None,
    response={200: OfflineOut, 304: None, 404: UnknownOut},
    summary="Read a country's offline copy",
)
def read_offline_copy(
    request: HttpRequest, country: Annotated[str, Field(max_length=60)]
) -> HttpResponse:
    """First lines, emergency numbers and words to keep on a device; `version` is the ETag."""
    directory = current_directory(at_most_s=_DIRECTORY_S)
    code = directory.country_code(country)
    if code is None:
        raise _unknown(404, "not_found", "country", directory.countries)
    today = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    content, version = answers.offline_copy(directory, code, now=today)
    return _answered(request, content, version, _OFFLINE)


def _query(directory: Directory, asked: HotlinesIn) -> HotlineQuery:
    country = directory.country_code(asked.country) if asked.country else None
    if asked.country and country is None:
        raise _unknown(422, "invalid_input", "country", directory.countries)
    _refuse_unknown("specialty", asked.specialty, directory.needs)
    _refuse_unknown("audience", asked.audience, directory.audiences)
    _refuse_unknown("channel", [asked.channel] if asked.channel else [], CHANNELS)
    return HotlineQuery(
        country=country,
        needs=tuple(dict.fromkeys(asked.specialty)),
        audiences=tuple(dict.fromkeys(asked.audience)),
        language=_language(directory, asked.language) if asked.language else None,
        channel=asked.channel or None,
    )


def _language(directory: Directory, tag: str) -> str:
    """Take any language there is, in any case; `known` names those that some line speaks."""
    try:
        return codes.check_language(codes.usual_case(tag))
    except ValueError:
        spoken = {language for line in directory.lines for language in line.languages}
        raise _unknown(422, "invalid_input", "language", sorted(spoken)) from None


def _refuse_unknown(name: str, words: Iterable[str], known: Iterable[str]) -> None:
    allowed = list(known)
    if not set(words) <= set(allowed):
        raise _unknown(422, "invalid_input", name, allowed)


def _unknown(status: int, code: str, name: str, known: Iterable[str]) -> ApiError:
    return ApiError(
        status=status,
        code=code,
        message=f"{name}: not known here; `known` lists what is.",
        known=list(known),
    )


def _answered(request: HttpRequest, content: bytes, version: str, caching: str) -> HttpResponse:
    etag = f'"{version}"'
    response = HttpResponse(content, content_type="application/json")
    answered = get_conditional_response(request, etag=etag, response=response) or response
    answered["ETag"] = etag
    answered["Cache-Control"] = caching
    return answered
