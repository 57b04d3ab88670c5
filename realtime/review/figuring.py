"""Dates, ages and numbers of papers and accounts in a text; pure.

Years stay, ages become decades, and a number that somebody could be found by goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from realtime.review.spans import Found

_MONTHS = (
    # English, German, French, Spanish, Portuguese, with what they are cut to
    "january|february|march|april|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|januar|jänner|februar|märz|juni|juli|oktober|dezember|okt|dez"
    "|janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre"
    "|décembre|decembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre"
    "|diciembre"
    "|janeiro|fevereiro|março|marco|maio|junho|julho|setembro|outubro|novembro|dezembro"
    "|जनवरी|फरवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|सितम्बर|अक्टूबर|अक्तूबर"
    "|नवंबर|नवम्बर|दिसंबर|दिसम्बर"
)
_MAY = r"May|MAY|mai|Mai"  # English "may" in small letters is no month
_MONTH = rf"(?:(?i:{_MONTHS})\b\.?|(?:{_MAY})\b)"
_DAY = r"(?:[0-3]?\d)(?:st|nd|rd|th|er|º|ª|°)?"
_YEAR = r"(?:'\d\d|(?:19|20)\d\d)"
_OF = r"(?:,?\s+|\s*,\s*|\.\s*|\s+(?:de|del|of|do)\s+)"
_DATES = re.compile(
    rf"(?<!\w)(?:the\s+)?{_DAY}{_OF}(?:of\s+)?{_MONTH}(?:{_OF}{_YEAR})?(?!\w)"
    rf"|(?<!\w){_MONTH}{_OF}(?:the\s+)?{_DAY}(?:{_OF}{_YEAR})?(?![\w:])(?!\s?%)"
    r"|(?<![\w./-])\d{4}(?P<a>[-./])(?:0?[1-9]|1[0-2])(?P=a)(?:0?[1-9]|[12]\d|3[01])(?![\w/-])"
    r"|(?<![\w./-])(?:0?[1-9]|[12]\d|3[01])(?P<b>[-./])(?:0?[1-9]|[12]\d|3[01])(?P=b)"
    r"(?:\d{4}|\d{2})(?![\w/-])"
)
_BIRTH = re.compile(
    r"(?i:\b(?:born|birth|d\.?o\.?b\.?|geboren|geburtsdatum|née?|naissance|nacid[oa]|nací"
    r"|nacimiento|nascid[oa]|nasci|nascimento)\b)[^\d\n.!?]{0,24}"
    r"(?P<date>\d{1,2}[-./ ]\d{1,2}(?:[-./ ]\d{2,4})?|(?:19|20)\d\d)(?!\w)"
    r"|(?P<hindi>(?:19|20)\d\d)(?=\s+(?:में|को)\s+(?:पैदा|जन्म))"
)
_NUMBER_OF = (
    "passport|licen[cs]e|account|acct|policy|member|membership|insurance|case|student|employee"
    "|patient|file|ssn|social security|nhs|order|invoice|ticket|badge|plate|room|unit"
    "|konto|ausweis|kunden|versicherungs|akten|matrikel|steuer|passeport|compte|dossier|client"
    "|sécu|dni|nie|nif|pasaporte|cuenta|expediente|cpf|rg|cnh|conta|matrícula|processo|aadhaar"
    "|aadhar|आधार|खाता|पासपोर्ट"
)
_LABELLED = re.compile(
    rf"(?i:(?<!\w)(?:{_NUMBER_OF})(?:nummer)?(?:\s*(?:card|id))?\s*"
    r"(?:no\.?|nr\.?|num(?:ber|éro|ero)?|número|n[º°o]\.?|#|id|संख्या|नंबर)?"
    r"\s*(?:is|was|ist|est|es|é|:|=|है)?\s*#?\s*)"
    r"(?P<id>(?=[\w/-]*\d)[A-Za-z\d][A-Za-z\d/-]{3,})"
)
_IBAN = r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)"
_MIXED = r"(?<![\w-])(?=(?:[A-Z-]*\d){4})(?=[\d-]*[A-Z])[A-Z\d-]{6,}(?![\w-])"
_LONG = r"(?<![\w.,])(?<![$€£₹¥])\d{5,}(?![\w%])(?![.,]\d)"
_GROUPED = r"(?<![\w.,-])\d{2,4}(?:[ -]\d{2,6}){2,5}(?![\w-])"
_NUMBERS = re.compile(rf"{_IBAN}|{_MIXED}|{_LONG}|{_GROUPED}")
_YEARS_ONLY = re.compile(r"(?:(?:19|20)\d\d[ -]?)+")
_SUMS = re.compile(r"\d{1,3}(?:[ ]000)+")

_OLD = (
    r"[ -]?(?:years?|yrs?|y)[ -]?(?:old|of age|olds)|[ -]?y[./]?o\b|[ -]?jahre?n?[ -]?alte?[rns]?"
    r"|[ -]?jährige?[rns]?|\s+años\s+de\s+edad|\s+anos\s+de\s+idade"
    r"|\s+(?:साल|वर्ष)\s+(?:का|की|के)\s+(?:हूँ|हूं|है|हैं|था|थी|थे)"
)
_AGE = re.compile(
    rf"(?<![\w.,/-])(?P<old>\d{{1,3}})(?i:(?={_OLD}))"
    r"|(?i:\b(?:aged|age(?:\s+(?:is|of)|:)?|im alter von|à l[’']âge de))\s+(?P<aged>\d{1,3})"
    r"(?!\w|[.,:]\d)"
    r"|(?i:\b(?:i[’']?m|i am)(?:\s+(?:only|just))?)\s+(?P<am>\d{2})"
    r"(?=\s*(?:[.,;!)\n]|$|and\b|but\b|male\b|female\b|m\b|f\b|now\b))(?![.,]\d)"
    r"|(?i:\bich bin(?:\s+erst)?)\s+(?P<bin>\d{2})(?=\s*(?:[.,;!)\n]|$|und\b))(?![.,]\d)"
    r"|(?i:\b(?:j[’']ai|il a|elle a))\s+(?P<ai>\d{1,3})(?=\s+ans\b)"
    r"|(?i:\b(?:tengo|tiene|cumplí))\s+(?P<tengo>\d{1,3})(?=\s+años\b)"
    r"|(?i:\b(?:tenho|tem|fiz))\s+(?P<tenho>\d{1,3})(?=\s+anos\b)"
    r"|(?<![\w/])(?P<sex>\d{2})/?(?=[MF]\b)|(?<=[(\[])(?P<small>\d{2})\s?/?\s?(?=[mf]\b)"
    r"|(?<![\w/])[MF]/?(?P<xes>\d{2})(?!\w)"
)


def figures(text: str) -> Iterator[Found]:
    for match in _DATES.finditer(text):
        yield Found(match.start(), match.end(), "date")
    for match in _BIRTH.finditer(text):
        group = "date" if match["date"] else "hindi"
        yield Found(*match.span(group), "date")
    for match in _LABELLED.finditer(text):
        yield Found(*match.span("id"), "number")
    for match in _NUMBERS.finditer(text):
        if not _YEARS_ONLY.fullmatch(match[0]) and not _SUMS.fullmatch(match[0]):
            yield Found(match.start(), match.end(), "number")
    for match in _AGE.finditer(text):
        yield _aged(match)


def _aged(match: re.Match[str]) -> Found:
    group = str(match.lastgroup)
    return Found(*match.span(group), _decade(int(match[group])))


def _decade(age: int) -> str:
    """A name for some years of a life: children by their school, the oldest together."""
    if age < 20:
        return "age under 13" if age < 13 else "age 13-19"
    return f"age {age // 10}0s" if age < 80 else "age 80 or over"
