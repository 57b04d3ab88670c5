"""What speaks against learning from an exchange; pure. Patterns: they miss and overdo some."""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAST_CHARACTERS, MOST_CHARACTERS = 80, 4_000  # of an answer
LINK, PHONE, EMAIL, OWN_PRACTICE = "link", "phone", "email", "own_practice"
# The last: the screen's everyday concerns (despair, abuse, drinking), which most questions have.
SIGNED, MEDICATION, DISTRESS = "signed_by_name", "medication", "distress"
TOO_SHORT, TOO_LONG, EMPTY = "too_short", "too_long", "empty"
# Nobody learns from an answer with one of these; the others are only told.
EXCLUDING = (LINK, PHONE, EMAIL, OWN_PRACTICE, TOO_SHORT, TOO_LONG, EMPTY)
FLAGS = (*EXCLUDING, SIGNED, MEDICATION, DISTRESS)

_ENDINGS = "com|org|net|edu|gov|info|biz|io|us|ca|uk|au|co"
_LINK = re.compile(
    rf"https?://|\bwww\.|\b[a-z0-9][a-z0-9-]+\.(?:{_ENDINGS})(?:/|\b(?!\.?[a-z]))"
    r"|\bdot (?:com|org)\b",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]*\w")
_PHONE = re.compile(
    r"(?<![\d$])(?:\+?\d{1,2}[-. ]?)?\(?\d{3}\)?[-\u2013. ]{1,2}\d{3}[-\u2013. ]\d{4}(?!\d)"
    r"|(?<!\d)\+\d{1,3}[ -.]?\(?\d(?:[ ().-]?\d){6,12}(?!\d)"
    r"|\b1?-?8(?:00|88|77|66|55|44|33)[-. ][A-Z0-9][A-Z0-9-]{5,12}\b"
)
_OURS = (
    r"web ?site|site|web ?page|blog|book|e-?book|podcast|profile|facebook|channel|"
    r"newsletter|youtube|course|workshop|e-?mail|phone|number"
)
_OWN_PRACTICE = re.compile(
    rf"\b(?:on|at|to|visit|see|via|through|from|check out|read|of|called|by|in) (?:\w+ )?my "
    rf"(?:own |new |free |online |private |latest )?(?:{_OURS})\b"
    rf"|\bmy (?:{_OURS}) (?:is|at|called)\b|\bmy (?:web ?site|blog|podcast|newsletter)\b"
    r"|\b(?:contact|e-?mail|text|message|reach|phone) me\b|\bcall me (?:at|on|if|to|for|and)\b"
    r"|\b(?:reach(?:ing)? out to|in touch with|visit|follow) me\b"
    r"|\b(?:book|schedule|make|set up|arrange) (?:an? |your )?(?:\w+ ){0,2}"
    r"(?:appointment|session|consultation|consult|call) with me\b"
    r"|\b(?:work(?:ing)?|meet(?:ing)?|sessions?|consult\w*|appointment) with me\b"
    r"|\bi (?:offer|provide) (?:\w+ ){0,3}(?:consult\w*|sessions?|therapy|counseling|coaching)\b"
    r"|\bfree (?:\w+ )?consultation\b|\bi(?:'|\u2019)?(?: a|)m taking new\b",
    re.IGNORECASE,
)
_MEDICATION = re.compile(
    r"\b(?:zoloft|prozac|lexapro|celexa|paxil|wellbutrin|effexor|cymbalta|xanax|klonopin|ativan|"
    r"valium|lithium|lamictal|depakote|abilify|seroquel|risperdal|zyprexa|adderall|ritalin|"
    r"concerta|vyvanse|strattera|trazodone|buspar|ambien|naltrexone|suboxone|methadone|"
    r"sertraline|fluoxetine|escitalopram|citalopram|paroxetine|bupropion|venlafaxine|duloxetine|"
    r"alprazolam|clonazepam|lorazepam|diazepam|lamotrigine|valproate|aripiprazole|quetiapine|"
    r"risperidone|olanzapine|methylphenidate|buspirone|zolpidem|prazosin|propranolol|mirtazapine|"
    r"remeron|gabapentin|benzodiazepines?|ssris?|snris?)\b",
    re.IGNORECASE,
)
_CONTACTS = ((LINK, _LINK), (EMAIL, _EMAIL), (PHONE, _PHONE))
_SPOKEN_OF = (*_CONTACTS, (OWN_PRACTICE, _OWN_PRACTICE))


def flags_of(asked: str, answer: str, history: Iterable[str] = ()) -> list[str]:
    """The flags of an exchange whose texts are clean, in the order of FLAGS.

    A contact counts wherever it stands: a question may hold somebody else's.
    """
    found = {flag for flag, pattern in _SPOKEN_OF if pattern.search(answer)}
    told = "\n".join((asked, *history))
    found |= {flag for flag, pattern in _CONTACTS if pattern.search(told)}
    if _MEDICATION.search(answer):
        found.add(MEDICATION)
    if not asked or not answer:
        found.add(EMPTY)
    elif len(answer) < LEAST_CHARACTERS:
        found.add(TOO_SHORT)
    elif len(answer) > MOST_CHARACTERS:
        found.add(TOO_LONG)
    return [flag for flag in FLAGS if flag in found]


def excluded(flags: Iterable[str]) -> bool:
    return any(flag in EXCLUDING for flag in flags)
