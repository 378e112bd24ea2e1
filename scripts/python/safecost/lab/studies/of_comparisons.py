"""The study of two runs that are compared: how often do the same code, and slower code, read as a regression?"""

from __future__ import annotations

import numpy as np

from safecost.compare.rows import RowPlace, time_row
from safecost.core.errors import ToolError
from safecost.lab.studies.simulate import EDGE, MARGIN, SHAPES, Array, Batch, judge
from safecost.lab.studies.tables import Table, rate, table

COUNTS = (6, 12, 20)
TRUTHS = (0.0, 0.02, 0.05)


def two_runs(random: np.random.Generator, trials: int) -> Table:
    """How often head is called a regression of base, by what is true and how launches of each run differ."""
    rows = []
    for name, spread in (("normal", 0.002), ("normal", 0.005), ("normal", 0.02), *_odd()):
        draw = SHAPES[name]
        cells = []
        for truth in TRUTHS:
            for count in COUNTS:
                base = judge(spread * draw(random, trials, count))
                head = judge(np.log1p(truth) + spread * draw(random, trials, count))
                cells.append(rate(_lower_end(base, head) > EDGE))
        rows.append([f"{name}, {100 * spread:.1f} %", *cells])
    told = {truth: f"{100 * truth:+.0f} %" if truth else "same code" for truth in TRUTHS}
    heads = [f"{told[truth]}, K = {count}" for truth in TRUTHS for count in COUNTS]
    return table(["launches, spread", *heads], rows)


def _odd() -> list[tuple[str, float]]:
    """The other shapes, each at one spread."""
    return [(name, 0.005) for name in SHAPES if name != "normal"]


def _lower_end(base: Batch, head: Batch) -> Array:
    """The lower end of the interval of head over base, in logarithms; held to what is shipped."""
    low, high = head.low - base.high, head.high - base.low
    for at in range(min(20, len(low))):
        interval = (float(np.exp(low[at])), float(np.exp(high[at])), base.level * head.level)
        row = time_row(RowPlace("study"), "idiom_time", 1.0, 1.0, interval, MARGIN)
        if (row.verdict == "regression") != bool(low[at] > EDGE):
            raise ToolError(f"Pair {at} is {row.verdict} as shipped: mend safecost.lab.studies.of_comparisons.")
    return low
