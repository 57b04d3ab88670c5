"""Which model is meant by a word of the command, and how it is spoken to; keys by address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, cast
from urllib.parse import urlsplit

from realtime.chat.answering import answering_model, config_for, configured_model, key_for
from realtime.chat.models import ActiveModel
from realtime.provider.config import ProviderConfig

ACTIVE = "active"
Trained = Callable[[str], ProviderConfig | None]


class NoTarget(ValueError):
    """No model is meant by that; the text says what to do."""


def resolve(
    name: str, *, base_url: str | None = None, trained: Trained = lambda name: None
) -> ProviderConfig:
    """By address and name; else `active`, one tuned, one promoted, one of the settings' server.

    `trained` knows jobs, checkpoints and the models they gave. Raises NoTarget.
    """
    if base_url is not None:
        return _at(name, base_url)
    if name == ACTIVE:
        config = answering_model()
        if config is None:
            raise NoTarget("No model answers here: set OPENAI_API_KEY or OPENAI_BASE_URL.")
        return config
    if (tuned := trained(name)) is not None:
        return tuned
    promoted = ActiveModel.objects.filter(name=name).exclude(name="").order_by("-id").first()
    if promoted is not None:
        return config_for(promoted)
    own = configured_model()
    if own is None:
        raise NoTarget("No server is configured: name one with --target-base-url and its like.")
    return replace(own, model=name)


def config_at(name: str, base_url: str, wire: str) -> ProviderConfig:
    """How a model is spoken to that an evaluation wrote down."""
    own = configured_model()
    if own is not None and own.base_url == base_url and own.resolved_model == name:
        return own
    chosen = cast("Literal['auto', 'responses', 'chat']", wire)
    return ProviderConfig(api_key=key_for(base_url), base_url=base_url, model=name, wire=chosen)


def _at(name: str, base_url: str) -> ProviderConfig:
    address = base_url.rstrip("/")
    try:
        parts = urlsplit(address)
        if not name or "@" in parts.netloc or parts.query or parts.fragment:
            raise NoTarget("Say a model, and an address like https://host/v1 without a key in it.")
        return config_at(name, address, "auto")
    except NoTarget:
        raise
    except ValueError:
        raise NoTarget("The address must look like https://host/v1.") from None
