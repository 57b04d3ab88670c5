"""Finds the addresses in a reply as it is written: of the web, of mail, and what links lead to."""

from __future__ import annotations

import re
from itertools import takewhile

from realtime.safety.allowed import Allowed
from realtime.safety.shadow import LETTER, Shadow

_LONGEST = 400  # characters of an address


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SURE = _words(
    "com org net gov edu mil int info app chat help health care support online site website page "
    "link life live xyz club dev io ai co uk de fr nl au nz ca za br mx jp cn kr ru ua pl cz sk "
    "hu ro bg gr tr il ae sa eg ng ke gh ie ch dk fi pt eu ar cl pe uy ph th vn hk tw sg"
)
# Words as well as countries: `ok.so` lacks a blank, `here.is/help` does not.
_DOUBTFUL = _words("in is it at be am me my no so to se us es la li ma pk id tv cc lk np do de")
# Any other ending counts after words that lead somewhere, or before a path; these never do.
_FILES = _words(
    "txt pdf doc docx odt rtf md csv tsv xls xlsx ppt pptx json xml yaml yml toml ini cfg log sql "
    "html htm css js ts jsx tsx py rb php java c cpp h exe bat jpg jpeg png gif svg webp heic bmp "
    "mp3 mp4 wav ogg avi mkv epub zip tar gz rar"
)
_COUNTRIES_TOO = _words("md py zip")  # or the like: with a path they are no files
_ABBREVIATED = re.compile(r"[a-z](?:\.[a-z])+")  # the e.g of `e.g.that`
_TOO_SHORT = re.compile(r"[a-z]|[\d.]+")  # unless a path follows
_EVERYDAY = _words(
    "a an the and or but if then than that this these those there here i we you he she they him "
    "her his its our your their them who what when where why how yes not nor now just also as by "
    "for from of on off up out with was were are has have had can could will would may might get "
    "go el los las un una y o pero con por le les des du et ou mais der die das und oder aber os "
    "um uma e mas pm ah oh ok"
)
# A full stop without its blank: "out to me.thank you", "on Dr.smith's list".
_NO_NAMES = _EVERYDAY | _words(
    "dr mr mrs ms st prof no nr vol ch me us mich dich dir mir mi ti tu te toi"
)
_OF_THE_WEB = "visit|site|website|web|online|link|url|page|portal|sitio"
_WEB = re.compile(rf"(?<!{LETTER})(?:{_OF_THE_WEB})\W")
_LEADING = (  # as the shadow writes them: without accents
    f"{_OF_THE_WEB}|address|go to|head to|open|browse|via|see|at|on|to|in|from|under|auf|unter|"
    "bei|besuche|besuch|seite|visita|visite|visitez|sur|en|em|su|op|bezoek|acesse|acessa|"
    "na|саит|саите|на|в"
)
_TOWARDS = re.compile(
    rf"(?:(?<!{LETTER})(?:{_LEADING})(?:[ :]{{1,2}}(?:is|at|on|to|ist|es|est))?[ :\"'“(<]{{1,3}}"
    r"|\]:\s?<?|(?:^|[\s:(<])//?)\Z"
)
_BODY = r"[\w!#-(*-;=?-\[^-~]"
_BODIES = re.compile(_BODY)
_DOT = r"(?:[.。]|[\[({] ?[.。] ?[\])}])"
_LABEL = r"(?<![a-z0-9@._+-])[a-z0-9][a-z0-9-]*"
_ADDRESS = re.compile(
    r"(?P<target>(?<=\]\()\s*[^\s)]+)"
    rf"|(?<![a-z])(?:(?:https?|hxxps?|ftp)\s?:/{{0,2}}|mailto:|www\s?\.){_BODY}+"
    r"|(?<![a-z0-9@._+-])[a-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
    rf"|(?P<name>{_LABEL}(?:{_DOT}[a-z0-9][a-z0-9-]*){{0,20}}){_DOT}"
    rf"(?P<ending>[a-z]{{2,24}})(?![a-z0-9-])(?P<more>(?:[:/]|\?[a-z0-9_]+=|#[a-z]){_BODY}*)?"
)
_SPOKEN_DOT = re.compile(r"\s?[(\[]?\s?(?:dot|punto|punkt|point|ponto)\s?[)\]]?\s?")
_SPOKEN = re.compile(
    rf"(?!(?:the|a|der|un|le|el|o)\s){_LABEL}{_SPOKEN_DOT.pattern}"
    r"(?:com|org|net|gov|edu|info|io|app|help|chat|care|support)(?![a-z0-9-])"
)
_TARGET_BEGUN = re.compile(r"\]\(\s*[^\s)]*\Z")
# An address that the text breaks off in.
_BEGUN = re.compile(
    rf"(?:(?<=\]\()\s*[^\s)]*|(?<![a-z])(?:htt|https?|hxxps?:?|https?:{_BODY}*|www{_BODY}*)"
    r"|(?<![a-z0-9@._+-])[a-z0-9._+-]+@[a-z0-9.-]*"
    rf"|{_LABEL}(?:{_DOT}[a-z0-9-]*){{0,20}}(?:\.[a-z0-9]{_BODY}*|[\[({{][.。]?|{_DOT}{_BODY}*))\Z"
)
# Without one of these there is no address, nor the beginning of one.
SIGNS = (
    r"@|\]\(|[.。][a-z0-9]|[a-z0-9][\[({] ?[.。]|htt|hxxp|ftp|mailto|www|"
    r"dot|pun[tk]t|punto|point|ponto"
)
_ENDS = ".,;:!?}'\""
_HELP_PAGE = re.compile(r"/help(?:\?[\w=&-]*)?(?:#[\w-]*)?")
Span = tuple[int, int, str]  # from, to, kind: link, target, or nothing where it is allowed


