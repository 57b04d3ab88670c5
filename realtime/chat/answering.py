"""Which model answers: the settings' own, or one that was promoted (`activating.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from realtime.chat.models import ActiveModel, Run
from realtime.provider.config import OPENAI_BASE_URL, Prefill, ProviderConfig, moderates

REHEARSAL_MODEL = "kindline-rehearsal"
_Wire = Literal["auto", "responses", "chat"]
_PORTS = {"http": 80, "https": 443}


def configured_model() -> ProviderConfig | None:
    """The operator's model, else the built-in demo where it is allowed, else none."""
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        return ProviderConfig(
            api_key=settings.OPENAI_API_KEY,
            base_url=settings.OPENAI_BASE_URL,
            model=settings.OPENAI_MODEL,
            wire=cast("_Wire", settings.OPENAI_WIRE),
            reasoning_effort=settings.OPENAI_REASONING_EFFORT,
            prefill=cast("Prefill", settings.UPSTREAM_PREFILL),
        )
    if settings.ALLOW_REHEARSAL and settings.REHEARSAL_URL:
        return ProviderConfig(
            api_key="rehearsal",
            base_url=settings.REHEARSAL_URL,
            model=REHEARSAL_MODEL,
            wire="chat",
            reasoning_effort="",
        )
    return None


class Known:
    """What this process last saw to answer, for pages and refusals that ask no database."""

    def __init__(self) -> None:
        self._active: ActiveModel | None = None

    @property
    def promoted(self) -> bool:
        return self._active is not None

    @property
    def model(self) -> ProviderConfig | None:
        return configured_model() if self._active is None else config_for(self._active)

    def learn(self, active: ActiveModel | None) -> None:
        self._active = active


known = Known()


def active_model() -> ActiveModel | None:
    """The model that was promoted and answers now; None for the settings' own. One small query."""
    newest = ActiveModel.objects.order_by("id").last()
    active = newest if newest is not None and newest.name else None
    known.learn(active)
    return active


def answering_model() -> ProviderConfig | None:
    """The model that answers now, as the database says."""
    active = active_model()
    return configured_model() if active is None else config_for(active)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers a run: `active` None is the settings' model. `again`: it also began it."""

    active: ActiveModel | None
    again: bool = False


def choose(*, run_id: UUID, own: str | None) -> Choice:
    """The model that answers now; for a run that somebody began, the one that did.

    Unless that was rolled back meanwhile, or is not what this process has by its settings (`own`:
    the name of that): then its words are discarded and the model of now writes them again.
    """
    active = active_model()
    run = Run.objects.select_related("active_model").get(id=run_id)
    if run.active_model is not None and _stands(run.active_model):
        return Choice(run.active_model, again=True)
    by_settings = run.active_model is None and run.model is not None
    if by_settings and (run.model, run.base_url) == (own, own_address()):
        return Choice(None, again=True)
    return Choice(active)


def own_address() -> str:
    """Where the settings' model is; '' without one."""
    config = configured_model()
    return "" if config is None else shown_address(config)


def _stands(row: ActiveModel) -> bool:
    """Whether a roll-back could still lead to such a model, or it answers now."""
    return any(
        (row.name, row.base_url, row.wire) == (other.name, other.base_url, other.wire)
        for other in _from_the_newest()
    )


def _from_the_newest() -> Iterator[ActiveModel]:
    row = ActiveModel.objects.order_by("id").last()
    while row is not None:
        yield row
        row = row.previous


def config_for(active: ActiveModel) -> ProviderConfig:
    """How a promoted model is spoken to; the settings' habits hold at the settings' address only.

    Raises ValueError for an address that is none.
    """
    at_home = _same(active.base_url, settings.OPENAI_BASE_URL)
    return ProviderConfig(
        api_key=key_for(active.base_url),
        base_url=active.base_url,
        model=active.name,
        wire=cast("_Wire", active.wire),
        prefill=cast("Prefill", settings.UPSTREAM_PREFILL) if at_home else "off",
    )


def key_for(base_url: str) -> str:
    """The key that belongs to exactly this address ('' is OpenAI's own); none for any other.

    A row of the database names an address, so that whoever can write one must not be able to have
    a key sent there.
    """
    if settings.FINETUNE_API_KEY and _same(base_url, settings.FINETUNE_BASE_URL):
        return str(settings.FINETUNE_API_KEY)  # where both are at one address: it tuned the model
    if settings.OPENAI_API_KEY and _same(base_url, settings.OPENAI_BASE_URL):
        return str(settings.OPENAI_API_KEY)
    return ""


def is_moderated(config: ProviderConfig) -> bool:
    """Whether the vendor looks at messages: it has a way to, and the operator wants it."""
    asked = cast("Literal['auto', 'on', 'off']", settings.MODERATION)
    return moderates(config, asked) and not is_rehearsal(config)


def is_rehearsal(config: ProviderConfig) -> bool:
    return bool(settings.REHEARSAL_URL) and config.base_url == settings.REHEARSAL_URL


def shown_address(config: ProviderConfig) -> str:
    """The address as it may be stored and shown: without name, password and query."""
    parts = urlsplit(config.resolved_base_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _same(one: str, other: str) -> bool:
    return _canonical(one) == _canonical(other)


def _canonical(base_url: str) -> tuple[object, ...]:
    """Equal for the same address only; whatever is odd about one stays in it and differs."""
    url = base_url or OPENAI_BASE_URL
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return (url,)
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        return (url,)
    return (parts.scheme, parts.hostname, port, parts.path.rstrip("/"))
