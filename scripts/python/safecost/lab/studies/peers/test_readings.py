"""Each tool's output becomes an estimate: of the other over the base, with the tool's own interval and verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from safecost.core.errors import ToolError
from safecost.lab.studies.peers import readings

NANOBENCH = (
    '{"relative": 0.990012, "low": 0.988, "high": 0.9915, "rounds": 480, "significant": true}\n'  # captured, rounded
)
TANGO = "pair                                               [  40.0 us ...  40.9 us ]      +2.02%*\n"
SAMPLES = "10000,10200,1\n10020,10230,1\n9990,10180,1\n"


def google(times: dict[str, list[float]]) -> str:
    """A run as Google Benchmark 1.7.1 writes it, with its aggregates."""
    entries = [
        {"name": name, "run_name": name, "run_type": kind, "time_unit": "ns", "real_time": time, "cpu_time": time}
        for name, them in times.items()
        for kind, time in [*(("iteration", time) for time in them), ("aggregate", 1e9)]
    ]
    return json.dumps({"context": {"host_name": "here"}, "benchmarks": entries})


def test_safecost_gives_the_interval_over_launches_and_a_verdict() -> None:
    found = readings.of_launches([1.019, 1.02, 1.021, 1.022, 1.023, 1.024], 0.01)
    assert [found.low, found.high] == pytest.approx([1.019, 1.024])
    assert (found.different, found.beyond) == (True, True)
    near = readings.of_launches([1.004, 1.005, 1.006, 1.007, 1.008, 1.009], 0.01)
    assert (near.different, near.beyond) == (True, False)
    with pytest.raises(ToolError, match="no interval over 5 launches"):
        readings.of_launches([1.0] * 5, 0.01)


def test_nanobench_divides_the_base_by_the_other() -> None:
    found = readings.of_nanobench(NANOBENCH)
    assert found.ratio == pytest.approx(1.010089, abs=1e-6)
    assert [found.low, found.high] == pytest.approx([1 / 0.9915, 1 / 0.988])
    assert found.different
    with pytest.raises(ToolError, match="nanobench gave no ratio: 'Segmentation'"):
        readings.of_nanobench("Segmentation")


def test_tango_stars_what_is_significant() -> None:
    found = readings.of_tango(TANGO, SAMPLES)
    assert found.different and found.ratio == pytest.approx(1.02, abs=1e-3)
    assert found.low is not None and found.high is not None
    assert found.low < found.ratio < found.high
    assert found.high - found.low == pytest.approx(2 * 2.6 * 10 / math.sqrt(3) / 10003.3, rel=1e-3)
    plain = readings.of_tango(TANGO.replace("*", ""), SAMPLES)
    assert not plain.different
    alone = readings.of_tango(TANGO, SAMPLES.splitlines()[0])
    assert alone.ratio == pytest.approx(1.02) and alone.low is None and alone.high is None
    with pytest.raises(ToolError, match="tango gave no change"):
        readings.of_tango("warn: nothing", SAMPLES)


def test_google_benchmark_compares_medians_of_repetitions_and_leaves_aggregates_out() -> None:
    given: list[Mapping[str, Any]] = []

    def compare(base: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        given.extend((base, other))
        return 0.04

    one = google({"base": [10.0, 10.2, 10.1], "aa": [10.3, 10.2, 10.4]})
    found = readings.of_google([one], ("base", "aa"), compare)
    assert found.ratio == pytest.approx(10.3 / 10.1) and found.low is None and found.different
    assert [len(run["benchmarks"]) for run in given] == [3, 3]
    two = [google({"base": [10.0]}), google({"aa": [9.0]})]
    assert readings.of_google(two, ("base", "aa"), lambda *_: 0.06).different is False
    with pytest.raises(ToolError, match="gave no times of base and aa"):
        readings.of_google(["{}"], ("base", "aa"), compare)


def test_the_u_test_is_that_of_compare_py() -> None:
    try:
        compare = readings.compare_py()
    except ToolError as missing:
        pytest.skip(str(missing))
    low = {"base": [10.0 + 0.01 * i for i in range(9)]}
    apart = google({**low, "aa": [11.0 + 0.01 * i for i in range(9)]})
    alike = google({**low, "aa": [10.005 + 0.01 * i for i in range(9)]})
    assert readings.of_google([apart], ("base", "aa"), compare).different
    assert not readings.of_google([alike], ("base", "aa"), compare).different
