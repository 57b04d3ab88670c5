"""Data sets of the Hugging Face hub, fetched with the token of whoever imports (HF_TOKEN)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.loading.reading import format_of
from realtime.corpus.provenance import Provenance

_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
# Where a data set has its rows in several formats, those of the first are taken.
_PREFERRED = (".parquet", ".jsonl", ".ndjson", ".csv", ".tsv", ".json")
_NO_ROWS = {"dataset_infos.json", "dataset_dict.json", "dataset_info.json", "state.json"}
_WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class Fetched:
    name: str
    paths: list[Path]
    says: Provenance


def hub_id_of(source: str) -> str | None:
    """`hub:owner/name[/file]`, or `owner/name` where there is no such file; None for a path."""
    if source.startswith("hub:"):
        return source.removeprefix("hub:")
    fits = _ID.fullmatch(source) and not source.startswith(".")
    return source if fits and not format_of(Path(source)) and not Path(source).exists() else None


def fetch(wanted: str, folder: Path, *, endpoint: str | None = None) -> Fetched:
    """Download a data set's files into a folder. ImportRefused says what stands in the way.

    `endpoint`: of the hub, else as the library knows it (HF_ENDPOINT).
    """
    owner, _, rest = wanted.partition("/")
    name, _, file = rest.partition("/")
    repo = f"{owner}/{name}"
    if not _ID.fullmatch(repo):
        raise ImportRefused([f"{wanted}: is no name of a data set, which is like owner/name"])
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint)
    with _in_words(repo):
        info = api.dataset_info(repo, timeout=_WITHIN_S)
        files = [each.rfilename for each in info.siblings or []]
        paths = [
            Path(
                api.hf_hub_download(
                    repo, each, repo_type="dataset", revision=info.sha, cache_dir=folder
                )
            )
            for each in _rows_of(repo, files, file)
        ]
        licence_text = _licence_text(api, repo, files, info.sha, folder)
    says = Provenance(
        attribution=f"from {repo}",
        licence=_licence(info),
        licence_text=licence_text,
        source_url=f"https://huggingface.co/datasets/{repo}",
    )
    return Fetched(f"{repo}/{file}" if file else repo, paths, says)


def _rows_of(repo: str, files: Sequence[str], wanted: str) -> list[str]:
    if wanted:
        if wanted in files:
            return [wanted]
        raise ImportRefused([f"{repo}: there is no file {wanted!r} in it"])
    readable = [file for file in files if PurePosixPath(file).name not in _NO_ROWS]
    for suffix in _PREFERRED:
        found = sorted(file for file in readable if format_of(Path(file)) == suffix)
        if found:
            return found
    raise ImportRefused([f"{repo}: there is no CSV, JSON or Parquet file in it"])


def _licence(info: Any) -> str:
    said = info.card_data.get("license") if info.card_data else None
    return ", ".join(said) if isinstance(said, list) else str(said or "")


def _licence_text(api: Any, repo: str, files: Sequence[str], sha: str | None, folder: Path) -> str:
    names = {"license", "license.txt", "license.md", "licence", "licence.txt", "licence.md"}
    file = next((file for file in files if file.lower() in names), None)
    if file is None:
        return ""
    path = api.hf_hub_download(repo, file, repo_type="dataset", revision=sha, cache_dir=folder)
    return Path(path).read_text("utf-8", errors="replace")[:100_000].replace("\0", "")


@contextmanager
def _in_words(repo: str) -> Iterator[None]:
    """The library's many errors as one sentence that says what to do."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        why = (
            "is gated: accept its terms on its page at huggingface.co, then set HF_TOKEN to a "
            "token of yours that may read it"
        )
        raise ImportRefused([f"{repo}: {why}"]) from error
    except errors.RepositoryNotFoundError as error:
        why = "no such data set, or a private one (HF_TOKEN must be a token that may read it)"
        raise ImportRefused([f"{repo}: {why}"]) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        why = f"the hub refused (status {status})"
        if status in (401, 403):
            why += ": is HF_TOKEN right, and did you accept the terms of the data set?"
        raise ImportRefused([f"{repo}: {why}"]) from error
    except errors.HFValidationError as error:
        raise ImportRefused(
            [f"{repo}: is no name of a data set, which is like owner/name"]
        ) from error
    except (httpx2.HTTPError, errors.LocalEntryNotFoundError, OSError) as error:
        why = f"the hub cannot be reached ({type(error).__name__}): import a file instead"
        raise ImportRefused([f"{repo}: {why}"]) from error
