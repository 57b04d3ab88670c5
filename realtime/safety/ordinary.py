"""How figures that are no contacts are written: times, dates, counts, verses ...; pure."""

from __future__ import annotations

import re

from realtime.safety.tongues import NumberWords

_TIME = r"(?:[01]?\d|2[0-4])(?:[:.]|\s?h\s?)[0-5]\d"
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:1[89]|20)\d\d"
_HOURS = r"24\s?[/x-]\s?7(?:\s?[/x-]\s?365)?|7\s?/\s?7|24\s?/\s?24"
_DATE = (
    rf"{_YEAR}([-/.]){_MONTH}\1{_DAY}|{_DAY}([-/.]){_MONTH}\2{_YEAR}|{_MONTH}([/-]){_DAY}\3{_YEAR}"
)
ALWAYS = re.compile(
    rf"{_HOURS}|{_TIME}(?:\s?-\s?{_TIME})?|{_DATE}|\d{{1,2}}\s?/\s?(?:5|10|20|100)"
)
# Right after "call" 13-11-14 is no date.
_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
EVEN_THERE = re.compile(rf"{_HOURS}|{_CLOCK}(?:\s?-\s?{_CLOCK})?|{_DATE}")
ALL_DAY = re.compile(r"\d\s?[hj]\s?/\s?\Z")  # 24h/24, 7j/7
CLEAR = re.compile(rf"{_HOURS}|{_CLOCK}")
YEARS = re.compile(rf"{_YEAR}(?:\s?[-/]\s?(?:{_YEAR}|\d\d))?")
COUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
UNITED = re.compile(
    r"\d{1,6}|\d{1,3}(?:[., ]\d{3}){1,3}(?:[.,]\d+)?|\d{1,6}\s?-\s?\d{1,6}|\d+[.,]\d+"
    r"|\d(?:[ -]\d){1,4}"
)
_LOOSE_FIGURE = re.compile(
    r"(\d{1,3})\s?-\s?(\d{1,3})|\d{1,4}[.,]\d{1,2}|\d{2,3}\s?/\s?\d{2,3}"
    rf"|{_DAY}([-/.]){_MONTH}\3\d\d|{_MONTH}([/-]){_DAY}\4\d\d"
)
_DECIMALS = re.compile(r"(\d{1,3}[.,]\d)\s?-\s?(\d{1,3}[.,]\d)")
_VERSE = re.compile(r"[1-9]\d{0,2}:([1-9]\d{0,2})(?:\s?-\s?([1-9]\d{0,2}))?")
_ZIP = re.compile(r"\d{5,6}|\d{5}-\d{3,4}")
MONEY = re.compile(r"(?:[$€£₹¥]|\b(?:usd|eur|gbp|inr|rs|r\$|us\$))\s?\Z")
SHARE = re.compile(r"\s?[%‰°$€£₹¥]|\s?/\s?(?:10|5|100)(?!\d)")


def is_loose(text: str, before: str, words: NumberWords) -> bool:
    """Whether it is a figure where nobody is to be called: a range, a verse, a postcode ..."""
    if match := _LOOSE_FIGURE.fullmatch(text):
        return not match[1] or int(match[1]) < int(match[2])
    if match := _DECIMALS.fullmatch(text):
        low, high = (float(each.replace(",", ".")) for each in match.groups())
        return low < high
    if (match := _VERSE.fullmatch(text)) and words.book.search(before):
        return not match[2] or int(match[1]) < int(match[2])
    return bool(_ZIP.fullmatch(text) and words.postal.search(before))
