"""Panels that hold base and head, and what is made of their rounds; pure functions.

A comparison's panel has four arms for each idiom: the idiom and raw code, of base and of head, interleaved in one
process. Head over base of one variant is its *direct* time; head's cost over base's cost, which is the difference of
two log ratios, is its *idiom* time: a machine or a change that makes all code slower alike leaves it as it is. Where
base is compared with several profiles of head, each of them has such arms in the same panel.
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
ARMS = 10
"""Contenders of a panel beside its A/A pair, of each build as many: eleven, as panels of a run have."""

TimeMetric = Literal["direct_time", "idiom_time"]
Launches = Sequence[Sequence[Sequence[float]]]
"""Nanoseconds a call: [launch][contender][round]."""


def build_name(side: SideName, profile: str) -> str:
    """The name that a profile's build has beside the other side's: `base:gcc-o2`."""
    return f"{side}:{profile}"


def parts(build: str) -> tuple[SideName, str]:
    """The side and the profile of a build's name."""
    side, _, profile = build.partition(":")
    if side == "base":
        return "base", profile
    assert side == "head", build
    return "head", profile


@dataclass(frozen=True, slots=True)
class Pairing:
    """The profile by which base is built and the one by which head is; a row is named after head's."""

    base: str
    head: str

    def of(self, side: SideName) -> str:
        """The profile of one side."""
        return self.base if side == "base" else self.head


Builds = Mapping[str, Sequence[DescribedVariant]]
"""The variants that each build of a case has, base's first, then head's, by the names that `build_name` gives."""


def panels_of(
    case: str, builds: Builds, parameters: Sequence[DescribedPoint], pattern: re.Pattern[str] | None = None
) -> list[PlannedPanel]:
    """The panels of a case: variants that base and head have, in groups that share raw code, and head's A/A pair.

    A variant that base lacks, or that only base has, is in none.
    """
    timed_in = {build: {one.name: one for one in variants if _timed(one)} for build, variants in builds.items()}
    base, *heads = timed_in.values()
    common = dict.fromkeys(name for head in heads for name in head if name in base)
    raws = {build: raw for build, variants in builds.items() if (raw := _first_raw(variants)) is not None}
    of_head = [(build, variants) for build, variants in builds.items() if parts(build)[0] == "head"]
    aa = [_arm(build, one) for build, variants in of_head for one in variants if one.role == "aa"][:1]
    together = max(1, ARMS // len(builds) - 1)
    title = "+".join(parts(build)[1] for build, _ in of_head)
    found: list[PlannedPanel] = []
    for parameter in parameters:
        wanted = [name for name in common if _wanted(case, name, parameter, builds, pattern)]
        rest = [name for name in wanted if name not in {raw.name for raw in raws.values()}]
        groups = [rest[at : at + together] for at in range(0, len(rest), together)] or ([[]] if wanted else [])
        for number, group in enumerate(groups):
            arms = [
                *(_arm(build, raw) for build, raw in raws.items()),
                *aa,
                *(_arm(build, known[name]) for name in group for build, known in timed_in.items() if name in known),
            ]
            if len(arms) > 1:
                name = title if len(groups) == 1 else f"{title} {number + 1} of {len(groups)}"
                found.append(PlannedPanel(case, name, parameter, tuple(arms)))
    return found


def _timed(variant: DescribedVariant) -> bool:
    return variant.role in ("raw", "safe")


def _first_raw(variants: Sequence[DescribedVariant]) -> DescribedVariant | None:
    return next((one for one in variants if one.role == "raw"), None)


def _arm(build: str, variant: DescribedVariant) -> PlannedContender:
    return PlannedContender(variant.name, build, variant.role, variant.planted)


def _wanted(
    case: str, variant: str, parameter: DescribedPoint, builds: Builds, pattern: re.Pattern[str] | None
) -> bool:
    if pattern is None or pattern.search(case):
        return True
    names = [f"{case}/{variant}"]
    for _, profile in map(parts, builds):
        whole = contender_name(case, variant, parameter.place, profile)
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
    return parts(arm.profile)[0]


def _raws(panel: PlannedPanel) -> Mapping[str, int]:
    """The first raw arm of each build that has one."""
    found: dict[str, int] = {}
    for at, arm in enumerate(panel.contenders):
        if arm.role == "raw":
            found.setdefault(arm.profile, at)
    return found


def quantities(panel: PlannedPanel) -> Iterator[Quantity]:
    """All quantities that a panel is for, of each profile of head."""
    base = {arm.variant: at for at, arm in enumerate(panel.contenders) if side_of(arm) == "base"}
    raws = _raws(panel)
    below = next((at for build, at in raws.items() if parts(build)[0] == "base"), None)
    for head, arm in enumerate(panel.contenders):
        if side_of(arm) == "base" or arm.variant not in base:
            continue
        both = base[arm.variant], head
        yield Quantity(arm.variant, "direct_time", both)
        above = raws.get(arm.profile)
        if below is not None and above is not None and arm.role == "safe":
            yield Quantity(arm.variant, "idiom_time", both, (below, above), panel.contenders[above].variant)


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
    aa = next((at for at, arm in enumerate(panel.contenders) if arm.role == "aa"), None)
    raw = None if aa is None else _raws(panel).get(panel.contenders[aa].profile)
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
