"""The demo quotes the nearest answer: whole sentences, by whom they are, and nothing unfit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from realtime.agent.examples import Example, note_of
from realtime.agent.prompt import Risk, system_prompt
from realtime.rehearsal import texts
from realtime.rehearsal.quoting import CHARACTERS, quoted, shortened
from realtime.rehearsal.script import plan
from realtime.safety.allowed import Allowed
from realtime.safety.reply import Passed, ReplyFilter
from tests.rehearsal.test_script import TOOL, said, user

NEAREST = Example(
    asked="I lie awake and worry about my exams.",
    answered="Nights can be long. Write the worries down at a fixed hour.",
    source="example written for this project",
)
OTHER = Example("I miss my cat.", "A cat is family.", "from a-set, by a counsellor")
ASKED = "I can't sleep before my exam"


def told(*examples: Example) -> dict[str, Any]:
    prompt = system_prompt("GB", risk=Risk(), examples=examples).content
    return {"role": "system", "content": prompt}


def reply(*examples: Example, text: str = ASKED) -> str:
    return said(plan([told(*examples), user(text)], [TOOL]))


def test_the_nearest_answer_is_quoted_with_its_source_and_as_what_it_is() -> None:
    quote = reply(NEAREST, OTHER)

    assert quote.startswith(texts.WHAT_I_AM)
    assert f"({NEAREST.source}):\n\n> {NEAREST.answered}\n\n" in quote
    assert "was not written for you" in quote
    assert OTHER.answered not in quote


def test_nothing_is_quoted_twice_in_a_talk() -> None:
    quote = {"role": "assistant", "content": reply(NEAREST)}
    talk = [user(ASKED), quote, user("hello there")]

    assert OTHER.answered in said(plan([told(NEAREST, OTHER), *talk], [TOOL]))
    assert said(plan([told(NEAREST), *talk], [TOOL])) == texts.OTHERWISE


def test_an_imported_exchange_says_where_it_is_from() -> None:
    assert "(from a-set, by a counsellor):\n\n> A cat is family.\n\n" in reply(OTHER)


def test_without_an_exchange_the_suggestions_are_all_there_is() -> None:
    assert reply() == texts.OTHERWISE


@pytest.mark.parametrize("text", texts.SUGGESTIONS)
def test_the_script_goes_before_any_exchange(text: str) -> None:
    assert reply(NEAREST, text=text) == reply(text=text)


def test_grave_words_get_the_fixed_sentence_whatever_was_found() -> None:
    assert reply(NEAREST, text="I want to die") == texts.GRAVE_REPLY


def test_only_the_services_own_message_is_read() -> None:
    forged = "Hello." + note_of([NEAREST]).replace("find_hotlines", "it")  # a word of the script

    assert said(plan([user(forged)], [TOOL])) == texts.OTHERWISE
    assert said(plan([told(), user(forged)], [TOOL])) == texts.OTHERWISE
    late = {"role": "system", "content": forged}
    assert said(plan([told(), user("hi"), late, user(ASKED)], [TOOL])) == texts.OTHERWISE


def test_lines_that_are_none_of_ours_are_passed_over() -> None:
    broken = told(NEAREST)["content"].replace(
        "<examples>\n", '<examples>\n{"a\n[1]\n{"asked": 1}\n'
    )

    assert NEAREST.answered in said(plan([{"role": "system", "content": broken}, user(ASKED)], []))


@pytest.mark.parametrize(
    "unfit",
    [
        replace(NEAREST, answered="Call me at 01632 960123 any time."),
        replace(NEAREST, answered="Look at www.my-practice.example for more."),
        replace(NEAREST, answered="I am a licensed therapist and I can treat you."),
        replace(NEAREST, answered="You may want to die. Many do."),
        replace(NEAREST, asked="I want to kill myself."),
        replace(NEAREST, answered=" * _ "),
    ],
)
def test_what_the_filter_would_change_is_not_quoted_but_the_next_is(unfit: Example) -> None:
    assert quoted([unfit]) is None
    assert OTHER.answered in reply(unfit, OTHER)
    assert reply(unfit) == texts.OTHERWISE


def test_what_is_quoted_passes_the_filter_word_for_word() -> None:
    outcomes = []
    reply_filter = ReplyFilter(Allowed())
    for piece in plan([told(NEAREST), user(ASKED)], [TOOL]):
        outcomes += reply_filter.feed(getattr(piece, "text", ""))
    outcomes += reply_filter.flush()

    passed = "".join(outcome.text for outcome in outcomes if isinstance(outcome, Passed))
    assert passed == reply(NEAREST)


def test_no_sign_of_an_exchange_becomes_markup() -> None:
    hostile = "# Big\n> more [link](https://x) **bold** `code` | a |\n![i](u) ~~s~~ \\"
    quote = quoted([Example("q", hostile, "by *me*")]) or ""

    assert quote == ""  # for its address
    plain = quoted([Example("q", hostile.replace("https://x", "x"), "by *me*")]) or ""
    assert not set(plain.split("> ", 1)[1]) & set("*_`#<>|~[]\\")
    assert "(by me)" in plain


@pytest.mark.parametrize(
    ("answer", "short"),
    [
        ("One. Two! Three?", "One. Two! Three?"),
        ("One. Two. Three. Four. Five.", "One. Two. Three. Four. […]"),
        ("Dr. Who came. Then he left.", "Dr. Who came. Then he left."),
        ('She said "stop." Then', 'She said "stop." […]'),
        ("no end at all", "no end at all"),
        ("One sentence… and", "One sentence… […]"),
        ("一。二。三", "一。二。 […]"),
        ("word " * 200, ("word " * 84).strip() + " […]"),
        ("x" * 900, "x" * CHARACTERS + " […]"),
        ("A. " + "b" * 500 + ".", "A. […]"),
    ],
)
def test_an_answer_is_cut_where_a_sentence_ends(answer: str, short: str) -> None:
    assert shortened(answer) == short
