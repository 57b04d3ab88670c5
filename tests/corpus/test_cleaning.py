"""Each fault that was measured in published data, before and after."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realtime.corpus.cleaning import GLUED, HTML, IMAGE, SPACES, WORD_XML, clean

PICTURE = "data:image/png;base64," + "iVBORw0KGgo" * 40
WORD = (
    "<!--[if gte mso 9]><xml>\r\n <w:WordDocument>\r\n  <w:View>Normal</w:View>\r\n"
    " </w:WordDocument>\r\n</xml><![endif]-->"
)
MENDED: list[tuple[str, str, set[str]]] = [
    ("<p>One.</p><p>Two.</p>", "One.\n\nTwo.", {HTML}),
    ("<div>One<br/>two</div>", "One\ntwo", {HTML}),
    ("<p>One\r\nline</p>", "One line", {HTML}),
    ("<ul><li>One</li><li>Two</li></ul>", "- One\n\n- Two", {HTML}),
    ('<p>A <span style="color: red">red</span> <b>b</b>.</p>', "A red b.", {HTML}),
    ("<style>p { color: red }</style>One<script>two()</script>", "One", {HTML}),
    ("Tom &amp; Jo&nbsp;&#34;said&quot;", 'Tom & Jo "said"', {HTML, SPACES}),
    ("It &amp;amp; that, &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;", "It & that, bold", {HTML}),
    (f"<p>{WORD}One.</p>", "One.", {HTML, WORD_XML}),
    (f'<p>One<img src="{PICTURE}"> two.</p>', "One two.", {HTML, IMAGE}),
    (f"One {PICTURE} two.", "One two.", {IMAGE}),
    ("One\u00a0two\u202fthree", "One two three", {SPACES}),
    ("to hang out with.Seriously, the", "to hang out with.\n\nSeriously, the", {GLUED}),
    ("Is it so?If yes!I do", "Is it so?\n\nIf yes!\n\nI do", {GLUED}),
    ('He said "no."The end', 'He said "no."\n\nThe end', {GLUED}),
    ("Try these things:Ask her", "Try these things:\nAsk her", {GLUED}),
    ("as it may...Robin", "as it may... Robin", {GLUED}),
    ("in 2014.The year", "in 2014. The year", {GLUED}),
    ("fiancé.Now", "fiancé.\n\nNow", {GLUED}),
    ("mal.¿Cómo va?", "mal.\n\n¿Cómo va?", {GLUED}),
]
LEFT = [
    "See www.example.org/Page.Html or https://example.org/A.Page today.",
    "Write to Jo.Quince@example.org.",
    "The U.S. and e.g. a Ph.D. or Psy.D. of 3.5 years, at 5 p.m. daily.",
    "Ask Dr.Quince or Mrs.Quince.",
    "I <3 you, and x < y > z, a <HUMAN> too.",
    "AT&T; Q&A; R&B",
    "One\n\nTwo\nThree",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "",
]
PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<br", ">", "<!--", "-->", "&amp;", "&#38;", "lt;", "gt;", "nbsp;", "&"),
        *("<li>", "<style>", "</style>", ";base64,", "data:image/a", "\u00a0", "\u200b", "\r\n"),
        *("word.Next", "www.", ".com", "...", "\n\n\n", "\ud800", "\0", "İ", "It", ".", ":", '"'),
    ]
)
TEXTS = st.text(max_size=200) | st.lists(PIECES, max_size=40).map("".join)


@pytest.mark.parametrize(("before", "after", "faults"), MENDED)
def test_a_fault_is_mended_and_told(before: str, after: str, faults: set[str]) -> None:
    cleaned = clean(before)
    assert (cleaned.text, set(cleaned.faults)) == (after, faults)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_fault_is_left(text: str) -> None:
    assert clean(text).text == text
    assert not clean(text).faults


def test_a_comment_or_tag_without_an_end_takes_nothing_with_it() -> None:
    assert clean("One <!-- two").text == "One <!-- two"
    assert clean("<p>One</p> <a href=").text == "One\n\n<a href="


@given(TEXTS)
@example("&amp;\ud800lt;")
def test_it_never_raises_and_what_is_clean_stays(text: str) -> None:
    once = clean(text).text
    assert clean(once).text == once


@given(TEXTS)
def test_what_is_clean_has_nothing_invisible_and_can_be_stored(text: str) -> None:
    cleaned = clean(text).text
    cleaned.encode()
    assert "\0" not in cleaned
    assert "\n\n\n" not in cleaned
    assert cleaned == cleaned.strip()


@given(TEXTS)
def test_no_more_is_added_than_breaks(text: str) -> None:
    assert len(clean(text).text.replace("\n", "")) <= len(text) + text.count(".") + text.count("…")


@given(st.text(alphabet="abc .,\n", max_size=200))
def test_plain_words_are_kept(text: str) -> None:
    assert clean(text).text.split() == text.split()


@pytest.mark.parametrize(
    "unit", ["<!--", "<p", "<style>", "&amp;", "word.Next", "a...", '"', "data:image/a;base64,"]
)
def test_hostile_repetition_costs_little(unit: str) -> None:
    began = time.process_time()
    clean(unit * (200_000 // len(unit)))
    assert time.process_time() - began < 10
