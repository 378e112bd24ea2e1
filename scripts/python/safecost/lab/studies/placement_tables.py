"""What a study of placement found: how often intervals over launches hold the truth, and tables of that."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from safecost.stats.binomial import rate_interval
from safecost.stats.pairs import Interval, sign_test_interval

LayoutSource = Literal["one link", "fresh layouts"]
MARGIN = math.log(1.01)  # as of verdicts


@dataclass(frozen=True, slots=True)
class Placed:
    """One pair's log ratios, one a launch: `links` and `shipped` hold sets of launches that a run could have made.

    In a set of `links` all launches load the same files; in one of `shipped` each loads a layout of its own. Each of
    `relinks` and of `pads` is one launch of one more layout, shuffled or padded.
    """

    case: str
    profile: str
    variant: str
    is_rebuild: bool
    links: tuple[tuple[float, ...], ...]
    shipped: tuple[tuple[float, ...], ...]
    relinks: tuple[float, ...]
    pads: tuple[float, ...]

    @property
    def name(self) -> str:
        """The pair as tables show it; the denominator is raw."""
        return f"{self.case}/{self.variant}@{self.profile}"

    @property
    def truth(self) -> float:
        """What intervals shall hold: 0 for an A/A pair, which is one source twice, else the median over further
        layouts."""
        return 0.0 if self.is_rebuild else float(np.median(self.relinks))

    def sets(self, source: LayoutSource) -> tuple[tuple[float, ...], ...]:
        """The sets of launches of one source."""
        return self.links if source == "one link" else self.shipped


@dataclass(frozen=True, slots=True)
class Missed:
    """Intervals of one source over all A/A pairs, or over all idiom pairs, and what they missed.

    `off_pads` counts those that miss the median of the padded builds. `by_chance` is the share that would miss the
    truth if launches were independent draws, `low` to `high` the 95 % interval of the share that did. `worst` is how
    far beyond an interval's end the truth lay, in log ratios; `beyond` counts intervals wholly beyond the margin, so
    that the verdict is slower or faster, where the truth is not. `median_width` is in log ratios.
    """

    source: LayoutSource
    aa_pairs: bool
    intervals: int
    missed: int
    off_pads: int
    by_chance: float
    low: float
    high: float
    worst: float
    worst_name: str
    beyond: int
    median_width: float


def missed(pairs: Iterable[Placed], source: LayoutSource, aa_pairs: bool) -> Missed | None:
    """Count the intervals of a source that do not hold the truth; None where there is no interval."""
    found: list[tuple[float, str, Interval, Placed, int]] = []
    for pair in pairs:
        if pair.is_rebuild != aa_pairs or (not aa_pairs and not pair.relinks):
            continue
        for launches in pair.sets(source):
            interval = sign_test_interval(launches)
            if interval is not None:
                found.append((distance(interval, pair.truth), pair.name, interval, pair, len(launches)))
    if not found:
        return None
    misses = sum(off > 0 for off, *_ in found)
    # It takes the intervals for independent, and those of one panel share their raw times.
    low, high = rate_interval(misses, len(found), two_sided=True)
    chance = np.mean([chance_of_a_miss(count, 0 if aa_pairs else len(pair.relinks)) for *_, pair, count in found])
    worst, name, *_ = max(found, key=lambda one: one[0])
    pads = sum(
        bool(pair.pads) and distance(interval, float(np.median(pair.pads))) > 0 for _, _, interval, pair, _ in found
    )
    beyond = sum(_beyond(interval, pair.truth) for _, _, interval, pair, _ in found)
    width = float(np.median([interval.high - interval.low for _, _, interval, *_ in found]))
    return Missed(source, aa_pairs, len(found), misses, pads, float(chance), low, high, worst, name, beyond, width)


def distance(interval: Interval, value: float) -> float:
    """How far a value lies beyond an interval, 0 inside."""
    return max(interval.low - value, value - interval.high, 0.0)


def _beyond(interval: Interval, truth: float) -> bool:
    """Would such an interval give a verdict of slower or faster that the truth contradicts?"""
    return (interval.low > MARGIN >= truth) or (interval.high < -MARGIN <= truth)


@cache
def chance_of_a_miss(launches: int, others: int) -> float:
    """How often an interval over that many launches misses the median of `others` further ones, all of one kind.

    With no others, the median itself: then it is what the interval's level leaves. Ranks decide, so any continuous
    distribution gives the same; 20,000 draws.
    """
    draw = np.random.default_rng(1)
    index = np.arange(float(launches))
    interval = sign_test_interval(index)
    if interval is None:
        return math.nan
    if not others:
        return 1.0 - interval.level
    sets = np.sort(draw.random((20_000, launches)), axis=1)
    truth = np.median(draw.random((20_000, others)), axis=1)
    return float(np.mean((truth < sets[:, int(interval.low)]) | (truth > sets[:, int(interval.high)])))


def markdown(pairs: Sequence[Placed]) -> list[str]:
    """The summary, and a row for each pair, as tables of Markdown."""
    lines = [
        "| pairs | all launches of a set load | intervals | miss the truth | by chance | with 95 % certainty | "
        "worst miss | wrong verdicts | miss the padded | median width |",
        "|---|---|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for aa_pairs in (True, False):
        for source in ("one link", "fresh layouts"):
            if found := missed(pairs, source, aa_pairs):
                worst = f"{math.expm1(found.worst):.2%} {found.worst_name}" if found.worst else "none"
                what = "the same link" if source == "one link" else "a layout each"
                share = f"{found.missed} ({found.missed / found.intervals:.0%})"
                lines.append(
                    f"| {'A/A pairs' if aa_pairs else 'idioms'} | {what} | {found.intervals} | {share} "
                    f"| {found.by_chance:.0%} | {found.low:.0%} to {found.high:.0%} "
                    f"| {worst} | {found.beyond} | {found.off_pads} | {math.expm1(found.median_width):.2%} |"
                )
    lines += [
        "",
        "| pair | scatter in one link | medians of links | shuffled | padded | fresh layouts hold |",
        "|---|---:|---:|---:|---:|---|",
    ]
    lines += [_row(pair) for pair in pairs]
    return lines


def _row(pair: Placed) -> str:
    scatter = [float(np.std(launches)) for launches in pair.links if launches]
    medians = [float(np.median(launches)) for launches in pair.links if launches]
    links = ", ".join(f"{math.expm1(median):+.2%}" for median in medians) or "–"
    holds = ", ".join(
        f"{math.expm1(interval.low):+.2%} to {math.expm1(interval.high):+.2%}"
        + ("" if distance(interval, pair.truth) == 0 else " **no**")
        for interval in map(sign_test_interval, pair.shipped)
        if interval is not None
    )
    within = f"{float(np.median(scatter)):.2%}" if scatter else "–"
    return f"| {pair.name} | {within} | {links} | {_spread(pair.relinks)} | {_spread(pair.pads)} | {holds or '–'} |"


def _spread(values: Sequence[float]) -> str:
    """Median, and smallest to largest."""
    if not values:
        return "–"
    middle, low, high = map(math.expm1, (float(np.median(values)), min(values), max(values)))
    return f"{middle:+.2%} ({low:+.2%} to {high:+.2%})"
