"""A command's words of its own: each `<command>_<word>.py` here is one, found by its name.

Such a module has `NAME`, `HELP`, `add_arguments(parser)` and `handle(command, options)`, and
imports heavy libraries only inside of functions: all of a command's modules are read for its help.
"""

from __future__ import annotations

import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from typing import Any, Protocol, cast

from django.core.management.base import BaseCommand


class Subcommand(Protocol):
    NAME: str
    HELP: str

    def add_arguments(self, parser: ArgumentParser) -> None: ...
    def handle(self, command: BaseCommand, options: dict[str, Any]) -> None: ...


def subcommands_of(command: str) -> list[Subcommand]:
    """Every word of a command, in the order of their modules' names."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    wanted = sorted(name for name in names if name.startswith(f"{command}_"))
    return [cast("Subcommand", import_module(f"{__name__}.{name}")) for name in wanted]


class CommandOfWords(BaseCommand):
    """`manage.py <command> <word> ...`."""

    command: str
    # The checks would load the whole site; what a word needs, it looks at itself.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", metavar="WORD", required=True)
        for one in subcommands_of(self.command):
            its = words.add_parser(one.NAME, help=one.HELP, description=one.HELP)
            one.add_arguments(its)
            its.set_defaults(handle_word=one.handle)

    def handle(self, *_: Any, **options: Any) -> None:
        options.pop("handle_word")(self, options)
