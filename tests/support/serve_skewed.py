"""`python -m tests.support.serve_skewed`: config.serve on a machine whose clock is wrong.

By SKEW_S seconds, for all that asks `time` and `datetime`. Not for monotonic clocks: nobody sets
those.
"""

from __future__ import annotations

import datetime
import os
import time
from typing import Any

SKEW = datetime.timedelta(seconds=float(os.environ["SKEW_S"]))
TrueDatetime = datetime.datetime
true_time, true_gmtime, true_localtime = time.time, time.gmtime, time.localtime


class _SkewedType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TrueDatetime)


class SkewedDatetime(TrueDatetime, metaclass=_SkewedType):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return TrueDatetime.now(tz) + SKEW

    @classmethod
    def utcnow(cls) -> Any:
        return TrueDatetime.now(datetime.UTC).replace(tzinfo=None) + SKEW


def skewed_time() -> float:
    return true_time() + SKEW.total_seconds()


def skewed_gmtime(seconds: Any = None) -> time.struct_time:
    return true_gmtime(skewed_time() if seconds is None else seconds)


def skewed_localtime(seconds: Any = None) -> time.struct_time:
    return true_localtime(skewed_time() if seconds is None else seconds)


time.time, time.gmtime, time.localtime = skewed_time, skewed_gmtime, skewed_localtime
datetime.datetime = SkewedDatetime  # type: ignore[misc] # for every later import

if __name__ == "__main__":
    from config import serve  # after the clock was put wrong

    serve.main()