def addresses(
    text: str, seen: Shadow, start: int, allowed: Allowed, *, final: bool
) -> tuple[list[Span], int]:
    """The addresses in the shadow from `start` on, and where one may be beginning."""
    plain = seen.plain
    whole = len(plain) if final else _whole(plain, start)
    begun = _BEGUN.search(plain, max(whole, start)) if whole < len(plain) else None
    hold = begun.start() if begun else len(plain)
    spans = list[Span]()
    for match in _ADDRESS.finditer(plain, start, whole):
        end = match.start() + len(match[0].rstrip(_ENDS))
        if end > match.start() and _is_address(text, seen, match):
            spans.append((match.start(), end, _kind(text, seen, match, end, allowed)))
    for match in _SPOKEN.finditer(plain, start):
        if match.end() == len(plain) and not final:
            hold = min(hold, match.start())
        elif not allowed.has_address(_SPOKEN_DOT.sub(".", match[0])):
            spans.append((match.start(), match.end(), "link"))
    return spans, hold


def _whole(plain: str, start: int) -> int:
    """Where the last word begins, which may go on; a part of it counts once it is too long."""
    target = _TARGET_BEGUN.search(plain, max(start, len(plain) - _LONGEST))
    if target:
        return target.start() + 2
    last = sum(1 for _ in takewhile(_BODIES.match, reversed(plain[start:])))
    return len(plain) - last % _LONGEST


def _kind(text: str, seen: Shadow, match: re.Match[str], end: int, allowed: Allowed) -> str:
    found = seen.plain[match.start() : end]
    if match["target"]:
        raw = text[seen.place_after(match.start()) : seen.place_after(end)]
        return "" if _may_lead(raw.strip(), found.strip(), allowed) else "target"
    return "" if allowed.has_address(re.sub(_DOT, ".", found)) else "link"


def _may_lead(raw: str, found: str, allowed: Allowed) -> bool:
    """Whether a link may lead there: to our page of help, to a number or address of the list."""
    scheme, colon, number = found.partition(":")
    if colon and scheme in ("tel", "sms", "callto"):
        return allowed.has_number(re.sub(r"\D", "", number.partition("?")[0]))
    return bool(_HELP_PAGE.fullmatch(raw)) or allowed.has_address(found)


def _is_address(text: str, seen: Shadow, match: re.Match[str]) -> bool:
    """Tell `example.org` from a full stop without a blank."""
    name, ending = match["name"], match["ending"]
    path = (match["more"] or "").rstrip(_ENDS)
    if not name or ":" in path or re.search(r"[\[({]", match[0]):
        return True
    before = seen.plain[max(0, match.start() - 40) : match.start()]
    if ending in _DOUBTFUL and (path or "." in name or _WEB.search(before)):
        return True
    written = text[seen.place(match.start("ending")) : seen.place_after(match.end("ending"))]
    first = text[seen.place(match.start())]
    if ending in _SURE and (path or not written[0].isupper() or first.isupper()):
        return True
    if ending in _EVERYDAY or written.istitle() or _ABBREVIATED.fullmatch(name):
        return False
    if not path and (_TOO_SHORT.fullmatch(name) or name in _NO_NAMES):
        return False
    if ending in _FILES and not (path and ending in _COUNTRIES_TOO):
        return False
    return bool(path or _TOWARDS.search(before))
