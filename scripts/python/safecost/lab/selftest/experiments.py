"""From the rounds of launches to the figures of a self-test: pure functions.

A *reading* is one launch of a panel; a *trial* is as many readings of one panel as the default mode makes at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safecost.lab.selftest.figures import AaStudy, BackgroundLoad, PowerPoint, WidthPoint
from safecost.run.schedule import DEFAULT
from safecost.stats.pairs import launch_ratio, sign_test_interval, summarise
from safecost.validity.data_quality import TOLERANCE

TRIAL = DEFAULT.launches
UNTIMED = 0.2  # of an epoch's calls are made before its clock starts (src/runner/panel.cc)

Arms = tuple[int, int]  # numerator and denominator, indices of contenders


@dataclass(frozen=True, slots=True)
class Reading:
    """One launch: nanoseconds a call of shape (contenders, rounds), calls an epoch, and seconds on the wall in all.

    `counted` is the same with NaN where somebody else used the core: what a ratio is made of, at the time of all.
    """

    nanoseconds: NDArray[np.float64]
    counted: NDArray[np.float64]
    calls: int
    wall: float

    def seconds(self, arms: Arms) -> NDArray[np.float64]:
        """Seconds that a pair has had at the end of each round, its untimed calls included."""
        both = self.nanoseconds[arms[0]] + self.nanoseconds[arms[1]]
        return np.cumsum(both) * 1e-9 * self.calls * (1.0 + UNTIMED)

    def ratio(self, arms: Arms, seconds: float = math.inf) -> float | None:
        """The ratio by the rounds that end within these seconds of the pair's time; None if there are none."""
        rounds = int(np.searchsorted(self.seconds(arms), seconds, side="right"))
        top, bottom = (self.counted[arm][:rounds] for arm in arms)
        return None if np.isnan(top + bottom).all() else launch_ratio(top, bottom)


def trial_logs(trial: Sequence[Reading], arms: Arms, seconds: float = math.inf) -> NDArray[np.float64] | None:
    """Log ratios of a trial's readings when the pair has `seconds` in all; None if a reading has no round by then."""
    ratios = [reading.ratio(arms, seconds / len(trial)) for reading in trial]
    return None if None in ratios else np.log(np.array(ratios, dtype=np.float64))


def aa_pairs(
    pairs: Iterable[Sequence[float]],
    launches: int,
    margin: float,
    *,
    background: BackgroundLoad,
    built_twice: bool,
    seconds_per_pair: float,
) -> AaStudy | None:
    """Judge A/A pairs: each row holds the ratios of a pair's launches, cut into groups of `launches`, a verdict
    each.

    What is left of a row that no whole group can be made of is dropped. None where there is no group.
    """
    rows = [np.asarray(row, dtype=np.float64) for row in pairs]
    groups = [row[at : at + launches] for row in rows for at in range(0, len(row) - launches + 1, launches)]
    if not groups:
        return None
    said = [summarise(group.tolist(), margin) for group in groups]
    middles = [abs(one.ratio - 1.0) for one in said]
    verdicts = [one.verdict for one in said]
    return AaStudy(
        background=background,
        built_twice=built_twice,
        launches=launches,
        level=said[0].level or 0.0,
        pairs=sum(len(row) >= launches for row in rows),
        intervals=len(groups),
        missed=sum(not (one.low or 0.0) <= 1.0 <= (one.high or math.inf) for one in said),
        called=sum(verdict in {"slower", "faster"} for verdict in verdicts),
        equivalent=verdicts.count("equivalent"),
        outliers=sum(middle > TOLERANCE for middle in middles),
        errors=tuple(sorted(round(middle, 6) for middle in middles)),
        seconds_per_pair=seconds_per_pair,
    )


def power_point(
    trials: Sequence[Sequence[Reading]], arms: Arms, planted: float, seconds: float, margin: float
) -> PowerPoint | None:
    """How many trials find a planted ratio when the pair has `seconds` in all; None where it is too short a time."""
    rows = [logs for trial in trials if (logs := trial_logs(trial, arms, seconds)) is not None]
    if not rows:
        return None
    wanted = math.log(planted)
    intervals = [interval for row in rows if (interval := sign_test_interval(row)) is not None]
    found = sum(one.low > 0.0 if wanted > 0.0 else one.high < 0.0 for one in intervals)
    covered = sum(one.low <= wanted <= one.high for one in intervals)
    half_width = float(np.median([(one.high - one.low) / 2.0 for one in intervals]))
    edge = math.log1p(margin)
    called = sum(one.low > edge if wanted > 0.0 else one.high < -edge for one in intervals)
    return PowerPoint(seconds, len(intervals), found, covered, half_width, called)


def width_point(trials: Sequence[tuple[Sequence[Reading], Arms]], seconds: float) -> WidthPoint | None:
    """Half-widths of pairs given `seconds` in all: over the launches of a trial, and over the rounds of one launch."""
    over_launches, over_rounds = [], []
    for trial, arms in trials:
        logs = trial_logs(trial, arms, seconds)
        interval = None if logs is None else sign_test_interval(logs)
        if interval is None:
            continue
        over_launches.append((interval.high - interval.low) / 2.0)
        one = trial[0]
        rounds = int(np.searchsorted(one.seconds(arms), seconds, side="right"))
        logs_of_rounds = np.log(one.counted[arms[0]][:rounds] / one.counted[arms[1]][:rounds])
        within = sign_test_interval(logs_of_rounds[~np.isnan(logs_of_rounds)])
        over_rounds.append((within.high - within.low) / 2.0 if within else math.inf)
    if not over_launches:
        return None
    return WidthPoint(
        seconds,
        len(over_launches),
        float(np.median(over_launches)),
        float(np.quantile(over_launches, 0.9)),
        float(np.median(over_rounds)),
    )
