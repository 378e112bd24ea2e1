"""Panels that hold base and head, and what is made of their rounds; pure functions.

A comparison's panel has four arms for each idiom: the idiom and raw code, of base and of head, interleaved in one
process. Head over base of one variant is its *direct* time; head's cost over base's cost, which is the difference of
two log ratios, is its *idiom* time: a machine or a change that makes all code slower alike leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from safecost.document.evidence import DescribedPoint, DescribedVariant
from safecost.document.points import contender_name
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.stats.pairs import launch_ratio

SideName = Literal["base", "head"]
SIDES: tuple[SideName, ...] = ("base", "head")
TOGETHER = 4
"""Variants that share a panel with raw code and an A/A pair, each of them twice: eleven contenders, as panels of a
run."""

TimeMetric = Literal["direct_time", "idiom_time"]
Launches = Sequence[Sequence[Sequence[float]]]
"""Nanoseconds a call: [launch][contender][round]."""


def build_name(side: SideName, profile: str) -> str:
    """The name that a profile's build has beside the other side's: `base:gcc-o2`."""
    return f"{side}:{profile}"


@dataclass(frozen=True, slots=True)
class Pairing:
    """The profile by which base is built and the one by which head is; a row is named after head's."""

    base: str
    head: str

    def of(self, side: SideName) -> str:
        """The profile of one side."""
        return self.base if side == "base" else self.head


def panels_of(
    case: str,
    pairing: Pairing,
    parameters: Sequence[DescribedPoint],
    base: Sequence[DescribedVariant],
    head: Sequence[DescribedVariant],
    pattern: re.Pattern[str] | None = None,
) -> list[PlannedPanel]:
    """The panels of a case: variants that both sides have, in groups that share raw code, and head's A/A pair.

    `base` and `head` are the variants that the two builds have. A variant that only one of them has is in none.
    """
    theirs = {variant.name: variant for variant in base}
    common = [one for one in head if one.name in theirs and _timed(one) and _timed(theirs[one.name])]
    found: list[PlannedPanel] = []
    for parameter in parameters:
        wanted = [one for one in common if _wanted(case, one.name, parameter, pairing, pattern)]
        raws = [_first_raw(base), _first_raw(head)]
        rest = [one for one in wanted if not any(raw is not None and raw.name == one.name for raw in raws)]
        groups = [rest[at : at + TOGETHER] for at in range(0, len(rest), TOGETHER)] or ([[]] if wanted else [])
        for number, group in enumerate(groups):
            arms = [
                *(_arm(side, pairing, raw) for side, raw in zip(SIDES, raws, strict=True) if raw is not None),
                *(_arm("head", pairing, one) for one in head if one.role == "aa"),
                *(_arm(side, pairing, one) for one in group for side in SIDES),
            ]
            if len(arms) > 1:
                name = pairing.head if len(groups) == 1 else f"{pairing.head} {number + 1} of {len(groups)}"
                found.append(PlannedPanel(case, name, parameter, tuple(arms)))
    return found


def _timed(variant: DescribedVariant) -> bool:
    return variant.role in ("raw", "safe")


def _first_raw(variants: Sequence[DescribedVariant]) -> DescribedVariant | None:
    return next((one for one in variants if one.role == "raw"), None)


def _arm(side: SideName, pairing: Pairing, variant: DescribedVariant) -> PlannedContender:
    return PlannedContender(variant.name, build_name(side, pairing.of(side)), variant.role, variant.planted)


def _wanted(
    case: str, variant: str, parameter: DescribedPoint, pairing: Pairing, pattern: re.Pattern[str] | None
) -> bool:
    if pattern is None or pattern.search(case):
        return True
    names = [f"{case}/{variant}"]
    for profile in (pairing.base, pairing.head):
        whole = contender_name(case, variant, parameter.size, parameter.rate, profile, parameter.threads)
        names += [whole, f"{case}/{variant}@{profile}"]
    return any(map(pattern.search, names))


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a panel is for: a variant's direct or idiom time; `arms` are the contenders of (base, head), as indices.

    An idiom time has the raw code that each is over in `raws`, and the name of head's in `against`.
    """

    variant: str
    metric: TimeMetric
    arms: tuple[int, int]
    raws: tuple[int, int] | None = None
    against: str | None = None

    def ratio(self, rounds: Sequence[Sequence[float]]) -> float:
        """Head over base in one launch, from the times of all contenders in each round.

        The difference of two log ratios is taken round by round, since all four arms were timed within one round.
        """
        base, head = (np.asarray(rounds[at], dtype=np.float64) for at in self.arms)
        if self.raws is not None:
            below, above = (np.asarray(rounds[at], dtype=np.float64) for at in self.raws)
            base, head = base / below, head / above
        return launch_ratio(head, base)

    def cost(self, rounds: Sequence[Sequence[float]]) -> float:
        """What base's idiom costs in one launch; 1 for a direct time."""
        return 1.0 if self.raws is None else launch_ratio(rounds[self.arms[0]], rounds[self.raws[0]])


@dataclass(frozen=True, slots=True)
class TimedQuantity:
    """A quantity's ratios, one a launch, and the median of what base was."""

    quantity: Quantity
    base: float
    ratios: tuple[float, ...]


def side_of(arm: PlannedContender) -> SideName:
    """The side that a contender was built by."""
    return "base" if arm.profile.startswith("base:") else "head"


def _raws(panel: PlannedPanel) -> Mapping[SideName, int]:
    """The first raw arm of each side that has one."""
    found: dict[SideName, int] = {}
    for at, arm in enumerate(panel.contenders):
        if arm.role == "raw":
            found.setdefault(side_of(arm), at)
    return found


def quantities(panel: PlannedPanel) -> Iterator[Quantity]:
    """All quantities that a panel is for."""
    at = {(side_of(arm), arm.variant): number for number, arm in enumerate(panel.contenders)}
    raws = _raws(panel)
    for (side, variant), head in at.items():
        base = at.get(("base", variant))
        if side != "head" or base is None:
            continue
        yield Quantity(variant, "direct_time", (base, head))
        if len(raws) == len(SIDES) and panel.contenders[head].role == "safe":
            both = (raws["base"], raws["head"])
            yield Quantity(variant, "idiom_time", (base, head), both, panel.contenders[both[1]].variant)


def timed(panel: PlannedPanel, launches: Launches) -> list[TimedQuantity]:
    """All quantities of a panel with a ratio for each launch; none without a launch."""
    if not launches:
        return []
    return [
        TimedQuantity(one, float(np.median([one.cost(rounds) for rounds in launches])), tuple(map(one.ratio, launches)))
        for one in quantities(panel)
    ]


def aa_ratios(panel: PlannedPanel, launches: Launches) -> list[float]:
    """Head's A/A pair over head's raw code, one a launch: the same source twice, so what differs from 1 is the
    machine."""
    raw = _raws(panel).get("head")
    aa = next((at for at, arm in enumerate(panel.contenders) if arm.role == "aa"), None)
    if raw is None or aa is None:
        return []
    return [launch_ratio(one[aa], one[raw]) for one in launches]


def only(panel: PlannedPanel, variants: frozenset[str]) -> PlannedPanel:
    """The same panel with these variants, raw code and the A/A pair: what a confirmation has to time again."""
    raws = set(_raws(panel).values())
    kept = tuple(
        arm for at, arm in enumerate(panel.contenders) if at in raws or arm.role == "aa" or arm.variant in variants
    )
    return PlannedPanel(panel.case, panel.profile, panel.parameter, kept)
