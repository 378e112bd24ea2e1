"""What training changes: prices, cheapest idioms and the cost of checks with a profile of the execution and without.

A trained profile and the one that it trains are timed in panels of their own, each over its own raw code: what is
compared are their ratios. Pure functions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from safecost.core.text import counted, number, percent
from safecost.document.measured import Panel, untouched
from safecost.document.memo import of_newest
from safecost.document.points import Place
from safecost.document.types import Document, Profile
from safecost.document.values import DISPATCH_ONLY
from safecost.report.hardening import HardeningPrice, hardening, with_interval
from safecost.report.prices import BEST, SCOPES, PriceGroup, PriceTerms, PriceTier, Scope, candidates, groups
from safecost.report.safety import builds, tiers
from safecost.stats.frontier import RESAMPLES, Price, in_common, over_cases
from safecost.stats.frontier import price as price_of_case

_CaseInterval = tuple[float, float]
_IdiomCosts = Mapping[tuple[str, str], float]  # by case and variant


@dataclass(frozen=True, slots=True)
class CheapestChange:
    """A case whose cheapest idiom is another one when trained; `beyond` the margin, or within it."""

    case: str
    before: str
    after: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class TrainedPrice:
    """The price of a tier, without training and with it, over the `cases` that have one in both."""

    scope: Scope
    tier: PriceTier
    cases: int
    without: float
    trained: float
    changes: tuple[CheapestChange, ...]


@dataclass(frozen=True, slots=True)
class TrainedChecks:
    """What a hardened profile costs the idioms that it touches in either build, without training and with it.

    Each is a geometric mean over cases. `share` of the extra time is left with training: a quarter where checks have
    become four times cheaper. None where they cost nothing without training.
    """

    profile: str
    trained_profile: str
    idioms: int
    cases: int
    without: float
    without_interval: _CaseInterval | None
    trained: float
    trained_interval: _CaseInterval | None
    share: float | None
    share_interval: _CaseInterval | None


@dataclass(frozen=True, slots=True)
class TrainingEffect:
    """A plain profile with its hardened siblings, against itself trained; `raw` is its fastest raw code's time."""

    profile: str
    trained_profile: str
    prices: tuple[TrainedPrice, ...]
    checks: tuple[TrainedChecks, ...]
    raw: float | None
    raw_interval: _CaseInterval | None


@of_newest
def training(document: Document) -> tuple[TrainingEffect, ...]:
    """One for each trained plain profile that was measured together with the one that it trains."""
    measured = {group.name: group for group in groups(document)}
    pairs = [(measured.get(profile.trained or ""), measured.get(profile.name)) for profile in document.profiles]
    return tuple(_effect(document, old, new) for old, new in pairs if old is not None and new is not None)


def _effect(document: Document, old: PriceGroup, new: PriceGroup) -> TrainingEffect:
    prices = [_price(document, old, new, scope, tier) for scope in SCOPES for tier in tiers(new)]
    checks = [_checks(document, profile) for profile in document.profiles if profile.plain == new.name]
    ratios = _raw_over_untrained(document, old.name, new.name)
    return TrainingEffect(
        old.name,
        new.name,
        tuple(price for price in prices if price is not None),
        tuple(cost for cost in checks if cost is not None),
        statistics.geometric_mean(ratios) if ratios else None,
        over_cases(ratios, np.mean),
    )


def _price(document: Document, old: PriceGroup, new: PriceGroup, scope: Scope, tier: PriceTier) -> TrainedPrice | None:
    both = [group.frontiers[scope, tier, "ordinary raw"] for group in (old, new)]
    cases, means = in_common(both)
    if not means:
        return None
    before = {price.case: price for price in both[0].prices}
    changes = []
    for after in both[1].prices:
        if after.case in before and before[after.case].variant != after.variant:
            kept = _priced(document, new, scope, tier, after.case, before[after.case].variant)
            beyond = kept is None or kept.ratio > after.ratio * (1 + document.run.margin)
            changes.append(CheapestChange(after.case, before[after.case].variant, after.variant, beyond))
    without, trained = means
    return TrainedPrice(scope, tier, cases, without, trained, tuple(changes))


def _priced(
    document: Document, group: PriceGroup, scope: Scope, tier: PriceTier, name: str, variant: str
) -> Price | None:
    """What a case would cost by one idiom; None where that idiom no longer stops all that it did."""
    case = next(case for case in document.cases if case.name == name)
    terms = PriceTerms("ordinary raw", tier)
    competing = candidates(document, case, builds(group, tier), group.against, scope, terms)
    alone = price_of_case(name, [candidate for candidate in competing if candidate.variant == variant])
    return alone if isinstance(alone, Price) else None


