"""The only place that talks to the vendor about fine-tuning, at any address that speaks its wire.

https://developers.openai.com/api/reference/resources/fine_tuning

For commands and the worker, which wait: it is not async. Raises only what tuning_errors.py has.
What only reads is asked again by the SDK; a job is created once, for a second is paid too.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import openai
from openai import DefaultHttpxClient, OpenAI, omit

from realtime.provider import tuning_results
from realtime.provider.config import ProviderConfig
from realtime.provider.tuning_errors import JobGone, NoTuningHere
from realtime.provider.tuning_facts import (
    CheckpointSeen,
    EventSeen,
    JobSeen,
    Unreadable,
    checkpoint_of,
    event_of,
    job_of,
    object_in,
    rows_in,
)
from realtime.provider.tuning_faults import Doing, from_sdk, odd_answer, unreachable

KEY = "kindline_job"  # in the metadata of a job: which record of ours it belongs to
PAGE = 100
_PAGES = 100  # a server that never says that it is through shall not hold us
_ANSWER_S, _UPLOAD_S = 30.0, 300.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What is asked for. None: the server chooses. `extra` is merged into the request as JSON
    (RFC 7396: null leaves a field out); `old_hyperparameters`: at the top, as older servers want.
    """

    model: str
    training_file: str
    validation_file: str = ""
    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    seed: int | None = None
    suffix: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    old_hyperparameters: bool = False

    def body(self) -> dict[str, Any]:
        """The JSON of the request."""
        names = ("n_epochs", "batch_size", "learning_rate_multiplier")
        chosen = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        body: dict[str, Any] = {"model": self.model, "training_file": self.training_file}
        for name in ("validation_file", "seed", "suffix", "metadata"):
            if (value := getattr(self, name)) not in (None, "", {}):
                body[name] = value
        if self.old_hyperparameters:
            body["hyperparameters"] = chosen
        else:
            body["method"] = {"type": "supervised", "supervised": {"hyperparameters": chosen}}
        return merged(body, self.extra)


def merged(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: objects are merged, null takes a field away, all else replaces."""
    result = dict(body)
    for name, value in extra.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[name] = value
    return result


class Tuner:
    """A server's fine-tuning; with `with`, for it holds connections."""

    def __init__(self, config: ProviderConfig, *, retries: int = 2) -> None:
        self.config = config
        self._retries = retries
        self._client = OpenAI(
            api_key=config.api_key or "none",  # local servers want none, the SDK one
            base_url=config.resolved_base_url,
            max_retries=retries,
            timeout=httpx2.Timeout(_ANSWER_S, connect=config.connect_s),
            http_client=DefaultHttpxClient(
                trust_env=not config.is_loopback,  # no proxy to one's own machine
                verify=_trusted(),
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def upload(self, name: str, content: bytes) -> str:
        """Give the file's id there. Twice uploaded is two files, which harms nobody."""
        with self._ours("file"):
            raw = self._client.files.with_raw_response.create(
                file=(name, content, "application/jsonl"), purpose="fine-tune", timeout=_UPLOAD_S
            )
            return str(_id_in(object_in(raw.content)))

    def create(self, order: JobOrder) -> JobSeen:
        """Start the job: asked once and no more, whatever comes back."""
        body = order.body()
        model, file = body.pop("model"), body.pop("training_file")
        with self._ours("create"):
            once = self._client.with_options(max_retries=0).fine_tuning.jobs.with_raw_response
            raw = once.create(model=model, training_file=file, extra_body=body)
            return job_of(object_in(raw.content))

    def find(self, *, key: str, training_file: str) -> JobSeen | None:
        """The job of a record whose answer was lost: by its key, or by the file only it has."""
        for page in self._pages("list", lambda after: self._jobs.list(limit=PAGE, after=after)):
            for job in readable(job_of, page):
                same_file = bool(training_file) and job.training_file == training_file
                if same_file or job.metadata.get(KEY) == key:
                    return job
        return None

    def job(self, job_id: str) -> JobSeen:
        return self._told(lambda: self._jobs.retrieve(job_id))

    def pause(self, job_id: str) -> JobSeen:
        return self._told(lambda: self._jobs.pause(job_id))

    def resume(self, job_id: str) -> JobSeen:
        return self._told(lambda: self._jobs.resume(job_id))

    def cancel(self, job_id: str) -> JobSeen:
        return self._told(lambda: self._jobs.cancel(job_id))

    def events(self, job_id: str, *, known: Collection[str]) -> list[EventSeen]:
        """All that are not known yet. They come newest first: the first page with a known one is
        the last that is asked for."""
        found: list[EventSeen] = []
        jobs = self._jobs
        for page in self._pages(
            "job", lambda after: jobs.list_events(job_id, limit=PAGE, after=after)
        ):
            new = [event for event in readable(event_of, page) if event.id not in known]
            found += new
            if len(new) < len(page):
                break
        return found

    def checkpoints(self, job_id: str) -> list[CheckpointSeen]:
        """None where the server keeps none, or does not know what that is."""
        listed = self._jobs.checkpoints
        pages = self._pages("job", lambda after: listed.list(job_id, limit=PAGE, after=after))
        try:
            return [one for page in pages for one in readable(checkpoint_of, page)]
        except (JobGone, NoTuningHere):
            return []

    def result(self, file_id: str) -> str:
        """The text of a result file, a table of steps."""
        with self._ours("job"):
            content = self._client.files.content(file_id).content
            return tuning_results.text_of(content)

    def shutdown_date(self, model: str) -> str:
        """When a model ends, as the server says it; empty where it says nothing."""
        with self._ours("model"):
            said = object_in(self._client.models.with_raw_response.retrieve(model).content)
        return str(said.get("shutdown_date") or "")

    @property
    def _jobs(self) -> Any:
        return self._client.fine_tuning.jobs.with_raw_response

    def _told(self, ask: Callable[[], Any]) -> JobSeen:
        with self._ours("job"):
            return job_of(object_in(ask().content))

    def _pages(self, doing: Doing, ask: Callable[[Any], Any]) -> Iterator[list[object]]:
        """The rows of each page. `ask` takes the id of the last row, and gives the next page."""
        after: Any = omit
        for _ in range(_PAGES):
            with self._ours(doing):
                rows, more = rows_in(ask(after).content)
                last = _id_in(rows[-1]) if more and rows else ""
            yield rows
            if not last or last == after:
                return
            after = last

    @contextmanager
    def _ours(self, doing: Doing) -> Iterator[None]:
        try:
            yield
        except openai.OpenAIError as error:
            raise from_sdk(self.config, error, doing=doing) from None
        except Unreadable as error:
            raise odd_answer(self.config, str(error)) from None
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise unreachable(self.config, type(error).__name__) from None


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the authorities take 30 ms, and a look at a job takes clients by the dozen."""
    return httpx2.create_ssl_context()


def readable(read: Callable[[object], T], rows: Iterable[object]) -> list[T]:
    """What can be read of the rows: one odd row shall not hide the others."""
    found = []
    for row in rows:
        with suppress(Unreadable):
            found.append(read(row))
    return found


def _id_in(said: object) -> str:
    found = said.get("id") if isinstance(said, Mapping) else None
    if not isinstance(found, str) or not found:
        raise Unreadable("a row without an id")
    return found
