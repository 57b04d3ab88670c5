"""The directory as the database has it, held by every process and checked before each use."""

from __future__ import annotations

import logging
import threading
import uuid
from functools import cache
from time import monotonic

from django.db import Error

from realtime.hotlines import facts, models
from realtime.hotlines.directory import Directory
from realtime.hotlines.importing.packaged import packaged_facts
from realtime.hotlines.opening import Hours, parse_opening

logger = logging.getLogger(__name__)

# A database that is down costs each asker a connection time-out; ask it again this much later.
_PAUSE_S = 5.0
_READS = 3


def current_directory(*, at_most_s: float = 0.0) -> Directory:
    """Give the directory as it is now: one small query, a reload only when something changed.

    One that was right `at_most_s` seconds ago will do for pages that everybody loads. When the
    database does not answer, the last good directory serves; before the first one, and before
    the first import, the data files of the product do.
    """
    return _holder.current(at_most_s)


def directory_in_memory() -> Directory:
    """Give the directory this process holds, without asking the database.

    Before the first one is loaded the product's own data files serve: a second's work, once.
    """
    return _holder.held or _files()


def stored_directory() -> Directory | None:
    """Give the directory this process read from the database, without asking it again."""
    return _holder.stored


@cache
def _files() -> Directory:
    return Directory.of(packaged_facts())


class _Holder:
    """The directory of this process; safe to ask from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._directory: Directory | None = None
        self._token: uuid.UUID | None = None
        self._asked_at = 0.0
        self._ask_again_at = 0.0

    @property
    def held(self) -> Directory | None:
        return self._directory

    @property
    def stored(self) -> Directory | None:
        return self._directory if self._token is not None else None

    def current(self, at_most_s: float) -> Directory:
        right_until = max(self._ask_again_at, self._asked_at + at_most_s)
        if self._directory is not None and monotonic() < right_until:
            return self._directory
        try:
            directory = self._asked()
            self._asked_at = monotonic()
            return directory
        except Error as error:
            logger.warning("hotlines: the database does not answer (%s)", type(error).__name__)
            self._ask_again_at = monotonic() + _PAUSE_S
            return self._directory or self._packaged()

    def _asked(self) -> Directory:
        token = version_token()
        if self._directory is not None and token == self._token:
            return self._directory
        if token is None:
            return self._packaged()
        with self._lock:
            if self._directory is None or token != self._token:
                self._directory, self._token = _loaded(token)
            return self._directory

    def _packaged(self) -> Directory:
        with self._lock:
            if self._directory is None or self._token is not None:
                self._directory, self._token = _files(), None
            return self._directory


_holder = _Holder()


def _loaded(token: uuid.UUID) -> tuple[Directory, uuid.UUID | None]:
    """Read the directory whose token was just seen, and the token that it is right for.

    It takes several queries, and a change between them would be held half old and half new: so
    it is read until the token stands still. Where it never does, whoever asks next reads again.
    """
    for _ in range(_READS):
        read, before = stored_facts(), token
        if (now := version_token()) is None:
            return _files(), None
        if now == before:
            break
        token = now
    return Directory.of(read), before


def version_token() -> uuid.UUID | None:
    """Give what changes with every change of the directory; None before the first import."""
    return models.DirectoryVersion.objects.values_list("token", flat=True).first()


def facts_now() -> facts.Facts:
    """Read everything anew: from the database, or from the files where nothing was imported."""
    return _files() if version_token() is None else stored_facts()


def stored_facts() -> facts.Facts:
    """Read everything; lines are equal to those of a data file when nothing was edited."""
    return facts.Facts(
        countries=_countries(),
        needs={
            row.slug: facts.Need(
                row.slug, row.name, row.definition, row.urgent, row.broad, row.implies_id
            )
            for row in models.Need.objects.all()
        },
        audiences={
            row.slug: facts.Audience(row.slug, row.name, row.definition)
            for row in models.Audience.objects.all()
        },
        lines=tuple(
            line_of(row)
            for row in models.Hotline.objects.prefetch_related(
                "countries", "needs", "audiences", "contacts", "sources"
            )
        ),
    )


def _countries() -> dict[str, facts.Country]:
    rows = models.Country.objects.prefetch_related("emergency_numbers__sources")
    return {
        row.code: facts.Country(
            row.code,
            row.name,
            row.lead_id,
            tuple(_emergency(number) for number in row.emergency_numbers.all()),
        )
        for row in rows
    }


def _emergency(row: models.EmergencyNumber) -> facts.EmergencyNumber:
    return facts.EmergencyNumber(
        service=row.service,
        number=row.number,
        confidence=row.confidence,
        also_reported=row.also_reported,
        note=row.note,
        sources=tuple(sorted(source.slug for source in row.sources.all())),
    )


def line_of(row: models.Hotline) -> facts.Line:
    """Turn a row into the form that pages and answers know."""
    return facts.Line(
        id=row.slug,
        name=row.name,
        organisation=row.organisation,
        countries=tuple(sorted(country.code for country in row.countries.all())),
        international=row.international,
        regions=tuple(row.regions),
        needs=tuple(sorted(need.slug for need in row.needs.all())),
        audiences=tuple(sorted(audience.slug for audience in row.audiences.all())),
        open_to_all=row.open_to_all,
        languages=tuple(row.languages),
        languages_inferred=row.languages_inferred,
        hours=Hours(row.hours, row.hours_text, row.time_zone, parse_opening(row.opening)),
        cost=row.cost,
        website=row.website,
        confidence=row.confidence,
        conflicts=row.conflicts,
        notes=row.notes,
        last_seen=row.last_seen,
        contacts=tuple(
            facts.Contact(contact.kind, contact.value, contact.e164, contact.note)
            for contact in row.contacts.all()
        ),
        sources=tuple(
            facts.Source(source.url, source.seen, source.date, source.verified_by_source)
            for source in row.sources.all()
        ),
        checked=facts.Check(row.checked_on, row.checked_how) if row.checked_on else None,
        edited_on=max(
            (c.edited_at.date() for c in row.contacts.all() if c.edited_by_hand and c.edited_at),
            default=None,
        ),
        only_for=row.only_for,
        pair=row.pair,
    )
