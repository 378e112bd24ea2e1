"""The numbers to beat, each compared with what a self-test found; a missed one says why as far as the data tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from safecost.core.text import counted, percent
from safecost.lab.selftest.figures import AaStudy, Accompanied, AccuracyTarget, Counted, Power, TargetStatus, Widths
from safecost.stats.binomial import rate_interval
from safecost.validity.data_quality import TOLERANCE

MOST_CALLED = 0.001
FOUND_SHARE = 0.95
FOUND_WITHIN = 0.2  # seconds of a pair in which a planted 1 % is found, and in the next 2 % is called slower
CALLED_WITHIN = 1.0
EQUIVALENT_SHARE = 0.95  # of A/A pairs that have had a second
MOST_STRAYS = 0.02  # beyond the tolerance
WIDTHS = ((0.1, 0.001), (0.5, 0.0006))  # seconds of a pair, half-width


def targets(
    found_aa: Sequence[AaStudy],
    power: Sequence[Power],
    widths: Sequence[Widths],
    accompanied: Sequence[Accompanied],
    counts: Counted | None,
    margin: float,
) -> tuple[AccuracyTarget, ...]:
    """Every target; what was not measured says so."""
    return (
        *(_called(one, margin) for one in found_aa),
        *(_missed(one) for one in found_aa),
        *(_strays(one) for one in found_aa),
        *(_equivalent(one) for one in found_aa if one.seconds_per_pair >= 0.9 * CALLED_WITHIN),
        *_found(power),
        *_widths(widths),
        *_background(accompanied, margin),
        _counts(counts),
    )


def _where(one: AaStudy) -> str:
    what = "A/A pairs of a profile built twice" if one.built_twice else "A/A pairs"
    return f"{what}, {one.launches} launches{', busy neighbours' if one.background == 'busy' else ''}"


def _called(one: AaStudy, margin: float) -> AccuracyTarget:
    """False verdicts: slower or faster where the code is the same."""
    low, high = rate_interval(one.called, one.intervals)
    said = f"{one.called} of {one.intervals}; the rate is at most {percent(high)} (95 %)"
    status: TargetStatus = "met" if high <= MOST_CALLED else "missed" if low > MOST_CALLED else "inconclusive"
    enough = math.ceil(math.log(0.05) / math.log1p(-MOST_CALLED))
    reason = {
        "met": "",
        "inconclusive": f"so few cannot bound the rate at {percent(MOST_CALLED)}: that takes none of {enough:,}",
        "missed": _outlier_reason(one),
    }[status]
    name = f"false verdicts at ±{percent(margin)}: {_where(one)}"
    return AccuracyTarget(name, f"at most {percent(MOST_CALLED)}", said, status, reason)


def _outlier_reason(one: AaStudy) -> str:
    worst = max(one.errors)
    return (
        f"the worst A/A pair is off by {percent(worst)}, {counted(one.outliers, 'middle')} of {one.intervals}"
        " by over 0.5 %"
    )


def _missed(one: AaStudy) -> AccuracyTarget:
    """Coverage: how often an interval does not hold 1."""
    low, high = rate_interval(one.missed, one.intervals)
    allowed = 1.0 - one.level
    said = f"{one.missed} of {one.intervals}, {percent(one.missed / one.intervals)} ({percent(low)} to {percent(high)})"
    met = low <= allowed
    reason = "" if met else f"intervals miss more often than they say; {_outlier_reason(one)}"
    wanted = f"{percent(allowed)}, within chance"
    return AccuracyTarget(f"intervals that miss 1: {_where(one)}", wanted, said, "met" if met else "missed", reason)


def _strays(one: AaStudy) -> AccuracyTarget:
    """A/A pairs beyond the tolerance."""
    low, high = rate_interval(one.outliers, one.intervals)
    said = f"{one.outliers} of {one.intervals}, {percent(one.outliers / one.intervals)}"
    met = one.outliers <= MOST_STRAYS * one.intervals
    reason = "" if met else f"{percent(low)} to {percent(high)} of them stray; {_outlier_reason(one)}"
    name = f"A/A pairs beyond {percent(TOLERANCE)}: {_where(one)}"
    return AccuracyTarget(name, f"at most {percent(MOST_STRAYS)}", said, "met" if met else "missed", reason)


def _equivalent(one: AaStudy) -> AccuracyTarget:
    """A/A pairs that are known to be equal within the margin."""
    share = one.equivalent / one.intervals
    said = f"{one.equivalent} of {one.intervals}, {percent(share)}, {one.seconds_per_pair:.1f} s a pair"
    met = share >= EQUIVALENT_SHARE
    reason = "" if met else f"the intervals of the others are too wide; {_outlier_reason(one)}"
    name = f"A/A pairs called equivalent: {_where(one)}"
    return AccuracyTarget(name, f"at least {percent(EQUIVALENT_SHARE)}", said, "met" if met else "missed", reason)


def _found(power: Sequence[Power]) -> list[AccuracyTarget]:
    made = []
    for one in power:
        if not one.points or one.planted < 1:
            continue
        small = math.isclose(one.planted, 1.01)
        within, verb = (FOUND_WITHIN, "found") if small else (CALLED_WITHIN, "called slower")
        point = max((point for point in one.points if point.seconds <= within), key=lambda p: p.seconds, default=None)
        busy = ", busy neighbours" if one.background == "busy" else ""
        effect = percent(one.planted - 1)
        name = f"+{effect} {verb} in {within:g} s a pair, {one.case.partition('/')[2]}{busy}"
        wanted = f"at least {percent(FOUND_SHARE)}"
        if point is None:
            made.append(AccuracyTarget(name, wanted, "no trial was that short", "not measured", ""))
            continue
        seen = point.found if small else point.called or 0
        low, high = rate_interval(seen, point.trials)
        said = f"{seen} of {point.trials} in {point.seconds:g} s; the rate is at least {percent(low)}"
        status: TargetStatus = "met" if low >= FOUND_SHARE else "missed" if high < FOUND_SHARE else "inconclusive"
        reason = {
            "met": "",
            "inconclusive": f"{point.trials} trials cannot tell: the rate lies from {percent(low)} to {percent(high)}",
            "missed": f"half of the trials know the ratio to ±{percent(point.half_width)} only",
        }[status]
        made.append(AccuracyTarget(name, wanted, said, status, reason))
    return made


def _widths(widths: Sequence[Widths]) -> list[AccuracyTarget]:
    made = []
    for one in widths:
        for seconds, wanted in WIDTHS:
            point = next((point for point in one.points if math.isclose(point.seconds, seconds)), None)
            busy = ", busy neighbours" if one.background == "busy" else ""
            name = f"median half-width after {seconds:g} s a pair{busy}"
            if point is None:
                made.append(AccuracyTarget(name, f"±{percent(wanted)}", "–", "not measured", ""))
                continue
            within = f"±{percent(point.over_rounds)} over the rounds of one"
            said = f"±{percent(point.over_launches)} over launches; {within}"
            met = point.over_launches <= wanted
            reason = "" if met else _width_reason(point.over_rounds, wanted)
            made.append(AccuracyTarget(name, f"±{percent(wanted)}", said, "met" if met else "missed", reason))
    return made


def _width_reason(over_rounds: float, wanted: float) -> str:
    if over_rounds <= wanted:
        return "within a process the target is met: what is left is placement, which only other processes show"
    return "the rounds of one process scatter by more already"


def _background(accompanied: Sequence[Accompanied], margin: float) -> list[AccuracyTarget]:
    made = []
    for background in ("idle", "busy"):
        pairs = [one for one in accompanied if one.background == background]
        if not pairs:
            continue
        for name, way in (("alone in a process", "alone"), ("by plain Google Benchmark", "google")):
            apart = [abs(math.log(getattr(one, way).ratio / one.panel.ratio)) for one in pairs]
            within = sum(value <= math.log1p(margin) for value in apart)
            shown = [one for one in pairs if _disjoint(one, way, margin)]
            worst = pairs[apart.index(max(apart))]
            said = f"{within} of {len(pairs)} pairs; worst {worst.pair}, {percent(math.expm1(max(apart)))} apart"
            status: TargetStatus = "met" if within == len(pairs) else "missed" if shown else "inconclusive"
            reason = (
                ""
                if status == "met"
                else f"{len(shown)} differ by more than the margin beyond both intervals"
                if shown
                else "the intervals of both ways overlap wherever they differ"
            )
            busy = ", busy neighbours" if background == "busy" else ""
            made.append(
                AccuracyTarget(
                    f"a pair {name} reads as in its panel{busy}", f"within ±{percent(margin)}", said, status, reason
                )
            )
    return made


def _disjoint(one: Accompanied, name: str, margin: float) -> bool:
    """Do the intervals of the panel and of another way lie apart by more than the margin?"""
    way = getattr(one, name)
    return bool(way.low > one.panel.high * (1 + margin) or way.high * (1 + margin) < one.panel.low)


def _counts(counts: Counted | None) -> AccuracyTarget:
    name, wanted = "instruction counts", "the same in every run"
    if counts is None:
        return AccuracyTarget(name, wanted, "–", "not measured", "")
    said = f"{counts.identical} of {counted(counts.contenders, 'contender')} the same in {counted(counts.runs, 'run')}"
    met = counts.identical == counts.contenders
    return AccuracyTarget(name, wanted, said, "met" if met else "missed", "" if met else "see the notes")
