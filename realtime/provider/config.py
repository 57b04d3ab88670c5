"""Which model answers, where, and how it is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

# The small model of the vendor's current generation, looked up in November 2026. The model list in
# the vendor's openai-python 3.54.0 (openai/types/shared/chat_model.py) names it without a shutdown
# date, while gpt-5-mini, gpt-4.1-mini and gpt-4o-mini have one. Its page:
# https://developers.openai.com/api/docs/models/gpt-6-luna (released 2026-09-22; function calls on
# Responses, and on Chat Completions only with reasoning effort "none").
DEFAULT_MODEL = "gpt-6-luna"
OPENAI_BASE_URL = "https://api.openai.com/v1"
_SECRET = 8  # letters

Wire = Literal["responses", "chat"]
# How a begun reply is gone on with: vLLM's continue_final_message; DeepSeek's, Mistral's prefix.
Prefill = Literal["off", "continue", "prefix"]
Asked = Literal["auto", "on", "off"]  # whether messages are moderated


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """`base_url` empty: OpenAI's own; `model` empty: the default one; `reasoning_effort` empty:
    the model's own. Raises ValueError naming the variable that makes no sense."""

    api_key: str = field(repr=False)
    base_url: str = ""
    model: str = ""
    wire: Literal["auto", "responses", "chat"] = "auto"
    reasoning_effort: str = ""
    prefill: Prefill = "off"
    connect_s: float = 10

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.resolved_base_url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("OPENAI_BASE_URL must look like https://host/v1")

    @property
    def resolved_base_url(self) -> str:
        return self.base_url or OPENAI_BASE_URL

    @property
    def resolved_model(self) -> str:
        return self.model or DEFAULT_MODEL

    @property
    def resolved_wire(self) -> Wire:
        """OpenAI's own models call tools on Responses; other servers speak Chat Completions."""
        if self.wire != "auto":
            return self.wire
        return "responses" if self.is_openai else "chat"

    @property
    def is_openai(self) -> bool:
        """Whether it is the vendor's own address, and not a server that speaks like it."""
        return self._hostname == "api.openai.com" or self._hostname.endswith(".api.openai.com")

    @property
    def host(self) -> str:
        """Name where words go, for the disclosure."""
        port = urlsplit(self.resolved_base_url).port
        return f"{self._hostname}:{port}" if port else self._hostname

    def without_key(self, text: str) -> str:
        """Take the key out of what a server said; a short one is a word, not a secret."""
        return text.replace(self.api_key, "***") if len(self.api_key) >= _SECRET else text

    @property
    def is_loopback(self) -> bool:
        return self._hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def _hostname(self) -> str:
        return urlsplit(self.resolved_base_url).hostname or ""


def moderates(config: ProviderConfig, asked: Asked) -> bool:
    """Whether there is an endpoint for it: `auto` knows only OpenAI's own to have one."""
    return asked == "on" or (asked == "auto" and config.is_openai)
