"""Words on which the demo drops its script.

This is the demo's own stand-in, so that a scripted joke never answers a person in danger. It is
NOT the product's screen for crises, which knows far more, and nothing else may rely on it.
"""

from __future__ import annotations

import re
import unicodedata

_PHRASES = (
    # English
    "suicid", "kill myself", "killing myself", "end my life", "ending my life", "end it all",
    "take my life", "take my own life", "taking my own life", "want to die", "wanna die",
    "wish i was dead", "wish i were dead", "better off dead", "don't want to live",
    "dont want to live", "do not want to live", "don't want to be alive", "no reason to live",
    "self-harm", "self harm", "selfharm", "hurt myself", "hurting myself", "harm myself",
    "cut myself", "cutting myself", "overdose", "kms", "k*ll myself", "better off without me",
    "don't want to be here", "dont want to be here", "do not want to be here",
    "can't do this anymore", "cant do this anymore", "can't go on", "cant go on",
    # German, Dutch, Scandinavian, Finnish
    "suizid", "selbstmord", "mich umbringen", "bringe mich um", "mir das leben nehmen",
    "will sterben", "möchte sterben", "nicht mehr leben", "selbstverletz", "mich ritzen",
    "zelfmoord", "zelfdoding", "wil dood", "mezelf pijn", "självmord", "selvmord", "vill dö",
    "vil dø", "itsemurha",
    # French, Spanish, Portuguese, Italian, Romanian (suicid- above covers more)
    "me tuer", "envie de mourir", "veux mourir", "en finir avec la vie", "matarme",
    "quiero morir", "quitarme la vida", "me matar", "quero morrer", "tirar minha vida",
    "uccidermi", "ammazzarmi", "voglio morire", "vreau să mor", "să mă omor",
    # Polish, Czech, Russian, Ukrainian, Turkish, Greek
    "samobój", "zabić się", "chcę umrzeć", "sebevražd", "chci umřít", "самоуб", "суицид",
    "покончить", "хочу умереть", "самогуб", "хочу померти", "intihar",
    "ölmek istiyorum", "αυτοκτον",
    # Arabic, Hebrew, Persian, Hindi, Chinese, Japanese, Korean
    "انتحار", "اريد ان اموت", "להתאבד", "רוצה למות", "خودکشی", "आत्महत्या", "मरना चाहत",
    "自杀", "自殺", "想死", "不想活", "死にたい", "자살", "죽고 싶",
)  # fmt: skip


def is_grave(text: str) -> bool:
    return _PATTERN.search(_plain(text)) is not None


def _plain(text: str) -> str:
    """Lower case, without marks and doubled blanks, one kind of apostrophe."""
    flat = text.casefold().replace("\u2019", "'").replace("\u02bc", "'")
    bare = (c for c in unicodedata.normalize("NFKD", flat) if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", "".join(bare))


# A phrase starts a word; scripts that write no blanks may have it anywhere.
_PATTERN = re.compile(
    "|".join(
        (r"\b" if phrase.isascii() else "") + re.escape(_plain(phrase)) for phrase in _PHRASES
    )
)
