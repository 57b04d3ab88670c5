"""The project's own hotline data in the tests' database: imported once, then copied back."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier, Literal

from realtime.hotlines import operations
from realtime.hotlines.importing.packaged import PACKAGED_FILES

_ASIDE = "own_directory"  # a schema: who empties the tables leaves it alone
_kept = False


def fill() -> None:
    """As an import, which takes a second or two, leaves the tables; they must be empty."""
    global _kept
    if _kept:
        with transaction.atomic():
            _bring_back()
        return
    operations.import_files(paths=PACKAGED_FILES)
    with transaction.atomic():
        _keep()
    _kept = True


def _keep() -> None:
    with connection.cursor() as sql:
        sql.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(_ASIDE)))
        sql.execute(SQL("CREATE SCHEMA {}").format(Identifier(_ASIDE)))
        for table in _tables():
            names = Identifier(_ASIDE, table), Identifier(table)
            sql.execute(SQL("CREATE TABLE {} AS TABLE {}").format(*names))


def _bring_back() -> None:
    with connection.cursor() as sql:
        for table in _tables():
            names = Identifier(table), Identifier(_ASIDE, table)
            sql.execute(SQL("INSERT INTO {} TABLE {}").format(*names))
            for found in connection.introspection.get_sequences(sql, table):
                ids = Literal(found["name"]), Identifier(found["column"]), Identifier(table)
                sql.execute(SQL("SELECT setval({}, max({})) FROM {}").format(*ids))


@cache
def _tables() -> list[str]:
    models = apps.get_app_config("hotlines").get_models(include_auto_created=True)
    return [model._meta.db_table for model in models]
