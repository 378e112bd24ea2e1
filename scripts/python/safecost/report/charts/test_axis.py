"""The axis: its ticks lie on it and apart, and 1 is one of them."""

from __future__ import annotations

import itertools
import math

import pytest

from safecost.report.charts.axis import ticks


@pytest.mark.parametrize(("low", "high"), [(0.98, 1.02), (0.5, 2), (0.93, 2.8), (0.99, 40), (0.001, 1000), (0.2, 1.01)])
def test_ticks_are_within_the_axis_apart_and_include_one(low: float, high: float) -> None:
    found = ticks(low, high, 460, 46)
    assert 1.0 in found
    assert all(low <= tick <= high for tick in found)
    scale = 460 / math.log(high / low)
    assert all(math.log(right / left) * scale >= 46 for left, right in itertools.pairwise(found))
    assert len(found) >= 2
