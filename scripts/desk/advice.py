"""When the times of a run are advice only: nulls stray, the host takes time away, others load it, it was cut short."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from desk.document import Document
from desk.rows import Row, rows
from desk.wording import counted, percent

STRAY_NULL = 0.005
"""A null whose ratio differs from 1 by more than this strays: the machine or the method is at fault."""

MOST_STRAYS = 0.05
"""Share of the nulls that may stray in a run whose times are fit for a gate."""

MOST_STEAL = 0.05
"""Share of the processor time that the host may take away from such a run."""


@dataclass(frozen=True, slots=True)
class Nulls:
    """How far pairs of identical code stray from 1: relative distances, so 0.005 is 0.5 %."""

    count: int
    strays: int
    median: float
    worst: float


def distance(ratio: float) -> float:
    """How far a ratio is from 1, the same for a ratio and its inverse: 0.01 for 1.01 and for 1/1.01."""
    return math.expm1(abs(math.log(ratio)))


def nulls(found: Iterable[Row]) -> Nulls | None:
    """How the nulls among the rows stray, without those of struck cases; None where there are none."""
    distances = [distance(row.ratio) for row in found if row.kind == "null" and not row.struck]
    if not distances:
        return None
    strays = sum(far > STRAY_NULL for far in distances)
    return Nulls(len(distances), strays, statistics.median(distances), max(distances))


def advisories(document: Document) -> tuple[str, ...]:
    """Why the times of this run are to be taken as advice only; empty for a quiet, complete run with calm nulls."""
    machine, strayed = document.machine, nulls(rows(document))
    reasons = []
    if not document.run.complete:
        reasons.append("The run was interrupted.")
    if strayed is None:
        reasons.append("No null was measured, so nothing shows how far identical code strays here.")
    elif strayed.strays > MOST_STRAYS * strayed.count:
        verb = "stray" if strayed.strays > 1 else "strays"
        among = counted(strayed.count, "null")
        reasons.append(f"{strayed.strays} of {among} {verb} by more than {percent(STRAY_NULL)}.")
    if machine.steal_share > MOST_STEAL:
        reasons.append(f"The host took {percent(machine.steal_share)} of the processor time away.")
    if machine.load_before > machine.logical_cpus:
        cpus = counted(machine.logical_cpus, "CPU")
        reasons.append(f"The load before the run was {machine.load_before:.2f} on {cpus}.")
    return tuple(reasons)
