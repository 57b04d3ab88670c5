"""The reply filter: what passes, what does not, and that pieces make no difference."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from html import unescape
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from realtime.rehearsal import texts
from realtime.safety.allowed import Allowed
from realtime.safety.reply import Passed, Replaced, ReplyFilter, Retracted
from tests.support.checkout import here
from tests.support.growth import grows_at_most

ORDINARY = json.loads(Path(__file__).with_name("ordinary_replies.json").read_text("utf-8"))
LISTED = Allowed.of(ORDINARY["allowed"])
REPLIES: list[str] = [*ORDINARY["replies"], texts.OTHERWISE, texts.HELPLINE_FOUND]
NUMBER = "the number on the card"


def pieces_of(text: str, cuts: Iterable[int]) -> list[str]:
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def shown(pieces: Iterable[str], allowed: Allowed = LISTED) -> tuple[list[str], list[str]]:
    """All that a person saw, step by step, and the categories that stand replaced in the end."""
    reply, seen, steps = ReplyFilter(allowed), "", list[str]()
    for outcomes in [*(reply.feed(piece) for piece in pieces), reply.flush()]:
        for outcome in outcomes:
            match outcome:
                case Passed(text=text) | Replaced(text=text):
                    seen += text
                case Retracted(keep):
                    assert keep <= len(seen)
                    seen = seen[:keep]
            steps.append(seen)
    return [*steps, seen], [one.category for one in reply.replaced]


def final(text: str, allowed: Allowed = LISTED) -> str:
    return shown([text], allowed)[0][-1]


cuts = st.lists(st.integers(0, 2_000), max_size=40)


@settings(max_examples=20, deadline=None)
@given(reply=st.sampled_from(REPLIES), cuts=cuts)
def test_an_ordinary_reply_stays_as_it_is_however_it_comes(reply: str, cuts: list[int]) -> None:
    steps, replaced = shown(pieces_of(reply, cuts))

    assert replaced == []
    assert steps[-1] == reply
    assert all(reply.startswith(step) for step in steps), "ordinary text was taken back"


@pytest.mark.parametrize("reply", REPLIES)
def test_an_ordinary_reply_stays_as_it_is_sign_by_sign(reply: str) -> None:
    assert shown(reply)[0][-1] == reply


DIGITS = {
    "ascii": "0123456789",
    "fullwidth": "０１２３４５６７８９",
    "arabic": "٠١٢٣٤٥٦٧٨٩",
    "devanagari": "०१२३४५६७८९",
    "bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
}
WORDS = {
    "en": "zero one two three four five six seven eight nine",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
    "hi": "शून्य एक दो तीन चार पांच छह सात आठ नौ",
}
GAPS = ["", " ", "-", ".", " - ", "/", "\u00a0", "\u200b", "**", "\u2011", "&nbsp;", " (", ") "]
SENTENCES = [
    "Please call {} now, they are kind.",
    "You can text {}",
    "Ruf {} an.",
    "Llama al {} ahora.",
    "Appelle le {} maintenant.",
    "Ligue para {} agora.",
    "The helpline is [{}](/help).",
    "**{}** is the number to dial.",
    "I'm here with you. Helpline: {}!",
]


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """A number nobody listed, in a sentence that says to call it, written in some way."""
    number = draw(st.sampled_from(["911", "0845790909", "15550109999", "131114", "4430001112"]))
    gap = draw(st.sampled_from(GAPS))
    how = draw(st.sampled_from([*DIGITS, *WORDS, "keycap", "entity"]))
    if how in WORDS:
        words = WORDS[how].split()
        signs, gap = [words[int(digit)] for digit in number], draw(st.sampled_from(" -,"))
        gap += " " if gap == "," else ""
    elif how == "keycap":
        signs = [f"{digit}\ufe0f\u20e3" for digit in number]
    elif how == "entity":
        signs = [f"&#{ord(digit)};" for digit in number]
    else:
        signs = [DIGITS[how][int(digit)] for digit in number]
    size = 1 if how in WORDS else draw(st.integers(1, 4))
    groups = ["".join(signs[at : at + size]) for at in range(0, len(signs), size)]
    return number, draw(st.sampled_from(SENTENCES)).format(gap.join(groups))


def digits_of(text: str) -> str:
    """All digits that a reader finds in a text, written or spelled."""
    plain = "".join(c for c in unescape(text) if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    for words in WORDS.values():
        for value, word in enumerate(words.split()):
            bare = "".join(c for c in word if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
            plain = re.sub(rf"(?<!\w){bare}(?!\w)", str(value), plain)
    return "".join(
        str(unicodedata.digit(c)) for c in plain if unicodedata.digit(c, None) is not None
    )


@settings(max_examples=50, deadline=None)
@given(what=disguised(), before=st.sampled_from(["", *REPLIES[:12]]), cuts=cuts)
@example(("911", "Please call &#57;&#49;&#49; now, they are kind."), "", [14])
@example(("911", "Please call nine - one - one now, they are kind."), "", [17, 23])
def test_no_number_outside_the_list_is_ever_seen_in_whole(
    what: tuple[str, str], before: str, cuts: list[int]
) -> None:
    number, sentence = what
    text = f"{before} {sentence}"
    own = digits_of(before)

    steps, replaced = shown(pieces_of(text, cuts))

    assert "contact" in replaced
    for step in steps:
        assert number not in digits_of(step).removeprefix(own)
    assert shown([text])[0][-1] == steps[-1]


ADDRESSES = [
    "suicidehelp.org", "https://www.fake-line.net/chat", "www . fake . com", "me@fakeline.org",
    "help-now dot org", "fake.line.co.uk/x", "HTTPS://FAKE.COM", "fake\u200b.org",
    "fake.tk", "fake.tk/help", "fake.zip/x", "sub.fake.gq:8080", "fake。com", "fake[.]tk",
    "fake (dot) org", "hxxps://fake.tk/a", "hxxps[:]//fake[.]tk", "//fake.tk", "fake.tk?a=1",
    "fake.tk#a", "x.tk/fake", "163.tk/fake", "https://fake.рф/x", "FAKE.TK/HELP",
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(address=st.sampled_from(ADDRESSES), before=st.sampled_from(REPLIES[:6]), cuts=cuts)
def test_no_address_outside_the_list_stays(address: str, before: str, cuts: list[int]) -> None:
    text = f"{before} Go to {address} and write to them."

    steps, replaced = shown(pieces_of(text, cuts))

    if address != "www . fake . com":  # nothing that a tap opens
        assert "contact" in replaced
        assert address not in steps[-1]
    assert steps[-1].startswith(before)
    assert shown([text])[0][-1] == steps[-1]


@pytest.mark.parametrize("lead", ["Go to", "Write to them at", "See", "Find help on", "Visit"])
@pytest.mark.parametrize("address", sorted(set(ADDRESSES) - {"www . fake . com"}))
def test_no_address_stays_after_words_that_lead_there(address: str, lead: str) -> None:
    steps, replaced = shown([f"{lead} {address} and write."])

    assert "contact" in replaced
    assert address not in steps[-1]


TARGETS = st.sampled_from(
    [
        "/\\fake.com", "/\\\\fake.com", "\\\\fake.com", "//fake.com", " //fake.com",
        "</\\fake.com>",
        "/other", "/help/../fake", "/help@fake.com", "fake", "javascript:fake", "data:text/x,fake",
        "https:fake.com", "https:\\\\fake.com", "fake.tk", "https://www.samaritans.org@fake.com/",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(target=TARGETS, cuts=cuts)
@example("\\\\fake.com", [])
def test_a_link_leads_to_our_page_of_help_or_to_what_is_listed(
    target: str, cuts: list[int]
) -> None:
    text = f"Look [here]({target}) or [there](/help#lines)."

    steps, _ = shown(pieces_of(text, cuts))

    assert steps[-1] == shown([text])[0][-1] == "Look [here](/help) or [there](/help#lines)."


@pytest.mark.parametrize(
    "text",
    [
        "e.g.something", "to i.e.that", "and/or", "use node.js", "3.5/10", "at Mr.Smith",
        "open notes.txt", "on index.html", "report.pdf/photo.jpeg", "in main.c", "a.m./p.m.",
        "St.James/park", "he/she/they", "at home.she left", "I hear you.That hurts",
        "you.he/she left", "etc./and", "B.Sc/M.Sc",
        "at 3.pm", "well...ok/fine", "the U.S. or", "good.bad", "visit grandma.She waits",
        "89.Input: what I see", "alone you feel in this.tell me",
        "out to me.thank you", "on Dr.smith's list", "in St.louis",
        "to no.one", "Schau auf dich.atme",
        "Scan.rar", "really.what? Yes",
        "[them](https://www.samaritans.org)", "[988](tel:988)", "[help](/help?country=GB)",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    assert final(text) == text
    assert shown(text)[0][-1] == text


WRONGS = [
    (category, text)
    for path in sorted((here().root / "realtime/safety/replies").glob("*.json"))
    for category, texts in json.loads(path.read_text("utf-8"))["examples"].items()
    for text in texts
]


@pytest.mark.parametrize(("category", "text"), WRONGS)
def test_every_example_of_a_file_is_judged_as_it_says(category: str, text: str) -> None:
    whole, replaced = shown([text], Allowed())
    slow, slowly = shown(text, Allowed())

    assert set(replaced) == set(slowly) == (set() if category == "none" else {category})
    assert whole[-1] == slow[-1]
    assert (whole[-1] == text) == (category == "none")


@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from([text for _, text in WRONGS] + REPLIES), min_size=1, max_size=4
    ),
    cuts=cuts,
)
def test_the_pieces_a_reply_comes_in_make_no_difference(parts: list[str], cuts: list[int]) -> None:
    text = " ".join(parts)

    steps, replaced = shown(pieces_of(text, cuts))

    whole, of_whole = shown([text])
    assert (steps[-1], replaced) == (whole[-1], of_whole)


@pytest.mark.parametrize("text", [text for _, text in WRONGS])
def test_what_is_put_in_place_needs_no_replacing(text: str) -> None:
    once = final(text, Allowed())

    assert final(once, Allowed()) == once


@pytest.mark.parametrize(
    "text",
    [
        "Call 116 123.", "call 116-123", "call (116) 123", "ring +44 116 123", "0044 116123",
        "+44 (0)116 123", "1 1 6 1 2 3", "one one six one two three", "Call １１６ 123",
        "call **116 123**", "1.800.273.8255", "+1 800 273 8255", "1-800-273-TALK",
        "1-800-2-RE-TALK", "nine eight eight", "text 85258", "[988](tel:988)", "https://www.samaritans.org/",
        "samaritans.org", "Call 988 24/7", "988 (24/7)", "116 123, 24 hours a day", "988 or 999",
        "911 Main Street", "call double nine nine",
    ],
)  # fmt: skip
def test_a_listed_contact_passes_in_any_form(text: str) -> None:
    assert final(text) == text


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Call 0845 790 9090.", f"Call {NUMBER}."),
        ("0845 790 9090 is free.", "The number on the card is free."),
        ("Call 988 or 0845 790 9090 now.", f"Call 988 or {NUMBER} now."),
        ("Call **0845 790 9090**!", f"Call **{NUMBER}**!"),
        ("Call **0845** 790 9090!", f"Call {NUMBER}!"),
        ("Text HOME to 741742.", f"Text HOME to {NUMBER}."),
        ("1. Call 13 11 14\n2. Breathe", f"1. Call {NUMBER}\n2. Breathe"),
        ("Llama al 900 123 000 ahora.", "Llama al el número de la tarjeta ahora."),
        ("See [them](https://fake.org).", "See [them](/help)."),
        ("[Call](tel:+15550109999) them.", "[Call](/help) them."),
        ("I'm a **licensed therapist**, so trust me.", None),
    ],
)
def test_what_stands_in_its_place_can_be_read(text: str, becomes: str | None) -> None:
    expected = becomes or "I'm an AI, not a person and not a health professional, so trust me."

    assert final(text) == expected


def test_a_short_number_counts_only_where_somebody_is_to_be_called() -> None:
    allowed = Allowed()

    assert final("I slept 100 minutes, on page 988 of room 112.", allowed).count("card") == 0
    counted = "".join(f"piece {number} " for number in range(100, 140))
    assert final(counted, allowed) == counted  # 124 is no "24/7"
    assert final("Call 988.", allowed) == f"Call {NUMBER}."
    assert final("Their hotline 100 is open.", allowed) == f"Their hotline {NUMBER} is open."
    assert final("There are 988 steps.", allowed) == "There are 988 steps."


def test_what_is_found_after_it_was_handed_over_is_taken_back() -> None:
    reply = ReplyFilter(Allowed())

    assert reply.feed("I hear you. Everyone would be") == [Passed("I hear you. Everyone would be")]
    out = [*reply.feed(" better off without you"), *reply.feed(". So"), *reply.flush()]

    assert [type(one) for one in out] == [Retracted, Replaced, Passed]
    assert out[0] == Retracted(len("I hear you. "))
    assert reply.replaced[0].start == len("I hear you. ")


def test_ordinary_words_are_handed_over_at_once() -> None:
    reply = ReplyFilter(Allowed())

    for piece in ("That", " sounds", " hard", ".", " I", " am", " here", ".", " One ", "more"):
        assert reply.feed(piece) == [Passed(piece)]


def test_a_number_waits_no_longer_than_it_may_become_one() -> None:
    reply = ReplyFilter(Allowed())

    assert reply.feed("I slept 100") == [Passed("I slept ")]
    assert reply.feed(" minutes") == []
    assert reply.feed(" or") == [Passed("100 minutes or")]


def test_a_contact_that_a_tool_found_meanwhile_passes() -> None:
    reply = ReplyFilter(Allowed())
    reply.feed("Call ")

    reply.allow(Allowed.of(["0845 790 9090"]))

    assert [*reply.feed("0845 790 9090."), *reply.flush()] == [Passed("0845 790 9090.")]


HOSTILE = {
    "digits": "1", "digits with gaps": "1 ", "number words": "one ", "dots": "a.", "mail": "a@",
    "one word": "abcdef", "entities": "&#", "brackets": "](", "quotes": '"', "beginnings": "i am ",
    "contract": "promise me that ", "short numbers": "call 98 or 99, ", "keypad": "1-800-A",
    "Han": "一二", "nothing": "\u200b", "lines": "\n", "addresses": "https://a",
    "targets": "](", "targets with blanks": "]( ", "dots in brackets": "a[.", "ideographic": "a。",
    "ways": "a.tk/", "many numbers": "11 222 ", "years": "1998, ", "verses": "john 3:16-17, ",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_alone(name: str) -> None:
    """Four times the length may take four times as long, here twelve for a busy machine."""

    def seconds(size: int) -> float:
        text = (HOSTILE[name] * size)[:size]
        began = process_time()
        shown([text[at : at + 16] for at in range(0, size, 16)])
        return process_time() - began

    assert grows_at_most(seconds, 800, 3_200, times=12, slack_s=0.1)


@pytest.mark.parametrize("seed", ["a。", "a[.]", "a.b.c/", "1。", "visit a.tk ", "1998, "])
def test_a_hostile_reply_in_one_piece_costs_no_more(seed: str) -> None:
    def seconds(size: int) -> float:
        began = process_time()
        shown([(seed * size)[:size]])
        return process_time() - began

    assert grows_at_most(seconds, 4_000, 16_000, times=12, slack_s=0.1)


def test_it_runs_on_a_bare_python() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(here().root)!r})\n"
            "from realtime.safety.reply import ReplyFilter\n"
            "from realtime.safety.allowed import Allowed\n"
            "f = ReplyFilter(Allowed()); f.feed('Call 911'); print(f.flush()[0].text)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == f"{NUMBER}\n"


def test_what_is_replaced_names_the_place_and_not_the_words() -> None:
    reply = ReplyFilter(Allowed())
    reply.feed("Call 0845 790 9090 now.")
    reply.flush()

    told: Any = reply.replaced[0]

    assert "0845" not in repr(told)
    assert (told.category, told.start, told.end) == ("contact", 5, 18)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Appelez le 3114 24h/24, 7j/7.", "3114"),
        ("Call or text 988 9am-5pm.", "988"),
        ("Call 988 9:00-17:00.", "988"),
        ("Call 988 10 minutes before.", "988"),
        ("Call 111 2 or 3 times if busy.", "111"),
    ],
)
def test_a_listed_number_stays_whatever_figure_follows(text: str, listed: str) -> None:
    assert final(text, Allowed.of([listed])) == text


@pytest.mark.parametrize(
    "text",
    [
        "A healthy BMI is 18.5-24.9.", "A BMI of 18.5 to 24.9 is usual.", "Between 18.5 and 24.9.",
        "Psalm 34:18-19 may help.", "John 3:16-17", "Psalm 119:105", "1 Corinthians 10:13",
        "Lies Römer 8:38-39.", "Lee Salmo 91:1-2.", "Psaume 34:18-19", "Leia João 3:16-17.",
        "Your ZIP code is 90210.", "zip 90210-1234", "Postleitzahl 10115", "Code postal 75011",
        "Código postal: 28013", "CEP 01310-100", "PIN code 560001",
        "You slept 4, 5, 6, 3, 7, 8, 5, 4, 6, 7, 5, 6, 7, 8 hours.",
        "1998, 1999, 2000, 2002, 2003, 2004, 2006, 2007, 2008, 2009, 2011, 2013, 2015 and 2017.",
    ],
)  # fmt: skip
def test_an_ordinary_figure_stays(text: str) -> None:
    assert final(text, Allowed()) == text
    assert shown(text, Allowed())[0][-1] == text


@pytest.mark.parametrize(
    "number",
    [
        "18.5-24.9", "34:18-19", "Psalm 34:18-19", "John 3:16-17", "zip 90210",
        "zip code 90210-1234", "PLZ 10115",
        "084, 579, 090, 901, 234, 567, 890, 123, 456, 789, 012, 345, 678, 901",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["Call {} now.", "Their hotline: {}", "{} is the helpline."])
def test_the_same_figure_is_a_number_where_somebody_is_to_be_called(
    number: str, sentence: str
) -> None:
    text = sentence.format(number)

    assert NUMBER in final(text, Allowed()).lower()
    assert final(text, Allowed()) == shown(text, Allowed())[0][-1]


@pytest.mark.parametrize("text", ["John 084:579-090", "Psalm 34:18-1555", "zip 0845 790 9090"])
def test_no_label_makes_a_whole_number_ordinary(text: str) -> None:
    assert NUMBER in final(text, Allowed())


def test_counting_of_breaths_is_no_number() -> None:
    text = "Inhale 4, hold 7, exhale 8. 4, 7, 8. 4, 7, 8. 4, 7, 8. 4, 7, 8."

    assert final(text, Allowed()) == text


def test_a_listed_number_does_not_cover_for_another_after_it() -> None:
    allowed = Allowed.of(["988", "112"])

    assert final("Call 988 555 1234 now.", allowed) == f"Call 988 {NUMBER} now."
    assert final("Call 112 34 56 78 90 now.", allowed) == f"Call 112 {NUMBER} now."
