"""The words of fine-tuning servers become errors of ours, each with its cause and its way out.

Most servers say everything with status 400 and a sentence: so sentences are read too, with care
for what they have in common and not for one vendor's wording.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import openai

from realtime.provider.config import ProviderConfig
from realtime.provider.faults import retry_after_s
from realtime.provider.tuning_errors import (
    FileBlocked,
    FileInvalid,
    JobFailed,
    JobGone,
    JobRefused,
    KeyRefused,
    MayNotTune,
    NoCredit,
    NoTuningHere,
    OddAnswer,
    Passing,
    Refusals,
    SafetyFailed,
    TuningError,
    UnknownModel,
)

Doing = Literal["file", "create", "job", "model", "list"]

EXPORT = "`dataset export` writes the same rows for training elsewhere (--target trl --to FOLDER)"
WITHOUT_FLAGGED = (
    "have each row scored (`dataset import FILE --moderate`, also of a file that was imported) "
    "and start again with `finetune start --without-flagged`, or write the rows for training "
    "elsewhere with `dataset export --without-flagged --target trl --to FOLDER`"
)
_LONGEST = 300
_QUOTA = re.compile(r"quota|billing|credit|payment|insufficient.?funds|balance", re.IGNORECASE)
_FLAGGED = re.compile(
    r"moderation|flagged|usage polic|content polic|unsafe|safety polic", re.IGNORECASE
)
_EVALUATED = re.compile(
    r"safety eval|safety check|moderation check|failed our safety|evals? (?:failed|blocked)|"
    r"model (?:was|is|has been) blocked",
    re.IGNORECASE,
)
_REFUSING = re.compile(r"\brefusals?\b|refus(?:es|ing) to (?:answer|help)", re.IGNORECASE)
_PERMISSION = re.compile(
    r"permission|not (?:allowed|eligible|authori[sz]ed|permitted|available to)|"
    r"(?:no|not have) access|no longer (?:available|offered|supported)|deprecat|wind(?:ing)? down",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?:training|validation).?file|jsonl|\bexamples?\b|\bline \d+|invalid.?file|\bfile\b",
    re.IGNORECASE,
)
_MODEL = re.compile(r"\bmodel\b|model_not_", re.IGNORECASE)
_OLD_MODEL = re.compile(
    r"\bmodel\b.{0,80}(?:deprecat|no longer|not supported|retired)", re.IGNORECASE | re.DOTALL
)
_ACCOUNT = re.compile(r"account|organi[sz]ation|project|permission", re.IGNORECASE)
_FIELDS = re.compile(
    r"hyperparameters|\bmethod\b|metadata|suffix|extra (?:fields|inputs)|"
    r"un(?:known|recognized|expected|supported) (?:field|parameter|argument)|unknown_parameter",
    re.IGNORECASE,
)


def from_sdk(config: ProviderConfig, error: openai.OpenAIError, *, doing: Doing) -> TuningError:
    """Translate what the SDK raised."""
    if isinstance(error, openai.APIStatusError):
        return _from_status(config, error, doing)
    if isinstance(error, openai.APITimeoutError):
        return Passing(f"{config.host} did not answer in time", _LATER)
    return unreachable(config, type(error.__cause__ or error).__name__)


def unreachable(config: ProviderConfig, kind: str) -> TuningError:
    check = "start it" if config.is_loopback else "check the network or proxy"
    cure = f"{check}, or mend the address (FINETUNE_BASE_URL, --base-url)"
    return Passing(f"{config.host} cannot be reached ({kind})", cure)


def odd_answer(config: ProviderConfig, what: str) -> TuningError:
    cause = f"{config.host} does not answer as a fine-tuning server does ({what})"
    return OddAnswer(cause, f"look into its log, or mend the address; {EXPORT}")


def of_failed_job(host: str, *, code: str, message: str) -> TuningError:
    """Explain why a job that was taken has failed, from what the server says of it."""
    said = " ".join(f"{code} {message}".split())[:_LONGEST]
    for matches, make in _FAILURES:
        if matches(said):
            return make(host, said)
    cure = f"read its events below, mend what they name, and start again; {EXPORT}"
    return JobFailed(f"{host} says that the job failed", cure, said=said)


def _blocked(host: str, said: str) -> TuningError:
    cause = (
        f"moderation at {host} blocked the file before training, because it flagged too many of "
        "its rows: nothing was trained and nothing is due"
    )
    return FileBlocked(cause, WITHOUT_FLAGGED, said=said)


def _unsafe(host: str, said: str) -> TuningError:
    cause = (
        f"the trained model failed the safety evaluation of {host} and stays closed; the training "
        "is paid all the same"
    )
    cure = (
        "read which categories failed in its events, take such rows out (finetune start "
        "--without-flagged), train fewer epochs, or train a model of your own: "
        "`dataset export --target trl --to FOLDER`"
    )
    return SafetyFailed(cause, cure, said=said)


def _refusing(host: str, said: str) -> TuningError:
    cause = f"{host} stopped the job because too many answers in the file refuse to help"
    cure = (
        "take answers that refuse or only send away out of the corpus (dataset show, dataset "
        f"remove), and start again; {EXPORT}"
    )
    return Refusals(cause, cure, said=said)


def _unread(host: str, said: str) -> TuningError:
    cause = f"{host} cannot use the file"
    cure = (
        f"mend the row it names (`dataset export --target openai --to FOLDER` shows it); {EXPORT}"
    )
    return FileInvalid(cause, cure, said=said)


def _no_credit(host: str, said: str) -> TuningError:
    cause = f"the account of this key has no credit at {host}"
    cure = f"add some, or set FINETUNE_API_KEY to another; {EXPORT}"
    return NoCredit(cause, cure, said=said)


def _not_allowed(host: str, said: str) -> TuningError:
    cause = f"this account may not create fine-tuning jobs at {host}"
    closing = ""
    if host.endswith("api.openai.com"):
        closing = (
            "OpenAI takes no new organisations since 7 May 2026 and nobody from 6 January 2027; "
            "use another server that speaks its wire (FINETUNE_BASE_URL), or train yourself: "
        )
    cure = (
        closing or "ask who runs it, use another server (FINETUNE_BASE_URL), or train yourself: "
    )
    return MayNotTune(cause, f"{cure}{EXPORT}", said=said)


# The first that matches: an evaluation's words hold those of moderation, and of refusals.
_FAILURES: tuple[tuple[Callable[[str], object], Callable[[str, str], TuningError]], ...] = (
    (_EVALUATED.search, _unsafe),
    (_FLAGGED.search, _blocked),
    (_REFUSING.search, _refusing),
    (_QUOTA.search, _no_credit),
    (_FILE.search, _unread),
)
_LATER = "try again later; what was begun is found again by `finetune sync`"


def _from_status(
    config: ProviderConfig, error: openai.APIStatusError, doing: Doing
) -> TuningError:
    said = _told(config, error)
    made = _kind_of(config, error, doing, said)
    made.said, made.status = said, error.status_code
    return made


def _kind_of(
    config: ProviderConfig, error: openai.APIStatusError, doing: Doing, said: str
) -> TuningError:
    status, host = error.status_code, config.host
    if status == 402 or (status in (403, 429) and _QUOTA.search(said)):
        return _no_credit(host, said)
    if status == 429:
        after = retry_after_s(error.response.headers)
        return Passing(f"{host} is asked too often, or too busy (429)", _LATER, after_s=after)
    if status in (408, 504):
        return Passing(f"{host} did not answer in time ({status})", _LATER)
    if status == 409 or (status >= 500 and status != 501):
        after = retry_after_s(error.response.headers)
        return Passing(f"{host} is broken ({status})", _LATER, after_s=after)
    if status == 401:
        return _key(config)
    if status == 403:
        return _not_allowed(host, said) if doing in ("create", "file") else _key(config)
    if status in (404, 405, 410, 501):
        return _not_there(config, doing, said, status)
    return _of_request(config, doing, said)


def _key(config: ProviderConfig) -> TuningError:
    if not config.api_key:
        return KeyRefused(f"{config.host} wants a key", "set FINETUNE_API_KEY")
    cure = f"set FINETUNE_API_KEY to a key of {config.host}"
    return KeyRefused(f"{config.host} refuses the key", cure)


def _not_there(config: ProviderConfig, doing: Doing, said: str, status: int) -> TuningError:
    host = config.host
    if doing == "job" and status != 501:
        cure = "ask the server's people, or start another job"
        return JobGone(f"{host} has no such job any more ({status})", cure)
    if doing == "model" or (doing == "create" and _MODEL.search(said)):
        return _unknown_model(config)
    cause = f"{host} has no fine-tuning ({status})"
    cure = f"set FINETUNE_BASE_URL to a server that has (most addresses end in /v1); {EXPORT}"
    return NoTuningHere(cause, cure)


def _of_request(config: ProviderConfig, doing: Doing, said: str) -> TuningError:
    host = config.host
    if doing == "create" and _OLD_MODEL.search(said) and not _ACCOUNT.search(said):
        return _unknown_model(config)
    if doing == "create" and _PERMISSION.search(said) and not _FIELDS.search(said):
        return _not_allowed(host, said)
    if _FLAGGED.search(said):
        return _blocked(host, said)
    if doing == "create" and _FIELDS.search(said):
        cause = f"{host} does not take the request as it was sent"
        cure = (
            "try --old-hyperparameters, or shape it with --extra (null leaves a field out); "
            f"{EXPORT}"
        )
        return JobRefused(cause, cure)
    if doing == "file" or (doing == "create" and _FILE.search(said)):
        return _unread(host, said)
    if doing == "create" and _MODEL.search(said):
        return _unknown_model(config)
    return JobRefused(f"{host} refuses it", f"mend what it names; {EXPORT}")


def _unknown_model(config: ProviderConfig) -> TuningError:
    cause = f"{config.host} has no model {config.resolved_model} to tune"
    return UnknownModel(cause, f"set FINETUNE_MODEL or --model to one it has; {EXPORT}")


def _told(config: ProviderConfig, error: openai.APIStatusError) -> str:
    """The vendor's sentence and code on one line."""
    said = re.sub(r"^Error code: \d+ - ", "", error.message)
    code = error.code if isinstance(error.code, str) and error.code not in said else ""
    return config.without_key(" ".join(f"{code} {said}".split()))[:_LONGEST]
