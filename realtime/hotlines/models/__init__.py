"""The object store of the mission: whom to turn to, by country, need and audience.

Rows come from the data files (`import_hotlines`) or from the admin. What a person edited by hand
carries `edited_by_hand`, and the import leaves it alone.
"""

from __future__ import annotations

from realtime.hotlines.models.bookkeeping import DirectoryVersion, HandDeletion, ImportedFile
from realtime.hotlines.models.counts import DayCount
from realtime.hotlines.models.emergency import EmergencyNumber, EmergencySource
from realtime.hotlines.models.history import HotlineCheck
from realtime.hotlines.models.hotline import Contact, Country, Hotline, Source
from realtime.hotlines.models.vocabulary import Audience, Need

__all__ = [
    "Audience",
    "Contact",
    "Country",
    "DayCount",
    "DirectoryVersion",
    "EmergencyNumber",
    "EmergencySource",
    "HandDeletion",
    "Hotline",
    "HotlineCheck",
    "ImportedFile",
    "Need",
    "Source",
]
