"""Every saved or deleted row of the directory changes its version, whoever wrote it."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from realtime.hotlines import models, operations

_DIRECTORY = (
    models.Audience,
    models.Need,
    models.Country,
    models.Hotline,
    models.Contact,
    models.Source,
    models.EmergencySource,
    models.EmergencyNumber,
)
_LINKS = (
    models.Hotline.countries.through,
    models.Hotline.needs.through,
    models.Hotline.audiences.through,
    models.EmergencyNumber.sources.through,
)


def _changed(**_: Any) -> None:
    operations.bump_version()


def connect() -> None:
    """Listen to the models; bulk writes of the import send no signals and bump once themselves."""
    for model in _DIRECTORY:
        post_save.connect(_changed, sender=model, dispatch_uid=f"hotlines {model.__name__} saved")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"hotlines {model.__name__} gone")
    for link in _LINKS:
        m2m_changed.connect(_changed, sender=link, dispatch_uid=f"hotlines {link.__name__}")
