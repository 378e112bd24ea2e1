"""When the times of a run are advice only: A/A pairs are off, calibrations are missed, others load it, it was cut
short."""

from __future__ import annotations

from collections.abc import Iterator

from safecost.core.text import counted, number, percent
from safecost.document.rows import rows
from safecost.document.types import Document
from safecost.validity.data_quality import MOST_OUTLIERS, TOLERANCE, AaSpread, DataQuality, above, quality

MOST_STEAL = 0.05
"""Share of the processor time that the host may take away from such a run."""

MOST_CONTENDED = 0.2
"""Share of epochs beside which the metronome may be slow: beyond it what is left is a choice of quiet moments."""


def advisories(document: Document) -> tuple[str, ...]:
    """Why the times of this run are advice only, in sentences; empty for a quiet, complete run with calm A/A pairs."""
    machine, known = document.machine, quality(rows(document))
    reasons = []
    if not document.run.complete:
        reasons.append("The run was interrupted.")
    if known.aa_pairs is None:
        reasons.append("No A/A pair was measured, so nothing shows how far identical code is off here.")
    elif known.aa_pairs.outliers > MOST_OUTLIERS * known.aa_pairs.count:
        reasons.append(outlying(known.aa_pairs))
    reasons += _calibrations(known, document.run.margin)
    share = contended_share(document)
    reasons += of_machine(machine.steal_share, share)
    # Of earlier runs only the load is known, which a run that came just before may have made.
    if share is None and machine.load_before > machine.logical_cpus:
        cpus = counted(machine.logical_cpus, "CPU")
        reasons.append(f"The load before the run was {machine.load_before:.2f} on {cpus}.")
    return tuple(reasons)


def contended_share(document: Document) -> float | None:
    """The share of epochs beside which somebody else used the core; None where nobody listened."""
    heard = [
        (launch.contended, launch.rounds * len(panel.contenders))
        for panel in document.panels
        for launch in panel.launches
        if launch.contended is not None
    ]
    epochs = sum(count for _, count in heard)
    return sum(share * count for share, count in heard) / epochs if epochs else None


def of_machine(steal_share: float, contended: float | None) -> Iterator[str]:
    """What else the machine did that makes times advice only: what disturbed, whatever the load was."""
    if steal_share > MOST_STEAL:
        yield f"The host took {percent(steal_share)} of the processor time away."
    if contended is not None and contended > MOST_CONTENDED:
        yield (
            f"Somebody else used the core beside {percent(contended)} of the epochs, where {percent(MOST_CONTENDED)}"
            " may: checks look cheaper then, and A/A pairs do not show it."
        )


def outlying(aa_pairs: AaSpread) -> str:
    """That too many A/A pairs are off; where they are too few to tell, that as well. The rule is the same for few."""
    verb = "differ" if aa_pairs.outliers > 1 else "differs"
    sentence = f"{aa_pairs.outliers} of {counted(aa_pairs.count, 'A/A pair')} {verb} by more than {percent(TOLERANCE)}"
    low, high = aa_pairs.share
    if low > MOST_OUTLIERS:
        return f"{sentence}."
    possible = f"by so few the share may be anything from {percent(low)} to {percent(high)}"
    return f"{sentence} where {percent(MOST_OUTLIERS)} may; {possible}."


def _calibrations(known: DataQuality, margin: float) -> list[str]:
    """Planted differences that the run does not show, and calibrations that it reads as other than they are."""
    reasons = []
    wanted, wrong = (
        above(known.calibrations, margin),
        [calibration for calibration in known.calibrations if calibration.outliers],
    )
    unseen = [calibration for calibration in wanted if calibration.finding == "not found"]
    if unseen:
        first = unseen[0]
        reads = f"{first.row.name} was built to be {number(first.planted)} and reads {number(first.row.ratio)}"
        if first.row.low is not None and first.row.high is not None:
            reads += f" ({number(first.row.low)}-{number(first.row.high)}, which holds 1)"
        among = f"{counted(len(wanted), 'planted difference')} above {percent(margin)}"
        reasons.append(f"{len(unseen)} of {among} {'were' if len(unseen) > 1 else 'was'} not found: {reads}.")
    if wrong:
        verb = "read" if len(wrong) > 1 else "reads"
        among = counted(len(known.calibrations), "calibration")
        reasons.append(f"{len(wrong)} of {among} {verb} more than {percent(TOLERANCE)} beside what was planted.")
    return reasons


def conclusion(document: Document) -> str:
    """What to conclude from A/A pairs and calibrations, in one plain sentence."""
    known, margin = quality(rows(document)), document.run.margin
    if known.aa_pairs is None and not known.calibrations:
        return "Nothing was measured whose ratio is known, so how far these times can be believed is not known either."
    reasons = advisories(document)
    if known.aa_pairs is None or reasons:
        return "Take these times as advice only, for the reasons given above."
    calm = f"identical code read as equal within {percent(known.aa_pairs.worst)}"
    found = ", and every planted difference above that was found" if known.calibrations else ""
    return f"Believe what this run calls slower or faster by more than {percent(margin)}: {calm}{found}."
