"""What to do about a model that does not work: the cause and the cure in one line."""

from __future__ import annotations

import re

from realtime.agent.errors import ModelError, ModelMalformed, ModelTimeout
from realtime.provider.config import ProviderConfig
from realtime.provider.faults import USE_RESPONSES

OTHER_MODEL = "set OPENAI_MODEL to a model that calls tools"
_ADDRESS = "mend OPENAI_BASE_URL (most end in /v1)"
_LONGEST = 200


def advice(config: ProviderConfig, error: ModelError | None, *, first_token_s: float) -> str:
    """Explain why no answer came; without an error it did not come in time."""
    if error is None or isinstance(error, ModelTimeout):
        late = f"{config.host} did not begin to answer within {first_token_s:.0f} s"
        return f"{late}: let the model load first, or set OPENAI_MODEL to a quicker one"
    if error.status is None:
        return _without_answer(config, error)
    said = error.upstream_said.lower()
    if str(error).endswith(USE_RESPONSES):
        return f"{config.resolved_model} at {config.host}: {USE_RESPONSES}"
    if "tool" in said:
        return _no_tools(config, error)
    return _by_status(config, error, said)


def _without_answer(config: ProviderConfig, error: ModelError) -> str:
    cause = str(error)
    if isinstance(error, ModelMalformed) or "no connection" not in cause:
        odd = f"{config.host} does not answer as OpenAI's API does ({cause})"
        return f"{odd}: look into its log, or {_ADDRESS}"
    if "Certificate" in cause or "SSL" in cause:
        cure = "set SSL_CERT_FILE to your authorities, or mend OPENAI_BASE_URL"
        return f"{config.host} shows a certificate nobody here trusts: {cure}"
    check = "start it" if config.is_loopback else "check the network or proxy"
    return f"{config.host} cannot be reached ({cause}): {check}, or mend OPENAI_BASE_URL"


def _no_tools(config: ProviderConfig, error: ModelError) -> str:
    takes_none = f"{config.resolved_model} at {config.host} takes no tools ({_told(error)})"
    server = "or let its server allow them (vLLM: --enable-auto-tool-choice; llama.cpp: --jinja)"
    return f"{takes_none}: {OTHER_MODEL}, {server}"


def _by_status(config: ProviderConfig, error: ModelError, said: str) -> str:
    host, status = config.host, error.status
    match status:
        case 401 | 403 if not config.api_key:
            return f"{host} wants a key ({status}): set OPENAI_API_KEY"
        case 401 | 403:
            return f"{host} refuses the key ({status}): set OPENAI_API_KEY to a key of {host}"
        case 400 | 404 if "model" in said:
            model = f"{host} has no model {config.resolved_model} ({status})"
            return f"{model}: set OPENAI_MODEL to one it has"
        case 404 | 405:
            wire = ", or unset OPENAI_WIRE" if config.wire != "auto" else ""
            return f"{host} knows no such address ({status}): {_ADDRESS}{wire}"
        case 402 | 429 if "quota" in str(error) or status == 402:
            cure = "add some, or set OPENAI_API_KEY to another"
            return f"the account of this key has no credit at {host} ({status}): {cure}"
        case 429:
            return f"{host} is asked too often or too busy (429): try again later"
        case int() if status >= 500:
            return f"{host} is broken ({_told(error)}): look at it, or try again later"
    names = "OPENAI_MODEL, OPENAI_WIRE and OPENAI_REASONING_EFFORT"
    return f"{host} refuses the request ({_told(error)}): mend {names}"


def _told(error: ModelError) -> str:
    """The vendor's own sentence on one line; only a probe's words can be quoted in it."""
    said = re.sub(r"^Error code: (\d+) - ", r"\1: ", error.upstream_said or str(error))
    return " ".join(said.split())[:_LONGEST]
