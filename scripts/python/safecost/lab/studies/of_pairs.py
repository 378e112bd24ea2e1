"""Studies of one pair: does its interval hold the true ratio, and is its verdict right?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safecost.lab.studies.simulate import EDGE, SHAPES, Array, Batch, autocorrelated, judge, normal, settled, stopped
from safecost.lab.studies.tables import Table, rate, shares, table
from safecost.stats.sequential import ANALYSES
from safecost.stats.sign_test import interval_ranks, tails

COUNTS = (6, 8, 12, 20, 30)
SPREAD = 0.005  # standard deviation of launches, where a study needs one
PRECISION = 0.001
SCHEDULES = ((6,), (8, 12), (8, 12, 20), ANALYSES)


def coverage(random: np.random.Generator, trials: int) -> Table:
    """How often intervals of a fixed number of launches hold the median, by the shape of the distribution."""
    rows = []
    for count in COUNTS:
        (rank,), level = interval_ranks((count,), 0.95)
        held = [rate(_held(judge(draw(random, trials, count)))) for draw in SHAPES.values()]
        rows.append([str(count), f"{rank} to {count + 1 - rank}", f"{100 * level:.2f} %", *held])
    return table(["launches", "interval, by rank", "level", *SHAPES], rows)


def dependence(random: np.random.Generator, trials: int) -> Table:
    """How often they do where each launch resembles the one before."""
    rows = []
    for rho in (0.0, 0.1, 0.3, 0.5, 0.8):
        held = [rate(_held(judge(autocorrelated(rho)(random, trials, count)))) for count in COUNTS]
        rows.append([f"{rho:g}", *held])
    return table(["correlation of neighbours", *(f"K = {count}" for count in COUNTS)], rows)


def drift(random: np.random.Generator, trials: int) -> Table:
    """What the order of launches does to a machine that drifts: 40 panels of 12 launches, half the variance drift."""
    panels, launches = 40, 12
    rows = []
    for rho in (0.9, 0.99, 0.999):
        block = np.broadcast_to(np.arange(launches), (trials, launches))
        visits = np.arange(launches) * panels + random.integers(0, panels, (trials, launches))
        held = [rate(_held(judge(_drifting(random, slots, rho)))) for slots in (block, visits)]
        rows.append([f"{rho:g}", *held])
    return table(
        ["correlation of neighbouring launches", "panel after panel", "launch by launch, panels shuffled"], rows
    )


def layouts(random: np.random.Generator, trials: int) -> Table:
    """How often intervals hold the median over all possible layouts, where launches draw from some that are kept.

    Layouts differ with variance 1, and each has five rounds a launch that scatter as much. The mean of those that are
    kept is an error that all launches have in common.
    """
    rows = []
    for drawn, kept in ((1, 1), (1, 6), (4, 48), (12, 48), (4, 128), (8, 128), (12, 128)):
        spread = np.sqrt((1 - drawn / kept) / drawn + 1 / (5 * drawn))
        held = []
        for count in (6, 9, 12, 20, 30):
            common = normal(random, trials, 1) / np.sqrt(kept)
            held.append(rate(_held(judge(common + spread * normal(random, trials, count)))))
        rows.append([f"{drawn} of {kept}", f"{spread:.2f}", *held])
    return table(["layouts a launch", "spread of launches", "6 launches", "9", "12", "20", "30"], rows)


def verdicts(random: np.random.Generator, trials: int) -> Table:
    """How often a pair of a known ratio is called slower, equivalent and inconclusive."""
    rows = []
    for truth in (0.0, 0.005, 0.01, 0.015, 0.02, 0.03):
        for spread in (0.002, 0.005, 0.01):
            cells = []
            for count in (6, 12, 30):
                said = judge(np.log1p(truth) + spread * normal(random, trials, count)).verdict
                cells.append(shares(said == 1, said == 3, (said == 0) | (said == 2)))
            rows.append([f"{100 * truth:+.1f} %, {100 * spread:.1f} %", *cells])
    return table(["true effect, spread", "K = 6", "K = 12", "K = 30"], rows)


def edge(random: np.random.Generator, trials: int) -> Table:
    """Verdicts where the true median is exactly at the margin, so that slower and equivalent are both beyond proof."""
    rows = []
    for name, draw in SHAPES.items():
        cells = []
        for count in COUNTS:
            said = judge(EDGE + SPREAD * draw(random, trials, count)).verdict
            cells.append(f"{rate(said == 1)} / {rate(said == 3)}")
        rows.append([name, *cells])
    bound = [f"{50 * (1 - interval_ranks((count,), 0.95)[1]):.2f} %" for count in COUNTS]
    return table(["slower / equivalent", *(f"K = {count}" for count in COUNTS)], [["at most", *bound], *rows])


def detectable(random: np.random.Generator, trials: int) -> Table:
    """How often an effect as large as what is reported as detectable is called slower."""
    rows = []
    for count in COUNTS:
        said = judge(SPREAD * normal(random, trials, count))
        reported = np.median(EDGE + (said.high - said.low) / 2.0)
        found = [
            rate(judge(EDGE + factor * (reported - EDGE) + SPREAD * normal(random, trials, count)).verdict == 1)
            for factor in (1.0, 1.5, 2.0)
        ]
        rows.append([str(count), f"{100 * np.expm1(reported):.2f} %", *found])
    beyond = ["found, effect as detectable", "1.5 times as far beyond the margin", "twice as far"]
    return table(["launches", "detectable (median)", *beyond], rows)


def schedules(_: np.random.Generator, __: int) -> Table:
    """The ranks of each interim analysis and the level of all; exact, nothing is simulated."""
    rows = []
    for analyses in SCHEDULES:
        ranks, level = interval_ranks(analyses, 0.95)
        own = [
            f"{analysis}: {rank} to {analysis + 1 - rank}, {100 * float(1 - 2 * tails(analysis)[rank]):.1f} %"
            for analysis, rank in zip(analyses, ranks, strict=True)
        ]
        rows.append([", ".join(map(str, analyses)), "; ".join(own), f"{100 * level:.1f} %"])
    return table(["analyses", "launches: interval by rank, its own level", "level of all together"], rows)


def stopping(random: np.random.Generator, trials: int) -> Table:
    """What stopping early does to the intervals that are then reported, by the rule of stopping and of reporting."""
    rows = []
    for rule in ("all 30 launches", "shipped", "95 % at each interim analysis", "until it differs from 1"):
        for name in ("normal", "lognormal", "bimodal, 60 to 40"):
            missed, wrong, launches = [], [], []
            for truth in (0.0, EDGE, float(np.log1p(0.02))):
                logs = truth + SPREAD * SHAPES[name](random, trials, ANALYSES[-1])
                used, low, high = _reported(rule, logs)
                missed.append((low > truth) | (high < truth))
                wrong.append((low > 0.0) | (high < 0.0) if truth == 0.0 else low > EDGE)
                launches.append(float(used.mean()))
            row = [rate(one) for one in (*missed, *wrong[:2])]
            rows.append([f"{rule}, {name}", *row, " / ".join(f"{one:.1f}" for one in launches)])
    head = ["rule, shape", "misses, truth 0", "truth at margin", "truth +2 %"]
    return table([*head, "not 1, truth 0", "slower, truth at margin", "launches"], rows)


def _reported(rule: str, logs: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """Launches used, low and high of each pair, by a rule of the table `stopping`."""
    if rule == "shipped":
        return stopped(logs, ANALYSES, PRECISION, None)
    last = judge(logs)
    used = np.full(len(logs), ANALYSES[-1])
    low, high = last.low.copy(), last.high.copy()
    if rule == "all 30 launches":
        return used, low, high
    open_ = np.ones(len(logs), dtype=bool)
    for analysis in ANALYSES[:-1]:
        here = judge(logs[:, :analysis])
        ends = (
            settled(here, PRECISION, None)
            if rule == "95 % at each interim analysis"
            else (here.low > 0.0) | (here.high < 0.0)
        )
        ends &= open_
        used[ends], low[ends], high[ends] = analysis, here.low[ends], here.high[ends]
        open_ &= ~ends
    return used, low, high


def _drifting(random: np.random.Generator, slots: NDArray[np.int64], rho: float) -> Array:
    """Launches in the given slots of time: half their variance is drift, which keeps `rho` from slot to slot."""
    kept = rho ** np.diff(slots, axis=1)
    values = normal(random, *slots.shape)
    for launch in range(1, slots.shape[1]):
        keep = kept[:, launch - 1]
        values[:, launch] = keep * values[:, launch - 1] + np.sqrt(1.0 - keep * keep) * values[:, launch]
    return values + normal(random, *slots.shape)


def _held(said: Batch) -> NDArray[np.bool_]:
    """Which intervals hold 0, the true median of all shapes."""
    return (said.low <= 0.0) & (said.high >= 0.0)