def _checks(document: Document, profile: Profile) -> TrainedChecks | None:
    """What a hardened trained profile costs, beside what it costs untrained; None for another one."""
    measured = {hardened.profile: hardened for hardened in hardening(document)}
    old, new = measured.get(profile.trained or ""), measured.get(profile.name)
    if old is None or new is None:
        return None
    without, trained = _costs(document, old), _costs(document, new)
    touched = {(row.task, row.variant) for row in (*old.worst, *new.worst)}
    idioms = sorted(touched & without.keys() & trained.keys())
    if not idioms:
        return None
    before, after = _over_idioms(without, idioms), _over_idioms(trained, idioms)
    means = statistics.geometric_mean(before), statistics.geometric_mean(after)
    return TrainedChecks(
        old.profile,
        new.profile,
        len(idioms),
        len(before),
        means[0],
        over_cases(before, np.mean),
        means[1],
        over_cases(after, np.mean),
        (means[1] - 1) / (means[0] - 1) if means[0] > 1 else None,
        share_interval(before, after),
    )


def _costs(document: Document, hardened: HardeningPrice) -> _IdiomCosts:
    """Each idiom at its worst size: 1 where its machine code is that of the plain build, which is not timed."""
    same = untouched(document.codes, {hardened.profile: hardened.plain})
    return {(case, variant): 1.0 for case, _, variant in same} | {
        (row.task, row.variant): row.ratio for row in hardened.worst
    }


def _over_idioms(costs: _IdiomCosts, idioms: Sequence[tuple[str, str]]) -> list[float]:
    """The geometric mean over the idioms of each case, in the order of cases."""
    logs: dict[str, list[float]] = {}
    for idiom in idioms:
        logs.setdefault(idiom[0], []).append(math.log(costs[idiom]))
    return [math.exp(statistics.fmean(of_case)) for of_case in logs.values()]


def share_interval(before: Sequence[float], after: Sequence[float], seed: int = 1) -> _CaseInterval | None:
    """The central 95 % of the share of extra time that is left, over cases drawn with replacement.

    None for fewer than two cases, and where some draw has no extra time that a share could be of.
    """
    if len(before) < 2:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(before), (RESAMPLES, len(before)))
    extra = [np.exp(np.log(np.asarray(ratios))[drawn].mean(axis=1)) - 1 for ratios in (before, after)]
    if extra[0].min() <= 0:
        return None
    low, high = np.quantile(extra[1] / extra[0], (0.025, 0.975))
    return float(low), float(high)


def _raw_over_untrained(document: Document, old: str, new: str) -> list[float]:
    """The time of the fastest raw code when trained over that without, by case; from panels of their own."""
    ratios = []
    for case in (case.name for case in document.cases if case.status == "measured"):
        panels = [panel for panel in document.panels if panel.case == case]
        before, after = _fastest_raw(panels, old), _fastest_raw(panels, new)
        logs = [math.log(after[place] / before[place]) for place in before.keys() & after.keys()]
        ratios += [math.exp(statistics.fmean(logs))] if logs else []
    return ratios


def _fastest_raw(panels: Sequence[Panel], profile: str) -> dict[Place, float]:
    """The time of a profile's fastest raw code at each place, in panels of its own or of its hardened siblings."""
    times: dict[Place, float] = {}
    for panel in panels:
        for arm in panel.contenders:
            if arm.role == "raw" and arm.profile == profile and arm.variant not in DISPATCH_ONLY:
                times[panel.place] = min(times.get(panel.place, math.inf), statistics.median(arm.nanoseconds))
    return times


# ---- in words ------------------------------------------------------------------------------------------------------


def changed(price: TrainedPrice) -> str:
    """In how many cases another idiom is the cheapest, such as `7 of 20 cases`."""
    return f"{len(price.changes)} of {counted(price.cases, 'case')}"


def left(checks: TrainedChecks) -> str:
    """The share of the extra time that is left; a dash where there was none."""
    return with_interval(checks.share, checks.share_interval)


def terminal_lines(document: Document) -> list[str]:
    """What training changes, a line for each best known price and for each hardened profile."""
    lines = []
    margin = percent(document.run.margin)
    for effect in training(document):
        pair = f"training, {effect.trained_profile} and {effect.profile}"
        for price in (price for price in effect.prices if price.tier == BEST):
            verb = "costs" if price.scope == "every fault" else "cost"
            prices = f"{number(price.trained)} and {number(price.without)} {price.tier}"
            beyond = f"{sum(change.beyond for change in price.changes)} by more than {margin}"
            cheapest = f"the cheapest idiom is another one in {changed(price)}, {beyond}"
            lines.append(f"{pair}: {price.scope} {verb} {prices}, over ordinary raw code; {cheapest}")
        for checks in effect.checks:
            costs = f"{number(checks.trained)} and {number(checks.without)}"
            where = f"{counted(checks.idioms, 'idiom')} in {counted(checks.cases, 'case')}"
            rest = f"; {left(checks)} of their extra time is left" if checks.share is not None else ""
            lines.append(f"{pair}: checks of {checks.profile} cost {costs} in {where}{rest}")
    return lines
