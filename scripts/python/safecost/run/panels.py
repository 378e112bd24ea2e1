"""Panels: which contenders are timed together, and which of them are compared."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safecost.core.text import counted
from safecost.document.evidence import DescribedPoint, DescribedVariant
from safecost.document.measured import Launch
from safecost.document.points import contender_name
from safecost.document.values import DISPATCH_ONLY, PairKind, Role
from safecost.stats.pairs import launch_ratio
from safecost.stats.spread import within_launch
from safecost.suite.profiles import BuildProfile

# What the launches of a panel gave; one entry a launch, so that an interrupt leaves no half of one. Nanoseconds are
# [contender][round], NaN where they do not count; behind them stands the placement of each round.
Results = Sequence[tuple[Launch, list[list[float]], Sequence[int]]]


@dataclass(frozen=True, slots=True)
class PlannedContender:
    """A variant as built by a profile; `planted` is its ratio to raw where that is known by construction."""

    variant: str
    profile: str
    role: Role
    planted: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedPanel:
    """The contenders timed together in one process; both arms of every ratio are in one panel."""

    case: str
    profile: str
    parameter: DescribedPoint
    contenders: tuple[PlannedContender, ...]

    @property
    def names(self) -> list[str]:
        """The full names of its contenders, in their order."""
        place = self.parameter.place
        return [contender_name(self.case, arm.variant, place, arm.profile) for arm in self.contenders]


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """Two contenders of a panel, as indices, whose ratio is reported; `planted` is what it is where that is known."""

    kind: PairKind
    numerator: int
    denominator: int
    planted: float | None = None


PairRatios = tuple[PlannedPair, tuple[float, ...]]
"""A comparison and its ratio in each launch."""
Variants = Mapping[tuple[str, str], Sequence[DescribedVariant]]
"""The variants that a plugin really has, by case and profile."""
Untouched = Set[tuple[str, str, str]]
"""Case, hardened profile and variant whose machine code is that of the plain sibling."""


def gap_of(point: DescribedPoint) -> str | None:
    """Why a point cannot be timed here; None where it can."""
    here = len(os.sched_getaffinity(0))
    if point.workers is None or point.workers <= here:
        return None
    return f"{point.workers} workers would take turns on the {counted(here, 'processor')} that this process may use"


def contenders_of(
    case: str, profile: BuildProfile, variants: Variants, untouched: Untouched = frozenset()
) -> tuple[PlannedContender, ...]:
    """All variants of one profile, the raw code of the profiles it is compared with, and an A/A pair.

    Of its plain sibling there are safe variants, too, so that each is timed beside itself: not those whose code is the
    same in both builds, unless it is built twice to see what that reads. Calibrations are compared with raw code of
    their own profile alone.
    """
    own = [PlannedContender(one.name, profile.name, one.role, one.planted) for one in variants[case, profile.name]]
    if any(contender.role == "calibration" for contender in own):
        return tuple(own)
    names = {contender.variant for contender in own}
    has_aa = any(contender.role == "aa" for contender in own)
    others = []
    for other in profile.needs:
        for one in variants.get((case, other), ()):
            if one.name in DISPATCH_ONLY:
                continue
            beside_itself = one.role == "safe" and other == profile.plain and one.name in names
            same = (case, profile.name, one.name) in untouched and not profile.is_rebuild
            if one.role == "raw" or (beside_itself and not same):
                others.append(PlannedContender(one.name, other, one.role))
            elif one.role == "aa" and not has_aa:
                others.append(PlannedContender(one.name, other, one.role, one.planted))
                has_aa = True
    return (*own, *others)


def plan(
    cases: Iterable[str],
    profiles: Iterable[BuildProfile],
    parameters: Mapping[str, Sequence[DescribedPoint]],
    variants: Variants,
    tier: int,
    pattern: re.Pattern[str] | None = None,
    untouched: Untouched = frozenset(),
) -> list[PlannedPanel]:
    """Every panel of a run: one for each case, profile and parameter of that tier or below it."""
    panels = []
    for case in cases:
        for profile in profiles:
            if (case, profile.name) not in variants:
                continue
            everyone = contenders_of(case, profile, variants, untouched)
            for parameter in parameters[case]:
                chosen = _matching(case, profile.name, parameter, everyone, pattern)
                if parameter.tier <= tier and any(contender.profile == profile.name for contender in chosen):
                    panels.append(PlannedPanel(case, profile.name, parameter, chosen))
    return panels


def _matching(
    case: str,
    profile: str,
    parameter: DescribedPoint,
    everyone: tuple[PlannedContender, ...],
    pattern: re.Pattern[str] | None,
) -> tuple[PlannedContender, ...]:
    """Those whose name the filter finds, and what they are judged by: raw code, A/A pair, and themselves unhardened."""
    if pattern is None or pattern.search(case):
        return everyone

    def found(contender: PlannedContender) -> bool:
        name = contender_name(case, contender.variant, parameter.place, contender.profile)
        # The short names, too, since by them the cases to build are chosen: 'sum/at$' means the same to both.
        short = f"{case}/{contender.variant}"
        return any(pattern.search(one) for one in (name, short, f"{short}@{contender.profile}"))

    # A safe variant of the plain sibling is there for the sake of its hardened self alone.
    asked = [one for one in everyone if (one.profile == profile or one.role != "safe") and found(one)]
    if not asked:
        return ()
    wanted = {contender.variant for contender in asked if contender.profile == profile}
    return tuple(contender for contender in everyone if contender.role != "safe" or contender.variant in wanted)


def pairs(panel: PlannedPanel, profile: BuildProfile, nanoseconds: Sequence[float]) -> list[PlannedPair]:
    """The comparisons that a panel is for.

    `nanoseconds` holds each contender's median over launches: the fastest raw code is the denominator of full
    cost and of the language gap. In a plain profile full cost differs from idiom cost only where another raw
    variant is faster than the first. What a profile that builds another a second time compares are A/A pairs only:
    its idioms have been counted with the other.
    """
    arms = [(i, arm) for i, arm in enumerate(panel.contenders) if arm.variant not in DISPATCH_ONLY]
    own = [(i, arm) for i, arm in arms if arm.profile == profile.name]
    found: list[PlannedPair] = []
    raw = next((i for i, arm in own if arm.role == "raw"), None)
    if raw is not None:
        found += [PlannedPair("aa", i, raw, arm.planted) for i, arm in own if arm.role == "aa"]
        found += [PlannedPair("calibration", i, raw, arm.planted) for i, arm in own if arm.role == "calibration"]
        if not profile.is_rebuild:
            found += [PlannedPair("idiom", i, raw) for i, arm in own if arm.role in ("raw", "safe") and i != raw]
        fastest = min((i for i, arm in own if arm.role == "raw"), key=lambda i: nanoseconds[i])
        if fastest != raw and profile.plain == profile.name:
            found += [PlannedPair("full", i, fastest) for i, arm in own if arm.role == "safe"]
    for other in profile.needs:
        theirs = [(i, arm) for i, arm in arms if arm.profile == other]
        if other == profile.plain:
            same = {arm.variant: i for i, arm in theirs if arm.role != "aa"}
            both = [(i, same[arm.variant]) for i, arm in own if arm.variant in same]
            found += [
                PlannedPair("aa", i, j, 1.0) if profile.is_rebuild else PlannedPair("profile", i, j) for i, j in both
            ]
        raws = [i for i, arm in theirs if arm.role == "raw"]
        if raws and not profile.is_rebuild:
            fastest = min(raws, key=lambda i: nanoseconds[i])
            if other == profile.plain:
                found += [PlannedPair("full", i, fastest) for i, arm in own if arm.role == "safe"]
            else:
                found += [PlannedPair("language", i, fastest) for i, arm in own if arm.role in ("raw", "safe")]
        base = next((i for i, arm in theirs if arm.role == "raw"), None)
        if base is not None:
            found += [PlannedPair("aa", i, base, arm.planted) for i, arm in theirs if arm.role == "aa"]
    return found


def medians(results: Results) -> list[list[float]]:
    """The median of the rounds of each contender, launch by launch."""
    return [[float(np.nanmedian(rounds)) for rounds in launch] for _, launch, _ in results]


def panel_ratios(panel: PlannedPanel, profile: BuildProfile, results: Results) -> list[PairRatios]:
    """The comparisons that a panel is for, with the ratio of each launch so far."""
    typical = [float(np.median(values)) for values in zip(*medians(results), strict=True)]
    return [
        (arms, tuple(launch_ratio(launch[arms.numerator], launch[arms.denominator]) for _, launch, _ in results))
        for arms in pairs(panel, profile, typical)
    ]


def within_launches(pairs: Sequence[PlannedPair], results: Results) -> NDArray[np.float64]:
    """What the ratios of these pairs vary by within each launch: [pair][launch][kind], as within_launch has it."""
    tops, bottoms = [arms.numerator for arms in pairs], [arms.denominator for arms in pairs]
    found = []
    for _, launch, placements in results:
        logs = np.log(np.array(launch))
        found.append(within_launch(logs[tops] - logs[bottoms], placements).T)
    return np.stack(found, axis=1)
