"""The table of a study: from trials to rates, errors and half-widths of each tool."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from safecost.lab.studies.peers.records import PLANTED, Trial
from safecost.lab.studies.tables import Table, table
from safecost.stats.pairs import sign_test_interval

DASH = "–"
Choose = Callable[[Trial], bool]


def share(events: Iterable[bool]) -> str:
    """A rate with what it was counted in: "7 % (6 of 84)"."""
    counted = list(events)
    if not counted:
        return DASH
    return f"{100.0 * sum(counted) / len(counted):.0f} % ({sum(counted)} of {len(counted)})"


def error(trial: Trial) -> float:
    """How far the ratio is from the truth, in percent of it."""
    return 100.0 * abs(math.log(trial.estimate.ratio / PLANTED[trial.key.pair]))


def half_width(trial: Trial) -> float:
    """Of a trial with an interval, in percent."""
    low, high = trial.estimate.low, trial.estimate.high
    assert low is not None and high is not None
    return 100.0 * math.log(high / low) / 2.0


def misses(trial: Trial) -> bool:
    """Does the interval of a trial miss the truth?"""
    low, high = trial.estimate.low, trial.estimate.high
    assert low is not None and high is not None
    return not low <= PLANTED[trial.key.pair] <= high


def slower(trial: Trial) -> bool:
    """Is the difference found, and in the right direction, which is that of all that is planted?"""
    return trial.estimate.different and trial.estimate.ratio > 1.0


def _quantiles(values: Iterable[float], upper: float) -> str:
    numbers = list(values)
    if not numbers:
        return DASH
    return f"{np.median(numbers):.2f} / {np.quantile(numbers, upper):.2f}"


def compared(trials: Sequence[Trial], tools: Sequence[str]) -> Table:
    """A column for each tool, with dashes where it has no trials; what is found has a row for every time."""
    times = sorted({trial.key.seconds for trial in trials})
    longest = times[-1] if times else 0.0

    def row(name: str, cell: Callable[[list[Trial]], str]) -> list[str]:
        return [name, *(cell([trial for trial in trials if trial.key.tool == tool]) for tool in tools)]

    def last(them: list[Trial], pair: str | None = None) -> list[Trial]:
        return [it for it in them if it.key.seconds == longest and pair in {None, it.key.pair}]

    def with_interval(them: list[Trial]) -> list[Trial]:
        return [it for it in last(them) if it.estimate.low is not None]

    def with_margin(them: list[Trial], pair: str) -> list[bool]:
        return [it.estimate.beyond for it in last(them, pair) if it.estimate.beyond is not None]

    at = f"after {longest:g} s"
    rows = [
        row(
            f"A/A called different, {seconds:g} s",
            lambda them, seconds=seconds: share(  # type: ignore[misc]
                it.estimate.different for it in them if (it.key.pair, it.key.seconds) == ("aa", seconds)
            ),
        )
        for seconds in times
    ]
    rows += [
        row("A/A called slower or faster, beyond 1 %", lambda them: share(with_margin(them, "aa"))),
        row("A/A error, median / p95, %", lambda them: _quantiles(map(error, last(them, "aa")), 0.95)),
        row("intervals that miss the truth", lambda them: share(map(misses, with_interval(them)))),
        row("half-width, median / p90, %", lambda them: _quantiles(map(half_width, with_interval(them)), 0.9)),
    ]
    for pair, words in (("plus_1", "+1 %"), ("plus_2", "+2 %")):
        for seconds in times:

            def chosen(them: list[Trial], pair: str = pair, seconds: float = seconds) -> list[Trial]:
                return [it for it in them if (it.key.pair, it.key.seconds) == (pair, seconds)]

            rows.append(row(f"{words} found, {seconds:g} s", lambda them, of=chosen: share(map(slower, of(them)))))  # type: ignore[misc]
        rows.append(
            row(
                f"{words} called faster, {at}",
                lambda them, pair=pair: share(  # type: ignore[misc]
                    it.estimate.different and it.estimate.ratio < 1.0 for it in last(them, pair)
                ),
            )
        )
    rows.append(row(f"+2 % called slower, beyond 1 %, {at}", lambda them: share(with_margin(them, "plus_2"))))
    walls = " / ".join(f"{seconds:g}" for seconds in times)
    rows.append(
        row(
            f"seconds it took on the wall, of {walls}, median",
            lambda them: " / ".join(_median(it.wall for it in them if it.key.seconds == each) for each in times),
        )
    )
    return table(("", *tools), rows)


def _median(values: Iterable[float]) -> str:
    numbers = list(values)
    return f"{np.median(numbers):.2f}" if numbers else DASH


def over_links(trials: Sequence[Trial], links: int) -> dict[str, tuple[int, int, float]]:
    """Of each tool's ratios at the longest time, grouped over links as launches are: groups, misses, median half-width.

    That is as many times the time. A group of fewer than six has no interval; a tool without one is left out.
    """
    longest = max((trial.key.seconds for trial in trials), default=0.0)
    groups: dict[tuple[str, str, str, int], list[float]] = defaultdict(list)
    for trial in trials:
        key = trial.key
        if key.seconds == longest:
            groups[key.tool, key.kernel, key.pair, key.repeat // links].append(
                math.log(trial.estimate.ratio / PLANTED[key.pair])
            )
    found: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for (tool, *_), errors in groups.items():
        interval = sign_test_interval(errors)
        if interval is not None:
            missed = not interval.low <= 0.0 <= interval.high
            found[tool].append((missed, 50.0 * (interval.high - interval.low)))
    return {
        tool: (len(them), sum(missed for missed, _ in them), float(np.median([width for _, width in them])))
        for tool, them in found.items()
    }
