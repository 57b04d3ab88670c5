"""Which model answers here, from the settings."""

from __future__ import annotations

from typing import Literal, cast

from django.conf import settings

from realtime.provider.config import ProviderConfig, moderates

REHEARSAL_MODEL = "kindline-rehearsal"


def configured_model() -> ProviderConfig | None:
    """The operator's model, else the built-in demo where it is allowed, else none."""
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        return ProviderConfig(
            api_key=settings.OPENAI_API_KEY,
            base_url=settings.OPENAI_BASE_URL,
            model=settings.OPENAI_MODEL,
            wire=cast("Literal['auto', 'responses', 'chat']", settings.OPENAI_WIRE),
            reasoning_effort=settings.OPENAI_REASONING_EFFORT,
            prefill=cast("Literal['off', 'continue', 'prefix']", settings.UPSTREAM_PREFILL),
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


def is_moderated(config: ProviderConfig) -> bool:
    """Whether the vendor looks at messages: it has a way to, and the operator wants it."""
    asked = cast("Literal['auto', 'on', 'off']", settings.MODERATION)
    return moderates(config, asked) and not is_rehearsal(config)


def is_rehearsal(config: ProviderConfig) -> bool:
    return bool(settings.REHEARSAL_URL) and config.base_url == settings.REHEARSAL_URL
