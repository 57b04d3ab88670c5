from __future__ import annotations

from datetime import date

from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.facts import Check, Contact, Line
from realtime.hotlines.opening import DAYS, Hours, parse_opening
from tests.hotlines.samples import NOW, a_directory, a_line

NIGHT = Hours(
    "set", "nights", "UTC", parse_opening([{"days": [*DAYS], "open": "20:00", "close": "08:00"}])
)
TEXT = (Contact("sms", "020 7946 0002", "+442079460002"),)


def order(directory: Directory, *needs: str, **asked: object) -> list[str]:
    query = HotlineQuery("GB", needs, **asked)  # type: ignore[arg-type]  # passed through
    return [found.line.id for found in directory.find(query, now=NOW).lines]


def ranked(*lines: Line) -> list[str]:
    return order(a_directory(*lines), "suicide")


def test_the_lead_line_comes_first_in_a_crisis() -> None:
    lines = [a_line("gb-a"), a_line("gb-lead", confidence="medium", last_seen=None)]

    assert order(a_directory(*lines, lead="gb-lead"), "suicide") == ["gb-lead", "gb-a"]


def test_the_lead_line_comes_first_also_when_it_names_only_the_crisis() -> None:
    lines = [a_line("gb-a"), a_line("gb-lead", needs=("crisis",))]

    assert order(a_directory(*lines, lead="gb-lead"), "suicide") == ["gb-lead", "gb-a"]


def test_the_lead_line_does_not_come_first_for_an_everyday_need() -> None:
    lines = [a_line("gb-a", needs=("gambling",)), a_line("gb-lead")]

    assert order(a_directory(*lines, lead="gb-lead"), "gambling") == ["gb-a"]


def test_a_lead_line_with_conflicts_gives_way_while_another_serves() -> None:
    lines = [a_line("gb-a"), a_line("gb-lead", conflicts="Two numbers.")]

    assert order(a_directory(*lines, lead="gb-lead"), "suicide") == ["gb-a", "gb-lead"]


def test_a_line_with_conflicts_is_never_first_while_another_serves() -> None:
    doubtful = a_line("gb-a", conflicts="Two numbers.")
    plain = a_line("gb-b", confidence="medium", hours=Hours("unknown"), needs=("crisis",))

    assert ranked(doubtful, plain) == ["gb-b", "gb-a"]


def test_a_line_with_conflicts_is_first_when_it_is_the_only_one() -> None:
    assert ranked(a_line("gb-a", conflicts="Two numbers.")) == ["gb-a"]


def test_a_line_of_one_region_does_not_replace_a_national_one_with_conflicts() -> None:
    doubtful = a_line("gb-a", conflicts="Two numbers.")

    assert ranked(doubtful, a_line("gb-b", regions=("Wales",))) == ["gb-a", "gb-b"]


def test_a_line_that_names_the_need_comes_before_one_for_any_crisis() -> None:
    assert ranked(a_line("gb-a", needs=("crisis",)), a_line("gb-b")) == ["gb-b", "gb-a"]


def test_a_line_for_another_need_does_not_appear() -> None:
    assert ranked(a_line("gb-a"), a_line("gb-b", needs=("gambling",))) == ["gb-a"]


def test_national_lines_come_before_regional_ones() -> None:
    assert ranked(a_line("gb-a", regions=("Wales",)), a_line("gb-b")) == ["gb-b", "gb-a"]


def test_open_lines_come_before_closed_and_unknown_ones() -> None:
    lines = [a_line("gb-a", hours=NIGHT), a_line("gb-b", hours=Hours("unknown")), a_line("gb-c")]

    assert ranked(*lines)[0] == "gb-c"


def test_high_confidence_comes_before_medium() -> None:
    assert ranked(a_line("gb-a", confidence="medium"), a_line("gb-b")) == ["gb-b", "gb-a"]


def test_fresher_years_come_first_and_never_seen_last() -> None:
    lines = [
        a_line("gb-a", last_seen=None),
        a_line("gb-b", last_seen="2023-12-01"),
        a_line("gb-c", last_seen="2026"),
    ]

    assert ranked(*lines) == ["gb-c", "gb-b", "gb-a"]


def test_a_check_of_this_site_counts_as_fresh() -> None:
    old = a_line("gb-b", last_seen="2020", checked=Check(date(2026, 11, 1), "by phone"))

    assert ranked(a_line("gb-a", last_seen="2024"), old) == ["gb-b", "gb-a"]


def test_a_line_for_an_audience_appears_only_when_it_was_asked_for() -> None:
    directory = a_directory(a_line("gb-a"), a_line("gb-vets", audiences=("veterans",)))

    assert order(directory, "suicide") == ["gb-a"]
    assert order(directory, "suicide", audiences=("veterans",)) == ["gb-vets", "gb-a"]
    assert order(directory, "suicide", audiences=("youth",)) == ["gb-a"]


def test_a_line_that_serves_everybody_appears_whatever_its_special_care() -> None:
    assert ranked(a_line("gb-a", audiences=("youth",), open_to_all=True)) == ["gb-a"]


def test_a_need_that_implies_an_audience_shows_its_lines() -> None:
    directory = a_directory(a_line("gb-a", needs=("child-abuse",), audiences=("youth",)))

    assert order(directory, "child-abuse") == ["gb-a"]


def test_a_line_without_a_need_appears_for_its_audience() -> None:
    directory = a_directory(a_line("gb-a", needs=(), audiences=("veterans",)))

    assert order(directory, "gambling", audiences=("veterans",)) == ["gb-a"]
    assert order(directory, audiences=("veterans",)) == ["gb-a"]


