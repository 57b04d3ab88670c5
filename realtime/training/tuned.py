"""A tuned model by the name of its job, its checkpoint or its own."""

from __future__ import annotations

from realtime.chat.answering import key_for
from realtime.provider.config import ProviderConfig
from realtime.training import queries


def tuned_config(name: str) -> ProviderConfig | None:
    """None where no such model is known, or its job gave none."""
    found = queries.trained(name)
    if found is None or not found.name:
        return None
    base_url = found.job.base_url
    return ProviderConfig(api_key=key_for(base_url), base_url=base_url, model=found.name)
