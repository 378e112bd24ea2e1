"""How long single operations take: medians over launches, and the longest of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from safecost.document.measured import OperationTimes, Panel
from safecost.document.types import Document


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """The operations of a contender at a point; `times` are medians over launches, save the number and the longest."""

    case: str
    variant: str
    profile: str
    parameters: str
    times: OperationTimes


def latency_rows(document: Document) -> tuple[LatencyRow, ...]:
    """A row for each variant whose operations were noted, as its own profile's panel has it."""
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    return tuple(row for panel in document.panels if panel.case not in disqualified for row in _rows(panel))


def _rows(panel: Panel) -> Iterator[LatencyRow]:
    parameters = (panel.label or f"size {panel.size}") + panel.beside
    for number, arm in enumerate(panel.contenders):
        seen = [of for launch in panel.launches if launch.latencies and (of := launch.latencies[number]) is not None]
        if arm.profile == panel.profile and seen:
            yield LatencyRow(panel.case, arm.variant, arm.profile, parameters, over_launches(seen))


def over_launches(seen: list[OperationTimes]) -> OperationTimes:
    """Of several launches: quantiles are medians of theirs, which no single launch decides."""
    return OperationTimes(
        sum(one.operations for one in seen),
        median(one.p50 for one in seen),
        median(one.p99 for one in seen),
        median(one.p999 for one in seen),
        max(one.longest for one in seen),
        median(one.reading for one in seen),
    )
