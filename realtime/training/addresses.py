"""Where models are trained, with the key that belongs there, and what is known of OpenAI's end."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from realtime.chat.answering import key_for
from realtime.provider.config import ProviderConfig

# https://developers.openai.com/api/docs/deprecations, read in November 2026.
CLOSED_TO_NEW = date(2026, 5, 7)
CLOSED_TO_ALL = date(2027, 1, 6)
TUNED_MODELS_STOP = date(2027, 1, 14)
# Of the bases that may still be tuned there, the small one.
OPENAI_BASE_MODEL = "gpt-4.1-mini-2025-04-14"


class NoAddress(ValueError):
    """An address or a model that cannot be used; the words say what to do."""


def tuning_config(*, base_url: str | None = None, model: str = "") -> ProviderConfig:
    """The server that trains, the settings' own unless another is named. Raises NoAddress."""
    where = (settings.FINETUNE_BASE_URL if base_url is None else base_url).rstrip("/")
    parts = urlsplit(where)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise NoAddress("The address must hold no name, password or query: https://host/v1.")
    try:
        bare = ProviderConfig(api_key="", base_url=where)
    except ValueError:
        raise NoAddress("The address must look like https://host/v1.") from None
    chosen = model or settings.FINETUNE_MODEL or (OPENAI_BASE_MODEL if bare.is_openai else "")
    if not chosen:
        raise NoAddress(f"Say which model {bare.host} shall train: FINETUNE_MODEL, or --model.")
    return ProviderConfig(api_key=_key(where), base_url=where, model=chosen)


def ending(config: ProviderConfig, *, today: date) -> str:
    """What to know before a job at OpenAI's own address; empty elsewhere."""
    if not config.is_openai:
        return ""
    if today >= TUNED_MODELS_STOP:
        return (
            "OpenAI has ended fine-tuning: models tuned there stopped on 14 January 2027. Use "
            "another server that speaks its wire (FINETUNE_BASE_URL), or `dataset export`."
        )
    if today >= CLOSED_TO_ALL:
        return (
            "OpenAI takes no fine-tuning jobs since 6 January 2027, and models tuned there stop "
            "on 14 January 2027: expect to be refused."
        )
    return (
        "OpenAI is closing fine-tuning: no new organisations since 7 May 2026, nobody from 6 "
        "January 2027, and every model tuned there stops on 14 January 2027, "
        f"{(TUNED_MODELS_STOP - today).days} days from now."
    )


def _key(base_url: str) -> str:
    """Fine-tuning's own key at fine-tuning's address, else the one that belongs to it."""
    if settings.FINETUNE_API_KEY and base_url == settings.FINETUNE_BASE_URL.rstrip("/"):
        return str(settings.FINETUNE_API_KEY)
    return key_for(base_url)
