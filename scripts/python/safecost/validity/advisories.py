"""When the times of a run are advice only: nulls stray, controls are missed, others load it, it was cut short."""

from __future__ import annotations

from collections.abc import Iterator

from safecost.core.text import counted, number, percent
from safecost.document.rows import rows
from safecost.document.types import Document
from safecost.validity.data_quality import MOST_STRAYS, STRAY, AaSpread, Belief, above, belief

MOST_STEAL = 0.05
"""Share of the processor time that the host may take away from such a run."""


def advisories(document: Document) -> tuple[str, ...]:
    """Why the times of this run are advice only, in sentences; empty for a quiet, complete run with calm nulls."""
    machine, known = document.machine, belief(rows(document))
    reasons = []
    if not document.run.complete:
        reasons.append("The run was interrupted.")
    if known.nulls is None:
        reasons.append("No null was measured, so nothing shows how far identical code strays here.")
    elif known.nulls.strays > MOST_STRAYS * known.nulls.count:
        reasons.append(straying(known.nulls))
    reasons += _controls(known, document.run.margin)
    return (*reasons, *of_machine(machine.steal_share, machine.load_before, machine.logical_cpus))


def of_machine(steal_share: float, load_before: float, cpus: int) -> Iterator[str]:
    """What else the machine did that makes times advice only."""
    if steal_share > MOST_STEAL:
        yield f"The host took {percent(steal_share)} of the processor time away."
    if load_before > cpus:
        yield f"The load before the run was {load_before:.2f} on {counted(cpus, 'CPU')}."


def straying(nulls: AaSpread) -> str:
    """That too many nulls stray; where they are too few to tell, that as well. The rule is the same for few."""
    verb = "stray" if nulls.strays > 1 else "strays"
    sentence = f"{nulls.strays} of {counted(nulls.count, 'null')} {verb} by more than {percent(STRAY)}"
    low, high = nulls.share
    if low > MOST_STRAYS:
        return f"{sentence}."
    possible = f"by so few the share may be anything from {percent(low)} to {percent(high)}"
    return f"{sentence} where {percent(MOST_STRAYS)} may; {possible}."


def _controls(known: Belief, margin: float) -> list[str]:
    """Planted differences that the run does not show, and controls that it reads as other than they are."""
    reasons = []
    wanted, wrong = above(known.controls, margin), [control for control in known.controls if control.strays]
    unseen = [control for control in wanted if control.finding == "not found"]
    if unseen:
        first = unseen[0]
        reads = f"{first.row.name} was built to be {number(first.planted)} and reads {number(first.row.ratio)}"
        among = f"{counted(len(wanted), 'planted difference')} above {percent(margin)}"
        reasons.append(f"{len(unseen)} of {among} {'were' if len(unseen) > 1 else 'was'} not found: {reads}.")
    if wrong:
        verb = "read" if len(wrong) > 1 else "reads"
        among = counted(len(known.controls), "control")
        reasons.append(f"{len(wrong)} of {among} {verb} more than {percent(STRAY)} beside what was planted.")
    return reasons


def conclusion(document: Document) -> str:
    """What to conclude from nulls and controls, in one plain sentence."""
    known, margin = belief(rows(document)), document.run.margin
    if known.nulls is None and not known.controls:
        return "Nothing was measured whose ratio is known, so how far these times can be believed is not known either."
    reasons = advisories(document)
    if known.nulls is None or reasons:
        return "Take these times as advice only, for the reasons given above."
    calm = f"identical code read as equal within {percent(known.nulls.worst)}"
    found = ", and every planted difference above that was found" if known.controls else ""
    return f"Believe what this run calls slower or faster by more than {percent(margin)}: {calm}{found}."
