"""Why a model cannot be fine-tuned, in words, and the way out.

    TuningError
    ├── MayNotTune       this account may not create jobs
    ├── FileBlocked      moderation blocked the file before training
    ├── SafetyFailed     the trained model failed its safety evaluation: the job was paid
    ├── Refusals         too many answers in the file refuse to help
    ├── FileInvalid      the server cannot read the file
    ├── KeyRefused, NoCredit, UnknownModel, NoTuningHere, JobGone, JobRefused, JobFailed
    └── Passing          retryable: time-out, no connection, 429, 5xx
        └── OddAnswer    an answer nobody can read

`cause` is what happened and `cure` the way out, both whole clauses for the operator's eyes; the
vendor's own words are in `said`, without the key.
"""

from __future__ import annotations


class TuningError(Exception):
    kind = "refused"
    retryable = False

    def __init__(
        self,
        cause: str,
        cure: str,
        *,
        said: str = "",
        status: int | None = None,
        after_s: float | None = None,
    ) -> None:
        super().__init__(f"{cause}: {cure}.")
        self.cause = cause
        self.cure = cure
        self.said = said
        self.status = status
        self.after_s = after_s


class MayNotTune(TuningError):
    kind = "may_not_tune"


class FileBlocked(TuningError):
    kind = "file_blocked"


class SafetyFailed(TuningError):
    kind = "safety_failed"


class Refusals(TuningError):
    kind = "refusals"


class FileInvalid(TuningError):
    kind = "file_invalid"


class KeyRefused(TuningError):
    kind = "key_refused"


class NoCredit(TuningError):
    kind = "no_credit"


class UnknownModel(TuningError):
    kind = "unknown_model"


class NoTuningHere(TuningError):
    kind = "no_tuning"


class JobGone(TuningError):
    kind = "job_gone"


class JobRefused(TuningError):
    kind = "job_refused"


class JobFailed(TuningError):
    kind = "job_failed"


class Passing(TuningError):
    """Asking again later may do."""

    kind = "passing"
    retryable = True


class OddAnswer(Passing):
    kind = "odd_answer"
