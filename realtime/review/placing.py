"""Where somebody lives, as it is written in a text: streets, postcodes, towns; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from realtime.review.naming import LOWER, UPPER, WORD
from realtime.review.naming_words import words_of
from realtime.review.spans import Found

_CAPITAL = rf"(?:St\.\s)?[{UPPER}][{UPPER}{LOWER}'’-]*"
_NO = r"(?:,?\s*(?:n[º°o.]?\.?|nr\.?|nº|#)?\s*)"
_HOUSE = r"\d{1,5}(?:\s?[a-zA-Z]\b)?(?:\s?[-/]\s?\d{1,4})?"
_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Square|Sq"
    "|Terrace|Close|Crescent|Cres|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Marg|Nagar|Colony|Chowk"
)
_FLAT = (
    r"(?:,?\s*(?i:apt|apartment|flat|suite|unit|floor|wohnung|étage|appartement|piso|apto"
    r"|apartamento|bloco)\b\.?\s*#?[\w-]{1,6})?"
)
_STREETS = re.compile(
    rf"(?<!\w){_HOUSE},?\s+(?:{_CAPITAL}\s+){{1,4}}(?i:{_STREET})\b\.?{_FLAT}"
    rf"|(?<!\w)(?:{_CAPITAL}[ -]){{0,3}}{_CAPITAL}(?:straße|strasse|str\.|weg|gasse|platz"
    rf"|allee|damm|ufer|ring)\s+{_HOUSE}(?!\w)"
    rf"|(?<!\w)(?:{_CAPITAL}[ -]){{0,3}}(?:Straße|Strasse|Str\.|Weg|Gasse|Platz|Allee|Damm"
    rf"|Ufer|Ring)\s+{_HOUSE}(?!\w)"
    rf"|(?<!\w){_HOUSE}(?:\s(?:bis|ter))?,?\s+(?i:rue|avenue|boulevard|bd|place|impasse|allée"
    rf"|chemin|quai|route|cours|passage)\s+(?:(?:de|du|des|la|le|les|d|l)[’'\s]\s?){{0,3}}"
    rf"{_CAPITAL}(?:[ -]{_CAPITAL}){{0,3}}"
    rf"|(?<!\w)(?i:calle|c/|avenida|avda?\.?|plaza|paseo|carrera|rua|travessa|alameda|praça"
    rf"|estrada|largo)\s*(?:(?:de|del|da|do|dos|das|la|las|los|el)\s+){{0,3}}"
    rf"{_CAPITAL}(?:\s(?:(?:de|del|da|do|dos|das|la)\s)?{_CAPITAL}){{0,4}}{_NO}{_HOUSE}(?!\w){_FLAT}"
    r"|(?i:p\.?\s?o\.?\s?box|postfach|bo[iî]te postale|apartado(?: de correos)?|caixa postal)"
    r"\s*:?\s*\d{1,8}"
    r"|(?:मकान|फ्लैट|फ़्लैट|गली|सेक्टर|प्लॉट)\s*(?:नंबर|नं\.?|संख्या)?\s*[\d-]+[A-Za-zअ-ह]?(?!\w)"
)
_POSTCODES = re.compile(
    r"(?<!\w)(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?!\w)"
    rf"|(?<![\w-])(?:[A-Z]-)?\d{{4,5}}\s(?!(?i:{_STREET})\b)(?:[A-Z]{{2}}(?!\w))"
    rf"|(?<![\w-])(?:[DFACHI]{{1,2}}-)?\d{{5}}\s{_CAPITAL}(?:[- ](?:am|an der|sur|de|la|le|do)[- ]"
    rf"{_CAPITAL}|-{_CAPITAL})*"
    r"|(?<![\w-])(?:[A-Z]{2}[ ,]{1,2})?\d{5}-\d{3,4}(?![\w-])|(?<![\w-])[A-Z]{2}\s\d{5}(?![\w-])"
)
_TOWN = rf"{_CAPITAL}(?:[- ]{_CAPITAL}){{0,2}}(?:,\s?{_CAPITAL}(?:\s{_CAPITAL})?)?"
_LIVES = re.compile(
    r"(?i:\b(?:(?:live[sd]?|living|grew up|born|moved|moving|reside[sd]?|based|stay(?:ing)?)"
    r"\s+(?:back\s+)?(?:in|near|to|at|outside)|come from|(?:am|i[’']m) from"
    r"|wohne?n?(?: jetzt)? in|lebe?n?(?: jetzt)? in|komme aus|aufgewachsen in|umgezogen nach"
    r"|habite[s]? (?:à|a|au|en|dans)|vis à|viens de|déménagé à"
    r"|vivo en|vive en|soy de|me mudé a|crecí en"
    r"|moro em|mora em|vivo em|sou de|me mudei para|cresci em"
    r"|goes? to|went to|work(?:s|ed|ing)? (?:at|for)|stud(?:y|ies|ied|ying) at"
    r"|arbeite (?:bei|in)|travaille (?:à|chez)|trabajo en|trabalho n[ao]))\s+(?:the\s+)?"
    rf"(?P<town>(?!I\b|I[’']){_TOWN})"
    rf"|(?:मैं|हम)\s+(?P<shahar>{WORD})\s+(?:में\s+(?:रहता|रहती|रहते)|(?:से|का|की)\s+(?:हूँ|हूं|हैं))"
)
# Not places, after "moved to": "went to Mass", and what a month or a holiday is called.
_NO_TOWNS = words_of(
    "monday tuesday wednesday thursday friday saturday sunday christmas easter god church "
    "mass therapy school college university hospital covid what when how his her my our their "
    "this that these those a an fear pain hell peace angst deutschland"
)


def places(text: str) -> Iterator[Found]:
    for match in _STREETS.finditer(text):
        yield Found(match.start(), match.end(), "address")
    for match in _POSTCODES.finditer(text):
        yield Found(match.start(), match.end(), "address")
    for match in _LIVES.finditer(text):
        group = "town" if match["town"] else "shahar"
        if match[group].split()[0].strip(",").casefold() not in _NO_TOWNS:
            yield Found(
                match.start(group),
                match.start(group) + len(match[group].rstrip(" .,'’-")),
                "place",
            )
