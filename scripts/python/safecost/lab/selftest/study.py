"""The experiments of a self-test: what is timed, in which order, and for how long."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from safecost.core.errors import ToolError
from safecost.core.progress import Steps
from safecost.lab.selftest import experiments
from safecost.lab.selftest.experiments import TRIAL, Arms, Reading
from safecost.lab.selftest.figures import AaStudy, Accompanied, BackgroundLoad, MeasuredRatio, Power, Widths
from safecost.lab.selftest.neighbours import busy
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.stats.pairs import sign_test_interval

SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # that a pair is given in all launches of a trial
PLANTED = ("plus_1", "plus_2")


class SelftestBench(Protocol):
    """What times panels: built, verified, and ready."""

    @property
    def panels(self) -> Sequence[PlannedPanel]:
        """Every panel of the first tier, the calibrations included."""

    def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
        """Time one launch; raises ToolError where that fails."""

    def google(self, panel: PlannedPanel, launch: int, contender: PlannedContender, seconds: float) -> float:
        """Nanoseconds a call as Google Benchmark reads them for one contender in a process of its own."""

    def planted(self, panel: PlannedPanel, contender: PlannedContender) -> float | None:
        """The ratio to raw that a calibration was built to have."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each experiment is done; seconds are of one contender in a launch."""

    profiles: frozenset[str] | None  # None: all that are there
    built_twice: int  # panels of a profile built twice, drawn from all; each holds all variants of its case twice
    aa_launches: int
    aa_seconds: float
    trials: int
    trial_seconds: Mapping[str, float]  # of a pair, by kind of control
    background_pairs: int
    background_launches: int
    busy_aa_launches: int
    busy_trials: int


FULL = Amounts(None, 8, 24, 0.036, 60, {"straight": 1.0, "branchy": 1.0}, 8, 9, 12, 20)
QUICK = Amounts(frozenset({"gcc-o2"}), 1, 12, 0.036, 6, {"straight": 0.5, "branchy": 0.5}, 4, 6, 12, 3)


def more(amounts: Amounts, times: int) -> Amounts:
    """So many times the launches of A/A pairs and the trials of planted effects: to bound rates better."""
    return replace(
        amounts,
        aa_launches=amounts.aa_launches * times,
        trials=amounts.trials * times,
        busy_aa_launches=amounts.busy_aa_launches * times,
        busy_trials=amounts.busy_trials * times,
    )


