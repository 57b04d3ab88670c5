"""Places in a text that tell who somebody is; pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """`kind` is what stands there afterwards, in brackets: "name", "number", "age 30s" ..."""

    start: int
    end: int
    kind: str


def without(spans: list[Found], kept: list[tuple[int, int]]) -> list[Found]:
    """The spans less what of them lies in `kept` (in order, apart)."""
    out: list[Found] = []
    for span in spans:
        at = span.start
        for start, end in kept:
            if end <= at or start >= span.end:
                continue
            if start > at:
                out.append(Found(at, start, span.kind))
            at = end
        if at < span.end:
            out.append(Found(at, span.end, span.kind))
    return out


def merged(spans: list[Found]) -> list[Found]:
    """The spans in order and apart; of those that overlap all that any covers, as the first is."""
    out: list[Found] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if out and span.start < out[-1].end:
            out[-1] = Found(out[-1].start, max(out[-1].end, span.end), out[-1].kind)
        else:
            out.append(span)
    return out
