from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.utils.html import escape

from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Contact
from realtime.hotlines.help_page import render_first_help, render_help
from realtime.hotlines.opening import DAYS, Hours, parse_opening
from tests.hotlines.samples import NOW, a_directory, a_line


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def page(directory: Directory, country: str | None = "GB") -> str:
    return render_help(directory, country=country, now=NOW)


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.seen


def hrefs(html: str) -> list[str | None]:
    return [attributes.get("href") for tag, attributes in tags(html) if tag == "a"]


def test_the_emergency_number_stands_before_every_line(packaged: Directory) -> None:
    links = hrefs(page(packaged))

    assert links[:2] == ["tel:999", "tel:116123"]


def test_a_line_shows_all_its_contacts_with_their_notes() -> None:
    ways = (Contact("phone", "116 123"), Contact("sms", "85258", note="text SHOUT"))

    html = page(a_directory(a_line(contacts=ways)))
    assert "Call 116 123" in html
    assert "Text 85258" in html
    assert "(text SHOUT)" in html
    assert "sms:85258?&body=SHOUT" in hrefs(html)


def test_a_line_says_who_listed_it_and_when() -> None:
    html = page(a_directory(a_line()))

    assert "Listed by example.org, April 2026." in html
    assert "hecked" not in html


def test_conflicting_sources_are_told() -> None:
    assert "it may have changed" in page(a_directory(a_line(conflicts="Two numbers.")))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (Hours("24/7"), "Open day and night"),
        (Hours("unknown"), "Hours not known"),
        (Hours("set", "most days"), "most days"),
        (
            Hours(
                "set",
                "daily 09:00-17:00",
                "UTC",
                parse_opening([{"days": [*DAYS], "open": "09:00", "close": "17:00"}]),
            ),
            "<p>daily 09:00-17:00. Free.</p>",
        ),
    ],
)
def test_hours_are_told_as_they_are_known_and_true_whenever_the_page_is_read(
    hours: Hours, words: str
) -> None:
    html = page(a_directory(a_line(hours=hours)))

    assert words in html
    assert " now (" not in html


def test_without_a_country_the_page_asks_and_names_no_number(packaged: Directory) -> None:
    html = page(packaged, None)

    assert "Where are you?" in html
    assert hrefs(html) == ["https://findahelpline.com/", "/", "/safety"]


def test_an_unknown_country_is_told_and_escaped(packaged: Directory) -> None:
    html = page(packaged, "<b>Atlantis")

    assert "We do not know a country called" in html
    assert "<b>" not in html


def test_the_chosen_country_is_marked_and_can_be_changed(packaged: Directory) -> None:
    html = page(packaged, "ie")

    chosen = [attributes["value"] for tag, attributes in tags(html) if "selected" in attributes]
    assert chosen == ["IE"]
    assert "Lines for Ireland - change" in html


def test_a_country_without_a_crisis_line_says_so(packaged: Directory) -> None:
    html = page(packaged, "TR")

    assert "We know no suicide or crisis line for Türkiye" in html
    assert "tel:112" in hrefs(html)


def test_lines_for_a_group_stand_only_under_its_name() -> None:
    html = page(a_directory(a_line("gb-vets", name="Vets", audiences=("veterans",))))

    assert html.index("For: Veterans") < html.index("<bdi>Vets</bdi>")
    assert html.count("<bdi>Vets</bdi>") == 1


def test_the_page_needs_no_script_and_no_inline_style(packaged: Directory) -> None:
    seen = tags(page(packaged, "US"))

    assert not {"script", "style", "iframe"} & {tag for tag, _ in seen}
    assert not any(name == "style" or name.startswith("on") for _, attrs in seen for name in attrs)


def test_nothing_of_the_page_is_loaded_from_elsewhere(packaged: Directory) -> None:
    loaded = [
        attributes.get("src") or attributes.get("href") or ""
        for tag, attributes in tags(page(packaged, "US"))
        if tag in ("link", "img")
    ]

    elsewhere = [address for address in loaded if not address.startswith("data:")]
    assert elsewhere == ["/static/hotlines/help.css"]


def test_every_field_and_section_has_its_name(packaged: Directory) -> None:
    html = page(packaged, "US")
    ids = set(re.findall(r' id="([^"]+)"', html))

    named = re.findall(r'(?:aria-labelledby|for)="([^"]+)"', html)
    assert named
    assert set(named) <= ids
    assert '<html lang="en" dir="ltr">' in html


def test_every_country_can_be_rendered(packaged: Directory) -> None:
    for code in packaged.countries:
        assert packaged.countries[code].code in page(packaged, code)


@pytest.mark.parametrize("country", ["US", "GB", "IN", "AU", "DE"])
def test_no_line_of_a_country_is_left_out(packaged: Directory, country: str) -> None:
    html = page(packaged, country)

    assert [line.id for line in packaged.lines_in(country) if escape(line.name) not in html] == []


def first_help(directory: Directory, guess: str | None) -> str:
    return render_first_help(directory, guess=guess, now=NOW)


def test_first_help_names_the_guessed_country_and_its_first_ways(packaged: Directory) -> None:
    html = first_help(packaged, "GB")

    assert "Lines for United Kingdom - " in html
    assert "The guess may be wrong." in html
    assert hrefs(html)[:4] == ["tel:999", "/help", "tel:116123", "sms:85258?&body=SHOUT"]


def test_first_help_names_no_number_without_a_guess(packaged: Directory) -> None:
    html = first_help(packaged, None)

    assert "Call the emergency number of the place you are in." in html
    assert hrefs(html) == ["/help", "https://findahelpline.com/"]


def test_first_help_takes_a_guess_of_nowhere_for_none(packaged: Directory) -> None:
    assert first_help(packaged, "ZZ") == first_help(packaged, None)


def test_first_help_owns_up_where_no_crisis_line_is_known(packaged: Directory) -> None:
    html = first_help(packaged, "TR")

    assert "We know no suicide or crisis line for Türkiye" in html
    assert "tel:112" in hrefs(html)


def test_one_line_is_enough_where_it_can_be_written_to() -> None:
    both = (Contact("phone", "020 7946 0001"), Contact("sms", "020 7946 0002"))
    lines = a_line("gb-a", name="A", contacts=both), a_line("gb-b", name="B", contacts=both)

    assert first_help(a_directory(*lines), "GB").count("<article") == 1


def test_the_other_line_of_a_pair_stands_in_the_same_card() -> None:
    adults = a_line("gb-a", name="A", pair="two")
    youth = a_line("gb-y", name="Y", pair="two", audiences=("youth",), languages=("cy",))

    html = page(a_directory(adults, youth, a_line("gb-b", name="B")))
    first = html[html.index("<bdi>A</bdi>") :].split("</article>")[0]
    assert '<bdi translate="no">Y</bdi> (Welsh, for young people):' in first
    assert html.count("English.") == 1


def test_lines_of_a_pair_that_both_serve_stand_side_by_side() -> None:
    lines = [a_line("gb-a", name="A", pair="two"), a_line("gb-b", name="B")]
    other = a_line("gb-c", name="C", pair="two", languages=("cy",), confidence="medium")

    html = page(a_directory(*lines, other))
    assert html.index("<bdi>A<") < html.index("<bdi>C<") < html.index("<bdi>B<")
    assert "Also" not in html
