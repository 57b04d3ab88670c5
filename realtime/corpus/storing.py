"""Writes many rows at once, and brings those that say the same together."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db import connection

from realtime.corpus.flagging import EXCLUDING
from realtime.corpus.models import Exchange, Import, Risk
from realtime.corpus.preparing import Row

_COPY = """
    COPY corpus_exchange (
        source_id, row, turn, title, question, answer, history, topics, upvotes, link,
        question_key, text_key, risk, flags, usable
    ) FROM STDIN
"""
# A row said again under a second topic: one stays, with the topics of all.
_MERGE = """
    WITH again AS (
        SELECT text_key, min(id) AS stays, max(upvotes) AS most
        FROM corpus_exchange WHERE source_id = %(source)s
        GROUP BY text_key HAVING count(*) > 1
    ), topics AS (
        SELECT text_key, jsonb_agg(DISTINCT topic ORDER BY topic) AS every
        FROM corpus_exchange JOIN again USING (text_key), jsonb_array_elements(topics) AS topic
        WHERE source_id = %(source)s
        GROUP BY text_key
    )
    UPDATE corpus_exchange
    SET topics = COALESCE(topics.every, '[]'), upvotes = again.most
    FROM again LEFT JOIN topics USING (text_key)
    WHERE corpus_exchange.id = again.stays
"""
_DROP = """
    DELETE FROM corpus_exchange AS one USING corpus_exchange AS first
    WHERE one.source_id = %(source)s AND first.source_id = %(source)s
      AND one.text_key = first.text_key AND one.id > first.id
"""
_UNGROUP = """
    UPDATE corpus_exchange
    SET duplicates = NULL, usable = NOT jsonb_exists_any(flags, %(excluding)s)
    WHERE duplicates IS NOT NULL
"""
_GROUP = """
    UPDATE corpus_exchange AS one
    SET duplicates = said.group_id, usable = (one.id = said.stands),
        upvotes = CASE WHEN one.id = said.stands THEN said.most ELSE one.upvotes END
    FROM unnest(%(ids)s::bigint[], %(groups)s::bigint[], %(stands)s::bigint[], %(most)s::int[])
        AS said (id, group_id, stands, most)
    WHERE one.id = said.id
"""


def store(source: Import, rows: Iterable[Row]) -> int:
    """Copy rows into the database as they come; give how many."""
    count = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(_values(source, row))
            count += 1
    return count


def merge_repeats(source: Import) -> int:
    """Keep one of the rows of an import that say the same; give how many went."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, {"source": source.pk})
        cursor.execute(_DROP, {"source": source.pk})
        return int(cursor.rowcount)


def regroup() -> int:
    """Look anew, over all imports, for answers that are nearly the same; one stands for each
    group. Give how many are kept for another to stand for them.

    Reviewed conversations stand for nobody else's rows: they may have to go at any moment. Nor
    does a row at risk stand for one without: nobody learns from it.
    """
    from realtime.corpus import likeness  # numpy: 0.1 s

    with connection.cursor() as cursor:
        cursor.execute(_UNGROUP, {"excluding": list(EXCLUDING)})
    imported = Exchange.objects.exclude(source__origin=Import.Origin.REVIEWED)
    texts = imported.filter(usable=True).order_by("id").values_list("id", "answer")
    found = likeness.groups(texts.iterator(chunk_size=500))
    for at in range(0, len(found), 1000):
        _write_groups(found[at : at + 1000])
    return sum(len(group) - 1 for group in found)


def _write_groups(groups: list[list[int]]) -> None:
    ids = [each for group in groups for each in group]
    rows = {
        each.pk: each
        for each in Exchange.objects.filter(id__in=ids).only("flags", "answer", "upvotes", "risk")
    }
    said: dict[str, list[int | None]] = {"ids": [], "groups": [], "stands": [], "most": []}
    for group in groups:
        stands = min((rows[each] for each in group), key=_worth)
        votes = [vote for each in group if (vote := rows[each].upvotes) is not None]
        for each in group:
            said["ids"].append(each)
            said["groups"].append(group[0])
            said["stands"].append(stands.pk)
            said["most"].append(max(votes, default=None))
    with connection.cursor() as cursor:
        cursor.execute(_GROUP, said)


def _worth(row: Exchange) -> tuple[bool, bool, bool, int]:
    """What may be learnt from, then the text whose paragraphs were not lost, then the first."""
    return (row.risk != Risk.NONE, "glued" in row.flags, "\n" not in row.answer, row.pk)


def _values(source: Import, row: Row) -> tuple[object, ...]:
    return (
        *(source.pk, row.row, row.turn, row.title, row.question, row.answer),
        *(_json(row.history), _json(row.topics), row.upvotes, row.link),
        *(row.question_key, row.text_key, row.risk, _json(row.flags), row.usable),
    )


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
