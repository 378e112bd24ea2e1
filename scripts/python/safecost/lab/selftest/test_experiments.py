"""The experiments of a self-test on benches whose truth is known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from safecost.core.errors import ToolError
from safecost.lab.selftest import experiments
from safecost.lab.selftest.experiments import Reading
from safecost.lab.selftest.study import Amounts, Selftest, google_time
from safecost.lab.selftest.targets import targets
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.testing.sample_evidence import point

MARGIN = 0.01
AMOUNTS = Amounts(None, 9, 24, 0.02, 20, {"straight": 0.2, "branchy": 0.2}, 4, 6, 12, 4)


def _panels() -> list[PlannedPanel]:
    place = point(100, None, "L1", 0)

    def arms(profile: str, *names: tuple[str, str]) -> tuple[PlannedContender, ...]:
        return tuple(PlannedContender(name, profile, role) for name, role in names)  # type: ignore[arg-type]

    own = (("raw", "raw"), ("at", "safe"), ("aa", "aa"))
    planted = (("raw", "raw"), ("plus_1", "calibration"), ("plus_2", "calibration"), ("aa", "aa"))
    return [
        *(PlannedPanel(f"made/case{i}", "gcc-o2", place, arms("gcc-o2", *own)) for i in range(4)),
        PlannedPanel("made/case0", "gcc-o2-again", place, (*arms("gcc-o2-again", *own), *arms("gcc-o2", *own[:2]))),
        PlannedPanel("calibration/straight", "gcc-o2", place, arms("gcc-o2", *planted)),
        PlannedPanel("calibration/branchy", "gcc-o2", place, arms("gcc-o2", *planted)),
    ]


@dataclass
class MadeUp:
    """A bench of arms with true times, spread over launches by placement and over rounds by noise."""

    truth: dict[str, float] = field(
        default_factory=lambda: {"raw": 1.0, "aa": 1.0, "at": 1.3, "plus_1": 1.01, "plus_2": 1.02}
    )
    placement: float = 0.0005
    noise: float = 0.002
    broken: str = ""
    panels: Sequence[PlannedPanel] = field(default_factory=_panels)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(1)

    def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
        if panel.case == self.broken:
            raise ToolError("it broke")
        calls, rounds = 200, max(8, round(contender_seconds / 200e-6))
        rows = [
            1000.0
            * self.truth[arm.variant]
            * math.exp(self.random.normal(0, self.placement))
            * np.exp(self.random.normal(0, self.noise, rounds))
            for arm in panel.contenders
        ]
        return Reading(np.array(rows), np.array(rows), calls, contender_seconds * len(rows))

    def google(self, panel: PlannedPanel, launch: int, contender: PlannedContender, seconds: float) -> float:
        return 1000.0 * self.truth[contender.variant] * math.exp(self.random.normal(0, 0.02))

    def planted(self, panel: PlannedPanel, contender: PlannedContender) -> float | None:
        return {"plus_1": 1.01, "plus_2": 1.02}.get(contender.variant)


def _states(bench: MadeUp) -> dict[str, tuple[str, str]]:
    study = Selftest(bench, AMOUNTS, 1, MARGIN, neighbours=0)
    study.run()
    found = study.found
    made = targets(found.aa_pairs, found.power, found.widths, found.accompanied, None, MARGIN)
    return {one.name: (one.status, one.found) for one in made}


def test_a_truthful_bench_meets_what_so_few_trials_can_show() -> None:
    states = _states(MadeUp())
    assert states["+1 % found in 0.2 s a pair, straight"][0] in {"met", "inconclusive"}
    assert states["+1 % found in 0.2 s a pair, straight"][1].startswith("20 of 20 in 0.2 s")
    assert states["+2 % called slower in 1 s a pair, straight"][0] in {"met", "inconclusive"}
    assert states["A/A pairs beyond 0.5 %: A/A pairs, 12 launches"][0] == "met"
    assert states["intervals that miss 1: A/A pairs, 12 launches"][0] == "met"
    assert states["false verdicts at ±1 %: A/A pairs, 12 launches"] == (
        "inconclusive",
        "0 of 12; the rate is at most 22.1 % (95 %)",
    )
    assert states["a pair alone in a process reads as in its panel"][0] == "met"
    assert states["instruction counts"] == ("not measured", "–")
    assert any("busy" in name for name in states)


def test_a_aa_pair_that_outliers_is_a_false_verdict_and_a_miss() -> None:
    states = _states(MadeUp(truth={"raw": 1.0, "aa": 1.04, "at": 1.3, "plus_1": 1.01, "plus_2": 1.02}))
    assert states["false verdicts at ±1 %: A/A pairs, 12 launches"][0] == "missed"
    assert states["intervals that miss 1: A/A pairs, 12 launches"][0] == "missed"
    assert states["intervals that miss 1: A/A pairs of a profile built twice, 12 launches"][0] == "met"


def test_a_planted_effect_that_is_not_there_is_not_found() -> None:
    states = _states(MadeUp(truth={"raw": 1.0, "aa": 1.0, "at": 1.3, "plus_1": 1.0, "plus_2": 1.0}))
    assert states["+1 % found in 0.2 s a pair, straight"][0] == "missed"
    assert states["+2 % called slower in 1 s a pair, straight"][0] == "missed"


def test_what_cannot_be_timed_is_a_note_and_costs_nothing_else() -> None:
    study = Selftest(MadeUp(broken="made/case1"), AMOUNTS, 1, MARGIN, neighbours=0)
    study.run()
    assert study.found.notes == ["made/case1@gcc-o2: it broke"]
    assert study.found.aa_pairs[0].pairs == 5  # four cases and two of calibrations, less the broken one
    assert study.found.aa_pairs[0].intervals == 10


def test_seconds_are_those_of_both_arms_with_their_untimed_calls() -> None:
    times = np.array([[100.0, 100.0], [300.0, 300.0], [50.0, 50.0]])
    reading = Reading(times, times, 1000, 1.0)
    assert reading.seconds((1, 0)) == pytest.approx([480e-6, 960e-6])
    assert reading.ratio((1, 0), 500e-6) == pytest.approx(3.0)
    assert reading.ratio((1, 0), 400e-6) is None


def test_rounds_that_do_not_count_take_time_all_the_same() -> None:
    times = np.array([[100.0, 100.0, 100.0], [300.0, 900.0, 300.0]])
    reading = Reading(times, np.where(times > 500, np.nan, times), 1000, 1.0)
    assert reading.seconds((1, 0)) == pytest.approx([480e-6, 1680e-6, 2160e-6])
    assert reading.ratio((1, 0)) == pytest.approx(3.0)


def test_longer_trials_know_more() -> None:
    bench = MadeUp(placement=0.0)
    panel = bench.panels[0]
    trials = [([bench.read(panel, k, 0.2) for k in range(6)], (2, 0)) for _ in range(20)]
    points = [experiments.width_point(trials, seconds) for seconds in (0.05, 0.5)]
    assert points[0] is not None and points[1] is not None
    assert points[1].over_launches < 0.6 * points[0].over_launches
    assert points[1].over_rounds < 0.6 * points[0].over_rounds


def test_a_rounds_interval_does_not_see_placement() -> None:
    bench = MadeUp(placement=0.01, noise=0.001)
    trials = [([bench.read(bench.panels[0], k, 0.2) for k in range(6)], (2, 0)) for _ in range(20)]
    point = experiments.width_point(trials, 0.2)
    assert point is not None and point.over_launches > 10 * point.over_rounds


def test_a_group_is_cut_from_the_launches_of_one_pair_only() -> None:
    judged = experiments.aa_pairs(
        [[1.0] * 7, [1.1] * 13], 6, MARGIN, background="idle", built_twice=False, seconds_per_pair=1.0
    )
    assert judged is not None
    assert (judged.pairs, judged.intervals, judged.called, judged.missed, judged.outliers) == (2, 3, 2, 2, 2)
    none = experiments.aa_pairs([[1.0] * 5], 6, MARGIN, background="idle", built_twice=False, seconds_per_pair=1.0)
    assert none is None


def test_google_benchmarks_times_are_read_in_every_unit() -> None:
    text = json.dumps({"benchmarks": [{"name": "a/b", "real_time": 1.5, "time_unit": "us"}]})
    assert google_time(text, "a/b") == pytest.approx(1500.0)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"benchmarks": [{"name": "a/b", "real_time": 0, "time_unit": "ns"}]}']
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="Google Benchmark gave"):
        google_time(text, "a/b")


def test_the_order_of_a_study_depends_on_its_seed_only() -> None:
    class Noting(MadeUp):
        def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
            order.append((panel.case, panel.profile, len(panel.contenders)))
            return super().read(panel, launch, contender_seconds)

    orders = []
    for seed in (1, 1, 2):
        order: list[tuple[str, str, int]] = []
        Selftest(Noting(), AMOUNTS, seed, MARGIN, neighbours=0).run()
        orders.append(order)
    assert orders[0] == orders[1] != orders[2]
    assert random.Random(1).random() == random.Random(1).random()
