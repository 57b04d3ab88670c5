"""Words of commands are found by their modules' names."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from realtime.training.subcommands import subcommands_of


def test_each_word_of_a_command_is_a_module() -> None:
    names = [one.NAME for one in subcommands_of("dataset")]
    assert len(set(names)) == len(names)
    assert {"list"} <= set(names)
    assert all(one.HELP for one in subcommands_of("dataset"))
    assert subcommands_of("datase") == []


@pytest.mark.django_db
def test_a_word_is_called_with_its_own_options() -> None:
    out = StringIO()
    call_command("dataset", "list", "--json", stdout=out)
    assert out.getvalue() == "[]\n"


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'nonsense'"):
        call_command("dataset", "nonsense")
