"""From text as it was published to text as it was meant; pure, and in linear time.

Nothing is put into other words. What was found wrong is told by name, for the report.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

# Faults that are mended here.
HTML, WORD_XML, IMAGE = "html", "word_xml", "image"
SPACES, GLUED = "no_break_spaces", "glued"
MENDED = (HTML, WORD_XML, IMAGE, SPACES, GLUED)

_BLOCKS = (
    "p|div|br|ul|ol|li|h[1-6]|tr|table|tbody|thead|blockquote|hr|pre|section|article|dl|dt|dd"
)
_INLINE = (
    "a|abbr|b|big|body|center|cite|code|del|em|font|head|html|i|img|ins|label|link|meta|mark|o:p|"
    r"q|s|small|span|strike|strong|style|script|sub|sup|td|th|title|tt|u|var|wbr|xml|[owmv]:\w+|"
    r"st1:\w+|!\[endif\]|!\[if[^<>\]]*+\]"
)
_ITEM = re.compile(r"<li\b[^<>]*+>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})(?=[\s/>])[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_INLINE})(?=[\s/>])[^<>]*+>", re.IGNORECASE)
_DATA = re.compile(
    r"data:image/[\w.+-]{1,40};base64,[\w+/]{16,}+(?:\r?\n[\w+/]{16,}+)*+={0,2}", re.IGNORECASE
)
_WORD = re.compile(r"<!--\[if [^\]<>]{0,20}mso", re.IGNORECASE)
# Of a pair of tags, what stands between them is no text.
_UNREAD = tuple((f"<{name}", f"</{name}>") for name in ("style", "script", "xml"))
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0*+38|#[xX]0*+26);)++")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MOST_PASSES = 8  # of what was escaped over and over

_NO_BREAK = "\u00a0\u2007\u202f"
_SPACE = re.compile(rf"[ \t{_NO_BREAK}\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff]"
)
_LINES = re.compile(r" ?\n ?")
_PARAGRAPHS = re.compile(r"\n{3,}")

_LOW, _HIGH = "a-zß-öø-ÿ", "A-ZÀ-ÖØ-Þ"
_BEGINS = rf"(?=[\"“¿¡]?(?:[{_HIGH}][{_LOW}]|[IA](?=[\s'\u2019])))"
_AFTER_WORD = re.compile(
    rf"(?<=[{_LOW}]{{2}})(?:(?P<end>[.!?][)\"”]?|:)|(?P<pause>\.{{2,5}}|…)){_BEGINS}"
    rf"|(?<=[)\"”])(?P<closed>[.!?]){_BEGINS}|(?<=\d)(?P<number>[.!?]){_BEGINS}"
)
_TITLES = re.compile(r"(?:^|\W)(?:Dr|Drs|Mr|Mrs|Ms|St|Sr|Jr|Prof|vs)\Z")
_ADDRESS = re.compile(
    r"://|www\.|@|\.(?:com|org|net|edu|gov|info|html?|pdf|aspx?|php)(?![a-z])", re.IGNORECASE
)
_AROUND = 120  # characters of a word that are looked at


@dataclass(frozen=True, slots=True)
class Cleaned:
    text: str
    # Names of MENDED.
    faults: frozenset[str] = frozenset()


def clean(text: str) -> Cleaned:
    """Mend what a web page, an editor or an export did to a text; never raises."""
    faults: set[str] = set()
    text = _BREAK.sub("\n", text)
    text = without_markup(text, faults)
    if any(sign in text for sign in _NO_BREAK):
        faults.add(SPACES)
    text = tidy(text)
    parted = unglue(text)
    if parted != text:
        faults.add(GLUED)
    return Cleaned(tidy(parted), frozenset(faults))


def without_markup(text: str, faults: set[str]) -> str:
    """Take out tags, comments and images, and resolve entities, also those escaped twice."""
    for _ in range(_MOST_PASSES):
        before = text
        if "<" in text:
            text = _without_tags(text, faults)
        if ";base64," in text:
            text = _noting(_DATA, "", text, faults, IMAGE)
        if "&" in text:
            text = _noting(_AMPERSANDS, "&", text, faults, HTML)
            text = _noting(_ENTITY, lambda match: html.unescape(match[0]), text, faults, HTML)
        # What nobody sees may part an entity that is one without it.
        text = _INVISIBLE.sub("", _BREAK.sub("\n", text))
        if text == before:
            break
    return text


def _without_tags(text: str, faults: set[str]) -> str:
    if _WORD.search(text):
        faults.add(WORD_XML)
    if ";base64," in text:
        faults.add(IMAGE)
    bare = without_spans(text, "<!--", "-->")
    for start, end in _UNREAD:
        bare = without_spans(bare, start, end)
    if _BLOCK.search(bare):
        # In a page a line's end is a blank; tags part the lines.
        bare = bare.replace("\n", " ")
        bare = _BLOCK.sub("\n\n", _ITEM.sub("\n- ", _BR.sub("\n", bare)))
    bare = _TAG.sub("", bare)
    if bare != text:
        faults.add(HTML)
    return bare


_BR = re.compile(r"<br\b[^<>]*+>", re.IGNORECASE)


def without_spans(text: str, start: str, end: str) -> str:
    """Take out what stands from each `start` to the next `end`; one without an end stays."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two in small: places would not fit
        lower = text
    kept, at = list[str](), 0
    while (first := lower.find(start, at)) >= 0:
        last = lower.find(end, first + len(start))
        if last < 0:
            break
        kept.append(text[at:first])
        at = last + len(end)
    return "".join([*kept, text[at:]])


def _noting(pattern: re.Pattern[str], by: object, text: str, faults: set[str], fault: str) -> str:
    changed = pattern.sub(by, text)  # type: ignore[call-overload] # text or a function, as sub's own
    if changed != text:
        faults.add(fault)
    return str(changed)


def tidy(text: str) -> str:
    """One blank between words, at most one empty line between paragraphs, nothing invisible."""
    text = _INVISIBLE.sub("", text)
    text = _LINES.sub("\n", _SPACE.sub(" ", text))
    return _PARAGRAPHS.sub("\n\n", text).strip()


def unglue(text: str) -> str:
    """Part sentences whose break was lost: `out with.Seriously`; addresses stay whole."""
    return _AFTER_WORD.sub(_break, text)


def _break(match: re.Match[str]) -> str:
    said, text = match[0], match.string
    before = text[max(0, match.start() - _AROUND) : match.start()]
    if match["end"] == "." and _TITLES.search(before):
        return said
    after = text[match.start() : match.end() + _AROUND]
    if _ADDRESS.search(before.split()[-1] + after.split()[0]):
        return said
    if match["pause"] or match["number"]:
        return f"{said} "
    return f"{said}\n" if said == ":" else f"{said}\n\n"
