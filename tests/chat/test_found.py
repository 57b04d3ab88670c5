from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from realtime.chat.found import Found, FoundLine, found_in
from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.importing.packaged import packaged_facts


@pytest.mark.parametrize("value", [{}, {"lines": None}, {"lines": {}}, {"error": "timeout"}])
def test_what_holds_no_lines_is_no_find(value: dict[str, Any]) -> None:
    assert found_in(value) is None


def test_an_answer_of_the_directory_is_read_whole() -> None:
    directory = Directory.of(packaged_facts())
    answer = directory.find(HotlineQuery("GB", needs=("crisis",)), now=timezone.now()).as_json()

    found = found_in(answer)

    assert found is not None
    assert [line.name for line in found.lines] == [line["name"] for line in answer["lines"]]
    assert [line.lead for line in found.lines] == [True, False, False, False, False]
    for line, given in zip(found.lines, answer["lines"], strict=True):
        contacts = given["contacts"]
        assert all(c["value"] in shown for c, shown in zip(contacts, line.contacts, strict=True))
    assert found.emergency == ["general: 999"]
    assert found.message == answer["message"]


def test_rows_of_another_shape_are_read_as_far_as_they_go() -> None:
    value = {
        "lines": [None, "x", {"id": "beacon", "contacts": [{"value": "+1 555 0100"}, 7]}],
        "emergency": [],
        "international": "https://example.org/",
    }

    assert found_in(value) == Found(
        country="",
        lines=[FoundLine("beacon", "", False, ["+1 555 0100"], "", "", "", False)],
        emergency=[],
        international="",
        message="",
    )
