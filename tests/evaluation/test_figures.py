from __future__ import annotations

import pytest

from realtime.evaluation.figures import at_share, mean, middle, paired, share


def test_a_share_has_wilsons_interval() -> None:
    found = share(10, 10)
    assert found is not None
    assert found.value == 1
    assert found.high == pytest.approx(1)
    assert found.low == pytest.approx(0.7225, abs=1e-4)  # as published tables have it
    assert share(0, 0) is None
    none = share(0, 5)
    assert none is not None
    assert none.low == 0


def test_a_mean_lies_in_its_interval_and_the_same_values_have_the_same() -> None:
    found = mean([1, 2, 3, 4, 5])
    assert found is not None
    assert found.low < found.value == 3 < found.high
    assert mean([1, 2, 3, 4, 5]) == found
    assert mean([]) is None
    one = mean([4])
    assert one is not None
    assert (one.low, one.high) == (4, 4)


def test_pairs_are_compared_on_the_same_questions() -> None:
    found = paired([(5, 3), (4, 2), (3, 1)])
    assert found is not None
    assert (found.low, found.value, found.high) == (2, 2, 2)
    assert found.as_json() == {"value": 2, "low": 2, "high": 2, "of": 3}


def test_times_have_a_middle_and_an_end() -> None:
    assert middle([3, 1, 2]) == 2
    assert middle([]) is None
    assert at_share(list(range(1, 101)), 0.95) == 95
    assert at_share([7], 0.95) == 7
    assert at_share([], 0.95) is None
