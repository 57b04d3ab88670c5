"""Every change of what was imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from realtime.accounts.models import User
from realtime.corpus import moderating, reporting, storing
from realtime.corpus.loading.columns import SHAPES, Columns
from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.loading.reading import Checked, Numbered, check, sha256_of
from realtime.corpus.models import Import
from realtime.corpus.preparing import RULES
from realtime.corpus.provenance import Provenance, known_of
from realtime.corpus.reporting import ImportReport
from realtime.corpus.signals import tell_changed
from realtime.corpus.working import prepared

__all__ = ["ImportOptions", "ImportRefused", "ImportReport", "import_file", "import_files"]

SAMPLE = Path(__file__).resolve().parent / "sample" / "exchanges.jsonl"
_SAMPLE_SAYS = Provenance(
    attribution="example written for this project",
    licence="CC0-1.0",
    licence_text="CC0 1.0: https://creativecommons.org/publicdomain/zero/1.0/legalcode\n",
)
_IMPORT_LOCK = 0x636F7270  # advisory lock: two imports run one after the other
Progress = Callable[[int, int], None]  # rows done, of how many


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`says`: words of who imports; empty ones are filled with what is known of the file."""

    columns: Columns = field(default_factory=Columns)
    says: Provenance = field(default_factory=Provenance)
    origin: Import.Origin = Import.Origin.FILE
    name: str = ""
    dry_run: bool = False

    def kept(self) -> dict[str, Any]:
        """What makes other rows of the same bytes."""
        return {"columns": self.columns.chosen(), "rules": RULES}


def _no_progress(done: int, rows: int) -> None:
    pass


def import_file(
    *,
    path: Path,
    options: ImportOptions,
    by: User | None = None,
    progress: Progress = _no_progress,
) -> ImportReport:
    """Import a file whole or not at all; ImportRefused lists its faults. See import_files."""
    return import_files(paths=[path], options=options, by=by, progress=progress)


def import_files(
    *,
    paths: Sequence[Path],
    options: ImportOptions,
    by: User | None = None,
    progress: Progress = _no_progress,
) -> ImportReport:
    """Import files as one. The same bytes again change nothing but the words of their origin.

    What was imported of the same bytes by older rules is replaced.
    """
    checked = check(paths, options.columns)
    with transaction.atomic():
        _one_at_a_time()
        report = _import(checked, options, by, progress)
        transaction.set_rollback(options.dry_run)
    return report


def import_sample() -> ImportReport | None:
    """Bring the exchanges that come with the product up to date; None where they are."""
    if not SAMPLE.is_file():
        return None
    options = ImportOptions(says=_SAMPLE_SAYS, origin=Import.Origin.SAMPLE, name="sample")
    mine = Import.objects.filter(origin=Import.Origin.SAMPLE)
    there = mine.first()
    if there and (there.sha256, there.options) == (sha256_of([SAMPLE]), options.kept()):
        return None
    checked = check([SAMPLE], options.columns)
    with transaction.atomic():
        _one_at_a_time()
        mine.exclude(sha256=checked.sha256).delete()
        return _import(checked, options, None, _no_progress)


@transaction.atomic
def remove_import(*, import_id: int) -> Import | None:
    """Remove an import with its rows; what only stood behind them comes forward. None: no such."""
    _one_at_a_time()
    source = Import.objects.filter(id=import_id).first()
    if source is None:
        return None
    source.delete()
    storing.regroup()
    tell_changed()
    return source


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_IMPORT_LOCK])


def _import(
    checked: Checked, options: ImportOptions, by: User | None, progress: Progress
) -> ImportReport:
    says = options.says.over(known_of(checked.sha256, checked.columns))
    scores = moderating.known_scores()
    for there in Import.objects.filter(sha256=checked.sha256):
        if there.options == options.kept():
            return _said_anew(there, options.says)
        if there.options.get("columns") == options.kept()["columns"]:
            there.delete()
    source = Import.objects.create(
        name=options.name or _name(checked.paths),
        origin=options.origin,
        sha256=checked.sha256,
        options=options.kept(),
        shape=SHAPES[checked.shape.kind],
        rows_read=checked.rows,
        imported_by=by,
        **asdict(says),
    )
    exchanges = _watched(checked, progress)
    if not storing.store(source, prepared(exchanges, rows=checked.rows)):
        raise ImportRefused([f"{source.name}: there is no question with an answer in it"])
    repeated = storing.merge_repeats(source)
    moderating.carry_over(source_id=source.pk, known=scores)
    storing.regroup()
    source.report = reporting.counts_of(source, rows=checked.rows, repeated=repeated)
    source.save(update_fields=["report"])
    tell_changed()
    return ImportReport(source, source.report)


def _said_anew(source: Import, says: Provenance) -> ImportReport:
    """Keep the rows; note what was said now of their origin, for people are shown that."""
    said = {name: value for name, value in asdict(says).items() if value}
    words = {name: value for name, value in said.items() if value != getattr(source, name)}
    for name, value in words.items():
        setattr(source, name, value)
    if words:
        source.save(update_fields=list(words))
    return ImportReport(source, source.report, new=False)


def _watched(checked: Checked, progress: Progress) -> Iterator[Numbered]:
    for each in checked.exchanges():
        progress(each.row, checked.rows)
        yield each


def _name(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