@dataclass(slots=True)
class SelftestResults:
    """What the experiments have found so far."""

    aa_pairs: list[AaStudy] = field(default_factory=list)
    power: list[Power] = field(default_factory=list)
    widths: list[Widths] = field(default_factory=list)
    accompanied: list[Accompanied] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Selftest:
    """All experiments on one bench; `found` holds what is known, also after an interrupt."""

    def __init__(self, bench: SelftestBench, amounts: Amounts, seed: int, margin: float, neighbours: int) -> None:
        self._bench, self._amounts, self._margin, self._neighbours = bench, amounts, margin, neighbours
        self._random = random.Random(seed)
        self._launch = 0
        self.found = SelftestResults()
        chosen = [panel for panel in bench.panels if amounts.profiles is None or panel.profile in amounts.profiles]
        self._aa_pairs = only_aa_pairs(chosen)
        self._twice = [small for panel in bench.panels if (small := _built_twice(panel)) is not None]
        self._twice = self._random.sample(self._twice, min(amounts.built_twice, len(self._twice)))
        self._calibrations = [small for panel in bench.panels if (small := _calibration(panel)) is not None]
        self._background = list(self._choose_background(chosen))

    def run(self) -> None:
        """Every experiment on the machine as it is, then the shorter ones beside busy neighbours."""
        amounts = self._amounts
        self._aa_rows("idle", amounts.aa_launches)
        self._power_of("idle", amounts.trials)
        self._background_of("idle", amounts.background_launches)
        with busy(self._neighbours):
            time.sleep(0.5)  # until they stream
            self._aa_rows("busy", amounts.busy_aa_launches)
            self._power_of("busy", amounts.busy_trials)

    # -- A/A pairs and half-widths
    # --------------------------------------------------------------------------------------

    def _aa_rows(self, background: BackgroundLoad, launches: int) -> None:
        panels = [*self._aa_pairs, *self._twice]
        readings: dict[PlannedPanel, list[Reading]] = defaultdict(list)
        with Steps(f"A/A pairs, {background}", launches * len(panels)) as steps:
            for _ in range(launches):
                for panel in self._random.sample(panels, len(panels)):
                    self._read(readings, panel, self._amounts.aa_seconds)
                    steps.step()
                self._launch += 1
        for twice, members in ((False, self._aa_pairs), (True, self._twice)):
            pairs = [(panel, arms) for panel in members for arms in _aa_arms(panel)]
            rows = [[r for one in readings[panel] if (r := one.ratio(arms)) is not None] for panel, arms in pairs]
            spent = [float(one.seconds(arms)[-1]) for panel, arms in pairs for one in readings[panel]]
            for count in (TRIAL, 2 * TRIAL):
                judged = experiments.aa_pairs(
                    rows, count, self._margin, background=background, built_twice=twice,
                    seconds_per_pair=float(np.mean(spent)) * count if spent else 0.0,
                )  # fmt: skip
                if judged is not None:
                    self.found.aa_pairs.append(judged)
        trials = [
            (readings[panel][at : at + TRIAL], arms)
            for panel in self._aa_pairs
            for arms in _aa_arms(panel)
            for at in range(0, len(readings[panel]) - TRIAL + 1, TRIAL)
        ]
        points = [experiments.width_point(trials, seconds) for seconds in SECONDS if seconds <= 0.5]
        self.found.widths.append(Widths(background, tuple(point for point in points if point is not None)))

    def _read(self, into: dict[PlannedPanel, list[Reading]], panel: PlannedPanel, seconds: float) -> None:
        try:
            into[panel].append(self._bench.read(panel, self._launch, seconds))
        except ToolError as error:
            note = f"{panel.case}@{panel.profile}: {error}"
            if note not in self.found.notes:
                self.found.notes.append(note)

    # -- power ------------------------------------------------------------------------------------------------------

    def _power_of(self, background: BackgroundLoad, trials: int) -> None:
        longest = {panel: self._amounts.trial_seconds[_kind(panel)] for panel in self._calibrations}
        readings: dict[PlannedPanel, list[Reading]] = defaultdict(list)
        with Steps(f"planted effects, {background}", trials * TRIAL * len(self._calibrations)) as steps:
            for _ in range(trials * TRIAL):
                for panel in self._random.sample(self._calibrations, len(self._calibrations)):
                    # One arm of two, and a fifth of each epoch's calls are untimed.
                    share = longest[panel] / TRIAL / 2 / (1 + experiments.UNTIMED)
                    self._read(readings, panel, share * 1.1)
                    steps.step()
                self._launch += 1
        for panel, found in readings.items():
            rows = [found[at : at + TRIAL] for at in range(0, len(found) - TRIAL + 1, TRIAL)]
            for at, arm in enumerate(panel.contenders):
                planted = self._bench.planted(panel, arm)
                if not rows or planted is None:
                    continue
                points = [
                    experiments.power_point(rows, (at, 0), planted, seconds, self._margin)
                    for seconds in SECONDS
                    if seconds <= longest[panel]
                ]
                made = Power(background, panel.case, arm.variant, planted, tuple(p for p in points if p))
                self.found.power.append(made)

    # -- company ----------------------------------------------------------------------------------------------------

    def _choose_background(self, chosen: Sequence[PlannedPanel]) -> Iterable[tuple[PlannedPanel, Arms]]:
        """An A/A pair and an idiom of each case, spread over cases; the same for the same cases."""
        plain = [panel for panel in chosen if panel.profile == "gcc-o2" and not panel.case.startswith("calibration/")]
        pairs: list[tuple[PlannedPanel, Arms]] = []
        for role in ("safe", "aa"):
            for panel in plain:
                raw = next((i for i, arm in enumerate(panel.contenders) if arm.role == "raw"), None)
                other = next((i for i, arm in enumerate(panel.contenders) if arm.role == role), None)
                if raw is not None and other is not None:
                    pairs.append((panel, (other, raw)))
        step = max(1, len(pairs) // max(1, self._amounts.background_pairs))
        return pairs[::step][: self._amounts.background_pairs]

    def _background_of(self, background: BackgroundLoad, launches: int) -> None:
        seconds = self._amounts.aa_seconds
        whole = list(dict.fromkeys(panel for panel, _ in self._background))
        in_panel: dict[PlannedPanel, list[Reading]] = defaultdict(list)
        alone: dict[PlannedPanel, list[Reading]] = defaultdict(list)
        google: dict[PlannedPanel, list[float]] = defaultdict(list)
        small = {(panel, arms): _alone(panel, arms) for panel, arms in self._background}
        with Steps(f"company, {background}", launches * (len(whole) + len(small))) as steps:
            for _ in range(launches):
                for panel in self._random.sample(whole, len(whole)):
                    self._read(in_panel, panel, seconds)
                    steps.step()
                for pair in self._random.sample(list(small.values()), len(small)):
                    self._read(alone, pair, seconds)
                    above, below = pair.contenders
                    times = [self._bench.google(pair, self._launch, arm, seconds) for arm in (above, below)]
                    google[pair].append(times[0] / times[1])
                    steps.step()
                self._launch += 1
        for (panel, arms), pair in small.items():
            ways = [
                _way([r for one in in_panel[panel] if (r := one.ratio(arms)) is not None]),
                _way([r for one in alone[pair] if (r := one.ratio((0, 1))) is not None]),
                _way(google[pair]),
            ]
            if None not in ways:
                above = panel.contenders[arms[0]]
                name = f"{panel.case}/{above.variant}@{panel.profile}"
                self.found.accompanied.append(Accompanied(background, name, above.role == "aa", *ways))  # type: ignore[arg-type]


def _way(ratios: Sequence[float]) -> MeasuredRatio | None:
    logs = np.log(np.asarray(ratios, dtype=np.float64))
    interval = sign_test_interval(logs)
    if interval is None:
        return None
    return MeasuredRatio(float(np.exp(np.median(logs))), math.exp(interval.low), math.exp(interval.high))


def _alone(panel: PlannedPanel, arms: Arms) -> PlannedPanel:
    return replace(panel, contenders=tuple(panel.contenders[arm] for arm in arms))


def only_aa_pairs(panels: Iterable[PlannedPanel]) -> list[PlannedPanel]:
    """Of each panel the first raw variant of its own profile and its A/A pair, where it has them."""
    return [small for panel in panels if (small := _only_aa(panel)) is not None]


def _only_aa(panel: PlannedPanel) -> PlannedPanel | None:
    """The first raw variant of a panel's own profile and its A/A pair."""
    own = [arm for arm in panel.contenders if arm.profile == panel.profile]
    raw = next((arm for arm in own if arm.role == "raw"), None)
    aa = next((arm for arm in own if arm.role == "aa"), None)
    return replace(panel, contenders=(raw, aa)) if raw and aa else None


def _built_twice(panel: PlannedPanel) -> PlannedPanel | None:
    """Panels that hold every variant of one profile in two builds; the A/A pairs of functions are left out."""
    if not panel.profile.endswith("-again"):
        return None
    arms = tuple(arm for arm in panel.contenders if arm.role in {"raw", "safe"})
    return replace(panel, contenders=arms) if arms else None


def _aa_arms(panel: PlannedPanel) -> list[Arms]:
    """The pairs of identical code: raw and A/A pair, or each variant's two builds."""
    if not panel.profile.endswith("-again"):
        return [(1, 0)]
    places = {(arm.variant, arm.profile == panel.profile): i for i, arm in enumerate(panel.contenders)}
    return [(i, places[name, False]) for (name, own), i in places.items() if own and (name, False) in places]


def _calibration(panel: PlannedPanel) -> PlannedPanel | None:
    """Raw and the planted differences of a case of calibrations."""
    raw = next((arm for arm in panel.contenders if arm.role == "raw"), None)
    planted = [arm for arm in panel.contenders if arm.role == "calibration" and arm.variant in PLANTED]
    return replace(panel, contenders=(raw, *planted)) if raw and planted else None


def _kind(panel: PlannedPanel) -> str:
    return "branchy" if "branchy" in panel.case else "straight"


def google_time(text: str, name: str) -> float:
    """Nanoseconds a call from Google Benchmark's JSON, the median over repetitions; raises ToolError where it does not
    hold that benchmark."""
    try:
        found: Mapping[str, Any] = json.loads(text)
        entries = [one for one in found["benchmarks"] if one["name"] == name]
        scale = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
        times = [float(one["real_time"]) * scale[one["time_unit"]] for one in entries if "aggregate_name" not in one]
        value = statistics.median(times)
    except (ValueError, KeyError, TypeError, statistics.StatisticsError) as error:
        raise ToolError(f"Google Benchmark gave no time for {name}.") from error
    if not value > 0:
        raise ToolError(f"Google Benchmark gave the time {value} for {name}.")
    return value
