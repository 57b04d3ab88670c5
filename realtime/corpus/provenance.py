"""Where a file's rows come from and what may be done with them, where that is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_LICENCES = Path(__file__).resolve().parent / "licences"
UNKNOWN = "from an imported data set"
# The two files of the public repository, and the columns that no other data set has.
_FILES = {
    "c36fbce1c12271a17f3f355f6aaeb0b04987b217b53b600c5677985f15c9f1a8",
    "00d7b44d1bb3c300b6077d1442e32db7ac41b6cc337122d238e0ca78b75c7825",
}
_COLUMNS = {"questionid", "questiontitle", "questiontext", "answertext", "therapisturl"}


@dataclass(frozen=True, slots=True)
class Provenance:
    """`attribution` is said to people of an exchange: "from counsel-chat, by a counsellor"."""

    attribution: str = ""
    licence: str = ""
    licence_text: str = ""
    source_url: str = ""

    def over(self, other: Provenance) -> Provenance:
        """What this says, and where it says nothing, what the other does."""
        return Provenance(
            self.attribution or other.attribution,
            self.licence or other.licence,
            self.licence_text or (other.licence_text if not self.licence else ""),
            self.source_url or other.source_url,
        )


def known_of(sha256: str, columns: Collection[str]) -> Provenance:
    """What is known of a file; that its rows were imported is all of most."""
    if sha256 in _FILES or set(columns) >= _COLUMNS:
        return counsel_chat()
    return Provenance(attribution=UNKNOWN)


def counsel_chat() -> Provenance:
    return Provenance(
        attribution="from counsel-chat, by a counsellor",
        licence="MIT",
        licence_text=(_LICENCES / "counsel-chat.txt").read_text("utf-8"),
        source_url="https://github.com/nbertagnolli/counsel-chat",
    )
