"""What tells who somebody is goes; what tells how they are stays. All people are made up."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.review.naming import names_in
from realtime.review.redaction import PLACEHOLDER, find, redact
from realtime.review.spans import Found, merged, without

HELP = {"988", "116123"}

NAMES = [
    ("My name is Ann and I am tired.", "My name is [name] and I am tired."),
    ("my name is ann, and ann is tired", "my name is [name], and [name] is tired"),
    ("My husband John left. John's mother came.", "My husband [name] left. [name]'s mother came."),
    ("Sam's sister Mary Jane Smith called.", "Sam's sister [name] called."),
    ("My best friend (Kim) knows.", "My best friend ([name]) knows."),
    ("My son is called Tim.", "My son is called [name]."),
    ("Hi, I'm Anna. Hello Tom, how are you?", "Hi, I'm [name]. Hello [name], how are you?"),
    ("Dear Susan, thank you.", "Dear [name], thank you."),
    ("I saw Dr. Smith and Mrs O'Neil.", "I saw Dr. [name] and Mrs [name]."),
    ("What can I do?\nThanks,\nJoe B.", "What can I do?\nThanks,\n[name]."),
    ("What can I do?\n- Joe", "What can I do?\n- [name]"),
    ("J. Miller", "J. Miller"),  # nothing introduces it
    ("My brother Will said so. Will it end?", "My brother [name] said so. Will it end?"),
    ("My brother Will said so. Will knows.", "My brother [name] said so. [name] knows."),
    ("my name is will. I will go, Will it be?", "my name is [name]. I will go, [name] it be?"),
    ("Mein Name ist Jörg Groß. Jörg weint.", "Mein Name ist [name]. [name] weint."),
    ("Ich heiße Uwe. Meine Frau Eva ging.", "Ich heiße [name]. Meine Frau [name] ging."),
    ("Herr Klein und Frau Maier", "Herr [name] und Frau [name]"),
    ("Viele Grüße\nEva", "Viele Grüße\n[name]"),
    ("Je m'appelle Zoé. Mon mari Jean-Luc dort.", "Je m'appelle [name]. Mon mari [name] dort."),
    ("Mme Dupont m'aide. Cordialement, Léa", "Mme [name] m'aide. Cordialement, [name]"),
    ("Me llamo Íñigo. Mi hija Ana llora.", "Me llamo [name]. Mi hija [name] llora."),
    ("Mi jefa se llama Marta Ruiz.", "Mi jefa se llama [name]."),
    ("Meu nome é João da Silva.", "Meu nome é [name]."),
    ("Minha mãe Ana não fala. Abraços, Rui", "Minha mãe [name] não fala. Abraços, [name]"),
    ("मेरा नाम राजेश है। राजेश दुखी है।", "मेरा नाम [name] है। [name] दुखी है।"),
    ("डॉ. वर्मा ने कहा, सुनीता जी भी।", "डॉ. [name] ने कहा, [name] जी भी।"),
    ("Mera naam Rahul hai.", "Mera naam [name] hai."),
]
NO_NAMES = [
    "My name is not important.",
    "I'm Christian and I am Sad.",
    "I am tired. My husband is mean, my mother too.",
    "My husband I met late.",
    "Thank you. Hello there, I'm Mom to two.",
    "Mein Mann ist müde. Ich bin Lehrer.",
    "Mon mari ne parle pas.",
    "Mi madre no me quiere.",
    "मेरे पति शराब पीते हैं।",
]
CONTACTS = [
    ("Write to ann.smith+x@mail.example.org.", "Write to [e-mail]."),
    ("ann at gmail dot com or ann (at) example.org", "[e-mail] or [e-mail]"),
    ("See https://example.org/x?y=1 or www.example.org.", "See [link] or [link]."),
    ("[here](http://example.org/a) it is", "[here]([link]) it is"),
    ("I'm @ann_93, u/throwaway12 or ann#1234", "I'm [handle], [handle] or [handle]"),
    ("my insta is ann.93", "my insta is [handle]"),
    ("Call +1 555 0100 or (01632) 960-001.", "Call [number] or [number]."),
    ("Call zero one six three two nine six zero zero zero one", "Call [number]"),
    ("Ruf mich an: 01632/960001", "Ruf mich an: [number]"),
    ("मुझे ०१६३२९६०००१ पर कॉल करें", "मुझे [number] पर कॉल करें"),
    ("Call 988, or 116 123.", "Call [help line], or [help line]."),
    ("Text HELLO to 741741", "Text HELLO to [number]"),
]
NUMBERS = [
    ("passport no. X1234567, account 4455", "passport no. [number], account [number]"),
    ("Kundennummer: A-4711, CPF 123.456.789-09", "Kundennummer: [number], CPF [number]"),
    ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [number]"),
    ("SSN 123-45-6789, code 8839201", "SSN [number], code [number]"),
    ("It was AB12-3456C.", "It was [number]."),
    ("born on 03/12/1989 or 1989-12-03", "born on [date] or [date]"),
    ("on March 12th, 2019, or 12 March", "on [date], or [date]"),
    ("am 12. März 2019, le 3 mai 2020", "am [date], le [date]"),
    ("el 12 de marzo de 2019, 3 de maio", "el [date], [date]"),
    ("12 मार्च को, 1989 में पैदा हुआ", "[date] को, [date] में पैदा हुआ"),
    ("I was born in 1989", "I was born in [date]"),
    ("né le 3.4.89", "né le [date]"),
]
AGES = [
    ("I'm 34 years old, she is 9 y/o", "I'm [age 30s] years old, she is [age under 13] y/o"),
    ("I'm 17, aged 93.", "I'm [age 13-19], aged [age 80 or over]."),
    ("(34F), 41/M, F28, (25m)", "([age 30s]F), [age 40s]/M, F[age 20s], ([age 20s]m)"),
    ("Ich bin 34 Jahre alt. Ich bin 51.", "Ich bin [age 30s] Jahre alt. Ich bin [age 50s]."),
    ("J'ai 34 ans. Tengo 25 años.", "J'ai [age 30s] ans. Tengo [age 20s] años."),
    ("Tenho 61 anos.", "Tenho [age 60s] anos."),
    ("मैं 34 साल का हूँ", "मैं [age 30s] साल का हूँ"),
]
PLACES = [
    ("We live at 12 Maple Street, apt 4.", "We live at [address]."),
    ("Hauptstraße 12, 10115 Berlin", "[address]"),
    ("12 rue de la Paix, 69002 Lyon", "[address], [address]"),
    ("calle de Alcalá 45; Rua Augusta, 1500", "[address]; [address]"),
    ("मकान नंबर 12, गली 4", "[address], [address]"),
    ("SW1A 1AA, K1A 0B1, CA 90210", "[address], [address], [address]"),
    ("P.O. Box 123", "[address]"),
    ("I live in Springfield, Ohio. I came.", "I live in [place]. I came."),
    ("Ich wohne in Bad Neustadt.", "Ich wohne in [place]."),
    ("J'habite à Lyon. Vivo en Madrid.", "J'habite à [place]. Vivo en [place]."),
    ("Moro em Lisboa.", "Moro em [place]."),
    ("मैं दिल्ली में रहता हूँ", "मैं [place] में रहता हूँ"),
]
STAYS = [
    "In 2019 I moved for 3 weeks, 24/7, at 10:30.",
    "I slept 100 minutes and weigh 120 lbs, 50%.",
    "I lost $10,000, or 10 000 euros, in 12 to 15 weeks.",
    "I may 12 times say so. I live in fear. I went to God.",
    "I moved to Therapy",
    "2015 was bad.",
    "I owe 1 000 000 euros, or 12 000 000 euros.",
    "At 10 I sleep, page 98. 5 stars",
    "",
]


@pytest.mark.parametrize(("text", "expected"), NAMES + CONTACTS + NUMBERS + AGES + PLACES)
def test_what_tells_who_it_is_goes(text: str, expected: str) -> None:
    assert redact(text, help_lines=HELP).text == expected


@pytest.mark.parametrize("text", NO_NAMES + STAYS)
def test_what_tells_how_somebody_is_stays(text: str) -> None:
    assert redact(text, help_lines=HELP).text == text


def test_what_was_found_is_told_by_its_place() -> None:
    text = "My name is Ann, call 988"

    found = redact(text, help_lines=HELP).found

    assert [(text[one.start : one.end], one.kind) for one in found] == [
        ("Ann", "name"),
        ("988", "help line"),
    ]


def test_a_name_of_the_question_is_known_in_the_answer() -> None:
    known = names_in("My husband John Miller left.")

    assert known == {"John", "Miller"}
    assert redact("It is not John's fault.", known=known).text == "It is not [name]'s fault."


def test_a_word_in_brackets_is_left_as_it_is() -> None:
    text = "My name is [name], I'm [age 30s], call [help line] [number]."

    assert find(text) == []


@pytest.mark.parametrize(
    ("spans", "kept", "left"),
    [
        ([(0, 9)], [(3, 5)], [(0, 3), (5, 9)]),
        ([(0, 9)], [(0, 9)], []),
        ([(4, 9)], [(0, 5), (8, 12)], [(5, 8)]),
        ([(4, 9)], [(0, 2), (20, 22)], [(4, 9)]),
    ],
)
def test_a_span_loses_what_is_kept(
    spans: list[tuple[int, int]], kept: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    cut = without([Found(*span, "x") for span in spans], kept)

    assert [(one.start, one.end) for one in cut] == left


def test_spans_that_overlap_are_one() -> None:
    spans = [Found(5, 9, "b"), Found(0, 6, "a"), Found(9, 10, "c")]

    assert merged(spans) == [Found(0, 9, "a"), Found(9, 10, "c")]


PIECES = st.sampled_from(
    [text for text, _ in NAMES + CONTACTS + NUMBERS + AGES + PLACES]
    + NO_NAMES
    + STAYS
    + ["[name]", "[number]", "[", "]", "@", "\n", "- ", "Ann", "12", " ", "'s", "\ufffc", "\0"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=6).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_to_redact_again_changes_nothing(text: str) -> None:
    once = redact(text, help_lines=HELP)

    assert redact(once.text, help_lines=HELP).text == once.text
    assert find(once.text, help_lines=HELP) == []


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_what_is_found_stands_apart_in_order_and_holds_something(text: str) -> None:
    found = find(text)

    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(text[one.start : one.end].strip() for one in found)
    assert all(PLACEHOLDER.fullmatch(f"[{one.kind}]") for one in found)


HOSTILE = [
    "My husband John " * 1_000,
    "12 " * 5_000,
    "A" * 16_000,
    "Aa " * 5_000,
    "a@" * 8_000,
    "1-" * 8_000,
    "my name is " * 1_400,
    "\nAnna B." * 2_000,
    "a.b" * 5_000,
    "Calle de la " * 1_300,
    "नाम है " * 2_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    redact(text[:16_384])

    assert time.process_time() - began < 5
