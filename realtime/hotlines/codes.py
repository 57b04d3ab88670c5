"""What counts as a country, a language, a number or an address; pure."""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale
from babel.core import get_global

KINDS = ("phone", "sms", "chat", "whatsapp", "email", "web", "tty")
DIALLED_KINDS = ("phone", "sms", "tty", "whatsapp")
SERVICES = ("general", "police", "ambulance", "fire")
CONFIDENCES = ("high", "medium")
# What is spoken where CLDR names the written language.
_CANTONESE = {"HK": {"yue"}, "MO": {"yue"}}
# Subtags that the data and browsers use for one and the same language.
_SAME_LANGUAGE = {"cmn": "zh", "nb": "no", "nn": "no", "tl": "fil", "iw": "he", "in": "id"}
LONG_NUMBER = 7  # digits; shorter ones are short codes, which have no full form
COSTS = ("free", "standard", "unknown")

# Babel's two-letter territories that are no ISO 3166-1 code: exceptional reservations, groups of
# states and test regions. XK (Kosovo) is user-assigned too, but people live there.
_NOT_ISO = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_DIALLED = re.compile(r"[+*#]?[\d ()./-]+#?")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@cache
def country_names() -> dict[str, str]:
    """Give the English name of every country by its ISO 3166-1 alpha-2 code (and XK)."""
    names = Locale("en").territories
    return {
        str(code): str(names[code])
        for code in names
        if len(str(code)) == 2 and code not in _NOT_ISO
    }


def check_country(code: str) -> str:
    if code not in country_names():
        raise ValueError(f"{code!r} is not an ISO 3166-1 country code")
    return code


@cache
def languages_of(country: str) -> frozenset[str]:
    """Give the languages that are official in a country, or in a part of it."""
    spoken = get_global("territory_languages").get(country, {})
    official = {tag for tag, facts in spoken.items() if facts["official_status"]}
    return frozenset(official | _CANTONESE.get(country, set()))


def base_language(tag: str) -> str:
    """Give the language of a tag, without script and region, by the one subtag we know it by."""
    base = tag.replace("_", "-").split("-")[0].lower()
    return _SAME_LANGUAGE.get(base, base)


def language_name(tag: str) -> str:
    """Give the English name of a language, or the tag where there is none."""
    return str(Locale("en").languages.get(tag.split("-")[0], tag))


@cache
def _languages() -> frozenset[str]:
    return frozenset(Locale("en").languages) | frozenset(get_global("language_aliases"))


def check_language(tag: str) -> str:
    match = _LANGUAGE.fullmatch(tag)
    if match is None or match.group(1) not in _languages():
        raise ValueError(f"{tag!r} is not a BCP 47 language tag")
    return tag


def usual_case(tag: str) -> str:
    """Write a language tag as it is written: `pt_br` is pt-BR, `ZH-hant` zh-Hant."""
    base, *more = tag.replace("_", "-").split("-")
    return "-".join([base.lower(), *(_subtag(part) for part in more)])


def _subtag(part: str) -> str:
    return part.title() if len(part) == 4 else part.upper()


def check_plain(text: str) -> str:
    """Refuse control and direction-changing characters: they could hide or turn round a number."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs") or unicodedata.bidirectional(char) in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        ):  # fmt: skip
            raise ValueError(f"the character U+{ord(char):04X} is not allowed")
    return text


def check_url(url: str) -> str:
    parts = urlsplit(check_plain(url))
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        raise ValueError(f"{url!r} is not an http(s) address")
    return url


def check_partial_date(text: str) -> str:
    """Accept YYYY, YYYY-MM or YYYY-MM-DD: sources often tell no more."""
    if not _PARTIAL_DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date (YYYY, YYYY-MM or YYYY-MM-DD)")
    try:
        datetime.date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise ValueError(f"{text!r} is not a date of the calendar") from None
    return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"{name!r} is not an IANA time zone")
    return name


def check_dialled(value: str) -> str:
    """Accept a number as people dial it: digits, spaces and brackets, one leading + * or #."""
    if not _DIALLED.fullmatch(value) or sum(char.isdigit() for char in value) < 2:
        raise ValueError(f"{value!r} is not a number that can be dialled")
    return value


def check_possible_e164(number: str) -> str:
    """Accept what could be a full number; enough where a human looks at it (the admin)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise ValueError(f"{number!r} is not an E.164 number (+ and digits)") from None
    canonical = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if canonical != number or not phonenumbers.is_possible_number(parsed):
        raise ValueError(f"{number!r} is not an E.164 number (+ and digits)")
    return number


def check_valid_e164(number: str) -> str:
    """Accept only numbers of a range in use: a digit too few or too many must not slip in."""
    if not phonenumbers.is_valid_number(phonenumbers.parse(check_possible_e164(number))):
        raise ValueError(f"{number!r} lies in no number range that phonenumbers knows")
    return number


def is_valid_in(value: str, country: str) -> bool:
    """Tell whether phonenumbers knows a range in the country for `value`, as dialled there."""
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(value, country)))
    except phonenumbers.NumberParseException:
        return False


def says_the_same(value: str, e164: str, countries: tuple[str, ...]) -> bool:
    """Tell whether `value`, dialled in one of the countries, is the full number `e164`."""
    for country in countries or (None,):
        try:
            parsed = phonenumbers.parse(value, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == e164:
            return True
    return False


def check_contact(kind: str, value: str, e164: str) -> None:
    """Refuse a contact whose value does not suit its kind."""
    if kind in DIALLED_KINDS:
        check_dialled(value)
        return
    if e164:
        raise ValueError(f"a {kind} contact has no number")
    if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", check_plain(value)):
        raise ValueError(f"{value!r} is not a mail address")
    if kind in ("chat", "web"):
        check_url(value)
