"""How much a run measures and in which order: a function of its seed alone, so that a run can be taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from safecost.run.panels import PlannedPanel
from safecost.stats.sequential import probability_to_survive

PanelEnd = Literal["decided", "all_launches", "broken"]


@dataclass(frozen=True, slots=True)
class Mode:
    """How much is measured: sizes up to a tier, and seconds of each contender in a launch and of an epoch.

    A launch has so many `placements` of code and data: four, and eight where few launches average them. With more,
    launches would share so many layouts that intervals hold the truth too seldom (docs/STATISTICS.md).

    A panel may end at each of `analyses`, numbers of launches of which the last is the most. `precision` is the
    relative half-width of an interval that is narrow enough to end, whatever the verdict. `false_discovery_rate` is
    the rate at which slower and faster are controlled over all pairs of a run; None where they are not. `profiles` is
    the set that is measured where nobody names any.
    """

    name: Literal["quick", "default", "full", "publish"]
    tier: int
    analyses: tuple[int, ...]
    contender_seconds: float
    placements: int = 4
    epoch_seconds: float = 200e-6
    precision: float = 0.001
    false_discovery_rate: float | None = None
    profiles: str = "default"

    @property
    def launches(self) -> int:
        """The most launches that a panel may have."""
        return self.analyses[-1]

    @property
    def beyond(self) -> float | None:
        """The p that lets a slower or faster pair end: one that is likely to survive the control."""
        rate = self.false_discovery_rate
        return None if rate is None else probability_to_survive(rate)


QUICK = Mode("quick", 0, (9,), 0.002, profiles="quick")
DEFAULT = Mode("default", 0, (8, 12), 0.012, placements=8)
FULL = Mode("full", 1, (8, 12, 20), 0.006, false_discovery_rate=0.05)
PUBLISH = Mode("publish", 2, (8, 12, 20, 30), 0.02, false_discovery_rate=0.05)
MODES: dict[str, Mode] = {mode.name: mode for mode in (QUICK, DEFAULT, FULL, PUBLISH)}


def seed_of(seed: int, launch: int, panel: PlannedPanel, purpose: Literal["order", "launch"] = "launch") -> int:
    """A number below 2**53 that is drawn from the run's seed for one launch of one panel.

    It depends on the panel's name and not on its place among the others: a panel that ends, or a case that is
    disqualified, changes nothing for the rest.
    """
    at = panel.parameter
    place = (panel.case, panel.profile, at.size, at.rate, *(one for one in (at.threads, at.workers) if one is not None))
    digest = hashlib.blake2b(repr((purpose, seed, launch, *place)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 11


def order(panels: Sequence[PlannedPanel], launch: int, seed: int) -> list[PlannedPanel]:
    """The panels in the random order in which this launch visits them; any subset of them keeps that order."""
    return sorted(panels, key=lambda panel: seed_of(seed, launch, panel, "order"))


class Schedule:
    """Which launch comes next, and how many there can still be.

    Launch by launch, all panels that go on, in a fresh random order: a drift of the machine hits all alike.
    """

    def __init__(self, panels: Sequence[PlannedPanel], analyses: Sequence[int], seed: int) -> None:
        self.panels = tuple(panels)
        self.ended: dict[PlannedPanel, PanelEnd] = {}
        self._analyses, self._seed = tuple(analyses), seed
        self._done = dict.fromkeys(self.panels, 0)

    def __iter__(self) -> Iterator[tuple[int, list[PlannedPanel]]]:
        """Each launch's number, from 0, and its panels; skip those that an earlier one of the same launch ended."""
        for launch in range(self._analyses[-1]):
            going = [panel for panel in self.panels if panel not in self.ended]
            if not going:
                return
            yield launch, order(going, launch, self._seed)

    def measured(self, panel: PlannedPanel, may_end: Callable[[], bool]) -> None:
        """Note a launch of a panel; `may_end` is asked at the interim analyses, save the last."""
        self._done[panel] += 1
        if self._done[panel] == self._analyses[-1]:
            self.ended[panel] = "all_launches"
        elif self._done[panel] in self._analyses and may_end():
            self.ended[panel] = "decided"

    def breaks(self, panel: PlannedPanel) -> None:
        """Note that a panel can have no more launches."""
        self.ended[panel] = "broken"

    def left(self) -> int:
        """The most launches that are still to come."""
        return sum(self._analyses[-1] - done for panel, done in self._done.items() if panel not in self.ended)


def summary(ended: Mapping[PlannedPanel, PanelEnd], launches: int) -> str:
    """How many panels ended early, in words; empty where none did."""
    early = sum(why == "decided" for why in ended.values())
    return f"{early} of {len(ended)} panels were decided before launch {launches}" if early else ""
