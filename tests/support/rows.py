"""What the tests' database holds, whichever table a later version adds."""

from __future__ import annotations

from django.db import connection
from psycopg import sql


def counts() -> dict[str, int]:
    """The number of rows of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            found[table] = cursor.fetchone()[0]
        return found


def columns_holding(words: str) -> list[str]:
    """Every table.column, of whatever type, that has these words somewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for table, column in cursor.fetchall():
            there = sql.SQL("SELECT 1 FROM {} WHERE strpos({}::text, %s) > 0 LIMIT 1")
            cursor.execute(there.format(sql.Identifier(table), sql.Identifier(column)), [words])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
        return sorted(found)
