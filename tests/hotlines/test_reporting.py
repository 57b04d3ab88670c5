"""`crisis_report YEAR`: what was counted, in two files, without names."""

from __future__ import annotations

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Case, IntegerField, When

from realtime.hotlines.models import DayCount

pytestmark = pytest.mark.django_db


def count(day: date, what: str, about: str, times: int, **more: str) -> None:
    DayCount.objects.create(day=day, what=what, about=about, count=times, **more)


@pytest.fixture
def counted() -> None:
    gb = {"country": "GB", "reason": "message"}
    count(date(2025, 12, 31), "card", "crisis", 100, **gb)
    count(date(2026, 1, 1), "card", "crisis", 7, **gb)
    count(date(2026, 1, 31), "card", "crisis", 2, **gb)
    count(date(2026, 2, 1), "card", "crisis", 3, **gb)
    count(date(2026, 2, 1), "card", "concern", 1, country="", reason="model_down")
    count(date(2026, 2, 3), "tapped", "gb-samaritans", 4, channel="phone", **gb)
    count(date(2026, 2, 3), "disclosed", "start", 50, country="GB")


def report(folder: Path, *more: str) -> tuple[list[dict[str, str]], dict[str, Any], str]:
    out = StringIO()
    call_command("crisis_report", "2026", "--to", str(folder), *more, stdout=out)
    table = list(csv.DictReader(StringIO((folder / "crisis-report-2026.csv").read_text("utf-8"))))
    whole = json.loads((folder / "crisis-report-2026.json").read_text("utf-8"))
    return table, whole, out.getvalue()


def test_days_are_added_up_to_months_of_that_year_alone(counted: None, tmp_path: Path) -> None:
    table, whole, said = report(tmp_path)

    cards = {(r["month"], r["country"], r["count"]) for r in table if r["what"] == "card"}
    assert cards == {("2026-01", "GB", "9"), ("2026-02", "GB", "3"), ("2026-02", "", "1")}
    assert {"what": "card", "count": 13} in whole["totals"]
    assert "13 help cards shown" in said
    assert whole["countedSince"] == "2025-12-31"


def test_both_files_tell_the_same(counted: None, tmp_path: Path) -> None:
    table, whole, _ = report(tmp_path)

    assert [{**row, "count": str(row["count"])} for row in whole["rows"]] == table
    assert len(table) == 5


def test_sums_are_told_by_country_and_by_reason(counted: None, tmp_path: Path) -> None:
    _, whole, _ = report(tmp_path)

    assert {"country": "GB", "what": "card", "count": 12} in whole["byCountry"]
    model_down = {"what": "card", "about": "concern", "reason": "model_down", "count": 1}
    assert model_down in whole["byReason"]
    assert set(whole["about"]) == set(DayCount.What.values)


def test_small_counts_are_hidden_where_that_is_asked(counted: None, tmp_path: Path) -> None:
    table, whole, _ = report(tmp_path, "--hide-small")

    assert {r["count"] for r in table} == {"9", "<5", "50"}
    assert {"what": "tapped", "count": 0, "hiddenCounts": 1} in whole["totals"]
    assert {"what": "card", "count": 9, "hiddenCounts": 2} in whole["totals"]
    assert '"count": 4' not in json.dumps(whole)


def test_no_sum_tells_what_is_hidden(counted: None, tmp_path: Path) -> None:
    before = report(tmp_path, "--hide-small")
    small = DayCount.objects.filter(count__lt=5, day__month=2)
    assert small.update(count=Case(When(count=1, then=4), default=1, output_field=IntegerField()))

    assert report(tmp_path, "--hide-small")[:2] == before[:2]


def test_a_year_of_nothing_is_a_report_too(tmp_path: Path) -> None:
    table, whole, said = report(tmp_path)

    assert (table, whole["rows"], whole["countedSince"]) == ([], [], None)
    assert "0 help cards shown" in said


def test_no_line_holds_more_than_was_counted(counted: None, tmp_path: Path) -> None:
    report(tmp_path)

    head = (tmp_path / "crisis-report-2026.csv").read_text("utf-8").splitlines()[0]
    assert head == "month,country,what,about,reason,channel,count"


@pytest.mark.parametrize("words", [["1999"], ["2999"], ["2026", "--to", "/no/such/place"]])
def test_what_cannot_be_is_refused(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("crisis_report", *words)
