"""Holds what we send against the AG-UI models, with unknown top-level keys forbidden."""

from __future__ import annotations

from typing import Any

from ag_ui.core import Event, Message
from pydantic import BaseModel, TypeAdapter

_EVENT: TypeAdapter[BaseModel] = TypeAdapter(Event)
_MESSAGE: TypeAdapter[BaseModel] = TypeAdapter(Message)


def check_event(chunk: dict[str, Any]) -> None:
    """Raise for an event that AG-UI does not know in this form."""
    _check(_EVENT.validate_python(chunk))


def check_message(message: dict[str, Any]) -> None:
    _check(_MESSAGE.validate_python(message))


def _check(model: BaseModel) -> None:
    assert not model.model_extra, f"{type(model).__name__} has unknown keys: {model.model_extra}"
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, BaseModel):
                _check(item)
