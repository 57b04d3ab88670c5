"""What an import came to: counts by name, kept with it, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from realtime.corpus import cleaning
from realtime.corpus.flagging import EXCLUDING, FLAGS
from realtime.corpus.models import Exchange, Import, Risk

_EVERY_FLAG = (*FLAGS, *cleaning.MENDED)
WORDS = {
    "html": "HTML taken out",
    "word_xml": "Word XML taken out",
    "image": "images taken out",
    "no_break_spaces": "no-break spaces made blanks",
    "glued": "glued sentences parted",
    "link": "with a link",
    "phone": "with a phone number",
    "email": "with an e-mail address",
    "own_practice": "that point to the writer",
    "too_short": "answer too short",
    "too_long": "answer too long",
    "empty": "question or answer empty",
    "signed_by_name": "signatures taken off",
    "medication": "that name a medication",
    "distress": "with everyday concerns",
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`counts` as kept in `Import.report`; `new`: False where nothing changed."""

    source: Import
    counts: dict[str, Any]
    new: bool = True

    def as_json(self) -> dict[str, Any]:
        source = self.source
        return {
            "id": source.pk,
            "new": self.new,
            "name": source.name,
            "origin": source.origin,
            "shape": source.shape,
            "sha256": source.sha256,
            "attribution": source.attribution,
            "licence": source.licence,
            "source_url": source.source_url,
            **self.counts,
        }

    def lines(self) -> Iterator[str]:
        source, counts = self.source, self.counts
        yield f"{source.name}: {source.shape}, sha256 {source.sha256}"
        yield f"  said to people: {source.attribution}"
        yield f"  licence: {source.licence or 'not known'}; {source.source_url or 'no source'}"
        yield f"  {counts['rows']:,} rows, {counts['exchanges']:,} exchanges"
        yield f"  {counts['repeated']:,} repeated word for word, {counts['near']:,} nearly"
        yield f"  {counts['questions']:,} questions, {counts['answers']:,} answers"
        yield from _faults(counts)
        yield (
            f"  {counts['usable']:,} usable, {counts['at_risk']:,} at risk "
            f"({counts['crisis']:,} in crisis), {counts['to_learn']:,} to learn from"
        )


def _faults(counts: dict[str, Any]) -> Iterator[str]:
    flags = counts["flags"]
    for title, names in (
        ("mended", cleaning.MENDED),
        ("kept out", EXCLUDING),
        ("told", tuple(flag for flag in FLAGS if flag not in EXCLUDING)),
    ):
        said = [f"{flags[name]:,} {WORDS[name]}" for name in names if flags.get(name)]
        if said:
            yield f"  {title}: {', '.join(said)}"


def counts_of(source: Import, *, rows: int, repeated: int) -> dict[str, Any]:
    """Count what an import's rows are now."""
    risky, usable = ~Q(risk=Risk.NONE), Q(usable=True)
    wanted = {
        "exchanges": Count("id"),
        "questions": Count("question_key", distinct=True),
        "answers": Count("answer", distinct=True),
        "near": Count("id", filter=Q(duplicates__isnull=False, usable=False)),
        "usable": Count("id", filter=usable),
        "at_risk": Count("id", filter=risky),
        "crisis": Count("id", filter=Q(risk=Risk.CRISIS)),
        "to_learn": Count("id", filter=usable & Q(risk=Risk.NONE)),
        **{f"flag {flag}": Count("id", filter=Q(flags__contains=[flag])) for flag in _EVERY_FLAG},
    }
    # Django takes a name of a column for the column.
    named = {f"n {name}".replace(" ", "_"): count for name, count in wanted.items()}
    found = Exchange.objects.filter(source=source).aggregate(**named)
    told = dict(zip(wanted, found.values(), strict=True))
    flags = {flag: told.pop(f"flag {flag}") for flag in _EVERY_FLAG}
    return {"rows": rows, "repeated": repeated, **told, "flags": flags}
