from __future__ import annotations

import logging


class WithoutTrace(logging.Filter):
    """Lets the line through and leaves out where in the code it was said."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


class WithoutCutStreams(logging.Filter):
    """uvicorn reports each body that was left unfinished; we do that on purpose (ADR 11)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != "ASGI callable returned without completing response."