def test_the_language_asked_for_comes_first() -> None:
    directory = a_directory(a_line("gb-a"), a_line("gb-b", languages=("cmn",)))

    assert order(directory, "suicide", language="zh-Hant-GB") == ["gb-b", "gb-a"]


def test_the_channel_asked_for_comes_first() -> None:
    directory = a_directory(a_line("gb-a"), a_line("gb-b", contacts=TEXT))

    assert order(directory, "suicide", channel="sms") == ["gb-b", "gb-a"]


def test_there_are_at_most_five_lines_and_one_of_them_can_be_written_to() -> None:
    lines = [a_line(f"gb-{n}") for n in range(7)]
    directory = a_directory(*lines, a_line("gb-z", contacts=TEXT, confidence="medium"))

    assert order(directory, "suicide") == ["gb-0", "gb-1", "gb-2", "gb-3", "gb-z"]


def test_each_need_asked_for_keeps_a_line_among_the_five() -> None:
    lines = [a_line(f"gb-{n}") for n in range(7)]
    directory = a_directory(*lines, a_line("gb-z", needs=("gambling",), confidence="medium"))

    assert "gb-z" in order(directory, "suicide", "gambling")


def test_where_no_line_names_the_need_those_for_any_worry_serve() -> None:
    directory = a_directory(a_line("gb-a", needs=("listening",)))

    assert order(directory, "gambling") == ["gb-a"]


def test_a_question_without_a_need_is_answered_as_a_crisis() -> None:
    directory = a_directory(a_line("gb-a"), a_line("gb-lead", needs=("crisis",)), lead="gb-lead")

    assert order(directory) == ["gb-lead", "gb-a"]


def test_an_international_line_serves_where_the_country_has_none() -> None:
    abroad = a_line("int-a", countries=(), international=True)

    assert ranked(abroad) == ["int-a"]
    assert ranked(abroad, a_line("gb-a")) == ["gb-a"]


def test_a_line_of_another_country_never_appears() -> None:
    assert ranked(a_line("fr-a", countries=("FR",))) == []


def test_a_line_for_a_narrower_circle_comes_after_those_for_everybody() -> None:
    stalking = a_line("gb-a", needs=("gambling",), only_for="stalking")
    regional = a_line("gb-b", needs=("gambling",), regions=("Wales",))

    assert order(a_directory(stalking, regional), "gambling") == ["gb-b", "gb-a"]


def test_a_line_for_a_narrower_circle_does_not_serve_instead_of_a_doubtful_one() -> None:
    doubtful = a_line("gb-b", conflicts="Two numbers.")

    assert ranked(doubtful, a_line("gb-a", only_for="men")) == ["gb-b", "gb-a"]


def test_a_line_made_for_the_need_comes_before_a_crisis_line_that_takes_it_too() -> None:
    crisis = a_line("gb-a", needs=("gambling", "suicide"))
    directory = a_directory(crisis, a_line("gb-b", needs=("gambling",), confidence="medium"))

    assert order(directory, "gambling") == ["gb-b", "gb-a"]
    assert order(directory, "suicide") == ["gb-a"]


def test_where_only_some_are_served_one_line_for_any_worry_comes_too() -> None:
    others = [a_line(f"gb-{n}", needs=("listening",)) for n in range(3)]
    men = a_line("gb-men", needs=("gambling",), only_for="men")
    wales = a_line("gb-wales", needs=("gambling",), regions=("Wales",))
    abroad = a_line("int-a", needs=("gambling",), countries=(), international=True)

    assert order(a_directory(*others, men), "gambling") == ["gb-0", "gb-men"]
    assert order(a_directory(*others, wales), "gambling") == ["gb-wales", "gb-0"]
    assert order(a_directory(*others, abroad), "gambling") == ["gb-0", "int-a"]
    assert order(a_directory(*others, a_line("gb-a", needs=("gambling",))), "gambling") == ["gb-a"]


def test_a_doubtful_line_is_not_the_one_that_comes_too() -> None:
    doubtful = a_line("gb-a", needs=("listening",), conflicts="Two numbers.")
    plain = a_line("gb-b", needs=("listening",), confidence="medium")
    men = a_line("gb-men", needs=("gambling",), only_for="men")

    assert order(a_directory(doubtful, plain, men), "gambling") == ["gb-b", "gb-men"]


def test_a_line_in_the_countrys_language_comes_first_when_none_was_asked_for() -> None:
    directory = a_directory(a_line("gb-a", languages=("pl",)), a_line("gb-b", confidence="medium"))

    assert order(directory, "suicide") == ["gb-b", "gb-a"]
    assert order(directory, "suicide", language="pl") == ["gb-a", "gb-b"]


def test_the_lines_of_a_pair_stand_side_by_side() -> None:
    welsh = a_line("gb-z", pair="two", languages=("cy",), regions=("Wales",))
    directory = a_directory(a_line("gb-a", pair="two"), a_line("gb-b"), welsh)

    assert order(directory, "suicide") == ["gb-a", "gb-z", "gb-b"]
    found = directory.find(HotlineQuery("GB", ("suicide",)), now=NOW)
    assert [one.paired_with for one in found.lines] == [("gb-z",), ("gb-a",), ()]


def test_a_pair_brings_no_line_that_does_not_fit() -> None:
    youth = a_line("gb-y", pair="two", audiences=("youth",))
    doubtful = a_line("gb-c", pair="two", conflicts="Two numbers.", needs=("crisis",))

    assert ranked(a_line("gb-a", pair="two"), youth) == ["gb-a"]
    assert ranked(doubtful, a_line("gb-a", pair="two")) == ["gb-a", "gb-c"]
