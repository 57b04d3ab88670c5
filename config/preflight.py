"""`python -m config.preflight [DATABASE_URL] [REDIS_URL]`: do the settings make sense here?

Reads the settings, and tries the services that are named. What makes a start pointless is one line
on stderr and status 1; what one can live without is a line on stdout.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

_STATE = """
    SELECT current_setting('server_encoding'), pg_is_in_recovery(),
    to_regclass('django_migrations') IS NOT NULL
    OR coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
_OWN = "unset it and ./dev starts its own"
# What Postgres says, in the order of looking, and what helps.
_CURES = {
    "password authentication failed": "mend user and password in it",
    "no password supplied": "write it as postgres://user:password@host:port/name",
    "no pg_hba.conf entry": "let that server's pg_hba.conf allow this user and machine",
    "role ": "mend the user in it, or make that user (createuser)",
    "database ": "mend the name in it, or make that database (createdb)",
    "resolve": "mend the host in it",
    "translate host name": "mend the host in it",
    "refused": f"start Postgres there, mend host and port, or {_OWN}",
    "timeout": "see that it can be reached from here, or mend host and port",
    "SSL": "mend ?sslmode=... at its end, and see that a Postgres listens there",
}


class Unusable(Exception):
    """Says what is wrong, and the cure."""


def main(names: Sequence[str]) -> None:
    """Try what is named; leaves with status 1 at the first that cannot work."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        _read_settings()
        if "DATABASE_URL" in names:
            _try_postgres()
        if "REDIS_URL" in names:
            _try_redis()
    except (ImproperlyConfigured, Unusable) as reason:
        sys.exit(str(reason))


def _read_settings() -> None:
    from django.conf import settings

    settings.DATABASES  # noqa: B018 - the first look reads them all


def _try_postgres() -> None:
    import psycopg
    from django.db import DatabaseError, connection

    try:
        connection.ensure_connection()
        # Past Django's cursor, which warns that the rooms are not loaded: none is needed.
        state = connection.connection.execute(_STATE).fetchone()
    except (DatabaseError, psycopg.Error) as error:
        raise Unusable(_explained(str(error))) from None
    finally:
        connection.close()
    encoding, read_only, may_migrate = state
    if encoding != "UTF8":
        cure = "make one by createdb --encoding=UTF8 --template=template0"
        raise Unusable(f"DATABASE_URL: that database keeps {encoding}, not UTF8: {cure}")
    if read_only:
        raise Unusable("DATABASE_URL: that Postgres is a read-only replica: name its primary")
    if not may_migrate:
        cure = "make it the owner (ALTER DATABASE ... OWNER TO ...)"
        raise Unusable(f"DATABASE_URL: its user may create no tables in that database: {cure}")


def _explained(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line.rpartition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    reason = (fatal or lines or ["no connection"])[0].removeprefix("connection failed: ")
    cures = (cure for sign, cure in _CURES.items() if sign in reason)
    return f"DATABASE_URL: {reason}: {next(cures, f'mend it, or {_OWN}')}"


def _try_redis() -> None:
    import redis
    from django.conf import settings
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    once = Retry(NoBackoff(), 0)
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, retry=once
        ) as client:
            client.ping()
    except redis.AuthenticationError as error:
        raise Unusable(f"REDIS_URL: {_first_line(error)}: mend the password in it") from None
    except (redis.ConnectionError, redis.TimeoutError) as error:
        # Redis is a hint (ADR 5): what it would have told is found in Postgres, a little later.
        serving = "serving without it, other processes follow a little later"
        sys.stdout.write(f"REDIS_URL: {_first_line(error)}: {serving}; mend it, or {_OWN}\n")
    except redis.RedisError as error:
        raise Unusable(f"REDIS_URL: {_first_line(error)}: mend it, or {_OWN}") from None
    except (AttributeError, LookupError, TypeError, ValueError):
        # How the client takes options it does not know; what it says may repeat the address.
        options = "the options after its ? make no sense"
        raise Unusable(f"REDIS_URL: {options}: mend them, or {_OWN}") from None


def _first_line(error: Exception) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return re.sub(r"^Error -?\d+ ", "", line)


if __name__ == "__main__":
    main(sys.argv[1:])
