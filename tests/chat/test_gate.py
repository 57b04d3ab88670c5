from __future__ import annotations

from realtime.chat.gate import BURST, PATIENCE, PIECE, RATE, Gate, Pace


def paces(gate: Gate, count: int, *, now: float, size: int = 100) -> list[Pace]:
    return [gate.take(size, now=now) for _ in range(count)]


def test_a_burst_passes_and_what_is_beyond_is_hasty() -> None:
    gate = Gate()

    assert set(paces(gate, int(BURST), now=0)) == {Pace.FINE}
    assert gate.take(100, now=0) is Pace.HASTY


def test_the_steady_pace_passes_for_ever() -> None:
    gate = Gate()

    assert {gate.take(100, now=n / RATE) for n in range(1_000)} == {Pace.FINE}


def test_who_slows_down_is_heard_again() -> None:
    gate = Gate()
    paces(gate, int(BURST) + 10, now=0)

    assert gate.take(100, now=1) is Pace.FINE


def test_who_does_not_slow_down_is_cut_off() -> None:
    gate = Gate()

    assert paces(gate, int(BURST + PATIENCE), now=0)[-1] is Pace.TOO_FAST
    assert Pace.TOO_FAST in {gate.take(100, now=n / (2 * RATE)) for n in range(1_000)}


def test_a_large_frame_counts_as_many_small_ones() -> None:
    gate = Gate()

    assert paces(gate, 3, now=0, size=16 * PIECE) == [Pace.FINE, Pace.FINE, Pace.HASTY]


def test_large_frames_without_end_are_cut_off_though_each_is_refused() -> None:
    gate = Gate()

    told = [gate.take(16 * PIECE, now=n / RATE) for n in range(20)]

    assert told[-1] is Pace.TOO_FAST
