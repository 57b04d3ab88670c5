"""`python -m tests.support.serve_odd_tools`: config.serve with tools that behave badly."""

from __future__ import annotations

import asyncio
import os
from typing import Any
from unittest.mock import patch

import django
from pydantic import BaseModel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config import serve  # noqa: E402 - after Django
from realtime.agent.tools import Tool, Toolbox  # noqa: E402


class Nothing(BaseModel):
    """No arguments."""


async def raises(arguments: Any) -> str:
    raise RuntimeError("a tool's own defect")


async def hangs(arguments: Any) -> str:
    await asyncio.Event().wait()
    return ""


async def floods(arguments: Any) -> str:
    return '"' + "x" * 1_000_000 + '"'


def odd_toolbox(*args: Any, **kwargs: Any) -> Toolbox:
    tools = (raises, hangs, floods)
    return Toolbox([Tool(f"odd_{run.__name__}", "Odd.", Nothing, run) for run in tools])


if __name__ == "__main__":
    with patch("realtime.chat.preparing.toolbox_for", odd_toolbox):
        serve.main()
