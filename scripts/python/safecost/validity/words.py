"""What the report says of how much to believe a run: sentences about its A/A pairs, calibrations and the machine's
noise."""

from __future__ import annotations

from typing import NamedTuple

from safecost.core.text import counted, percent
from safecost.document.types import Document
from safecost.validity.advisories import MOST_CONTENDED, MOST_STEAL, contended_share
from safecost.validity.data_quality import CERTAINTY, MOST_OUTLIERS, TOLERANCE, Control, Coverage, DataQuality, aa_pairs

CALM_VERDICTS = ("equivalent", "inconclusive")
UNLIKELY = 0.05
"""Below this probability the misses of intervals are no accident."""


class Disturbance(NamedTuple):
    """One thing that disturbs times: its name, how it was, what that means, and whether it is beyond its limit."""

    name: str
    value: str
    meaning: str
    beyond: bool


def aa_sentences(known: DataQuality) -> list[str]:
    """How many A/A pairs are called different, how many are off, and what so many can tell; none without A/A pairs."""
    if known.aa_pairs is None:
        return []
    count, outliers = known.aa_pairs.count, known.aa_pairs.outliers
    wrong = [f"{many} {verdict}" for verdict, many in known.verdicts if many and verdict not in CALM_VERDICTS]
    calm = ", ".join(f"{many} {verdict}" for verdict, many in known.verdicts if many and verdict in CALM_VERDICTS)
    called = f"{' and '.join(wrong)}, which is wrong" if wrong else "none slower or faster"
    low, high = known.aa_pairs.share
    return [
        f"Of {counted(count, 'A/A pair')}, the same source as two functions,"
        f" {', '.join(filter(None, (calm, called)))}.",
        f"{outliers or 'None'} of them {'differ' if outliers > 1 else 'differs'} by more than"
        f" {percent(TOLERANCE)}; the median "
        f"distance from 1 is {percent(known.aa_pairs.median)}, the largest {percent(known.aa_pairs.worst)}.",
        f"With {percent(CERTAINTY)} certainty the share that is off on this machine lies between {percent(low)} and "
        f"{percent(high)}; at most {percent(MOST_OUTLIERS)} may in a run that is fit for a gate.",
        *_of_workers(known),
    ]


def _of_workers(known: DataQuality) -> list[str]:
    """How steady the A/A pairs of kernels of several workers are beside all others; nothing where there are no both."""
    several = aa_pairs(row for row in known.aa_rows if (row.workers or 1) > 1)
    others = aa_pairs(row for row in known.aa_rows if (row.workers or 1) == 1)
    if several is None or others is None:
        return []
    return [
        f"{several.count} of them {'are' if several.count > 1 else 'is'} of kernels with several workers: their median "
        f"distance from 1 is {percent(several.median)}, the largest {percent(several.worst)}, and "
        f"{percent(several.outliers / several.count)} differ by more than {percent(TOLERANCE)}; of the others it is "
        f"{percent(others.median)}, {percent(others.worst)} and {percent(others.outliers / others.count)}."
    ]


def coverage_sentence(seen: Coverage | None, truth: str) -> str | None:
    """How many intervals miss the `truth`, and how many would by their level; None where there is no interval."""
    if seen is None:
        return None
    low, high = seen.levels
    level = percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"
    verb = "miss" if seen.misses > 1 else "misses"
    sentence = (
        f"{seen.misses or 'None'} of {counted(seen.count, 'interval')} {verb} {truth}; at a level of {level} about "
        f"{seen.expected:.2g} {'is' if f'{seen.expected:.2g}' == '1' else 'are'} expected"
    )
    if seen.misses <= seen.expected:
        return f"{sentence}."
    chance = f"so many or more happen by chance in {percent(seen.chance)} of runs"
    says = "the intervals of this run are too narrow" if seen.chance < UNLIKELY else "that is no sign against them"
    return f"{sentence}, and {chance}: {says}."


def finding(calibration: Control) -> str:
    """What a run shows of a planted difference, in words."""
    if calibration.finding is None:
        return {"equivalent": "equal, as it is", "inconclusive": "inconclusive"}.get(
            calibration.row.verdict, "not equal"
        )
    return f"found, {calibration.finding}" if calibration.finding != "not found" else "not found"


def held(calibration: Control) -> str:
    """Whether the interval holds the planted ratio."""
    return {True: "yes", False: "no", None: "no interval"}[calibration.held]


def noise(document: Document) -> list[Disturbance]:
    """What is known to disturb times on this machine, with the limit where there is one."""
    machine = document.machine
    cpus, governor, randomization = machine.logical_cpus, machine.governor, machine.address_randomization
    placement = {
        None: ("not known", "whether launches are new draws of addresses is not known"),
        0: ("off", "all launches share one draw of addresses"),
    }.get(randomization, ("on", "each launch is a new draw of addresses"))
    contended = contended_share(document)
    steady = {None: "the host decides", "performance": "steady"}.get(governor, "the frequency may change in a run")
    return [
        Disturbance(
            "Taken by the host", percent(machine.steal_share), f"at most {percent(MOST_STEAL)} of the processor time",
            machine.steal_share > MOST_STEAL,
        ),
        Disturbance(
            "Contended",
            "not listened for" if contended is None else percent(contended),
            f"at most {percent(MOST_CONTENDED)} of the epochs beside a slow beat of the metronome",
            contended is not None and contended > MOST_CONTENDED,
        ),
        Disturbance(
            "Load before", f"{machine.load_before:.2f}", f"on {counted(cpus, 'CPU')}; judged where nobody listened",
            contended is None and machine.load_before > cpus,
        ),
        Disturbance("Load after", f"{machine.load_after:.2f}", "holds what the run itself loads", False),
        Disturbance("Frequency governor", governor or "not known", steady, False),
        Disturbance("Address randomization", *placement, False),
        Disturbance("Virtualization", machine.virtualization or "none seen", "a host may run others at any time", False)
        if machine.virtualization
        else Disturbance("Virtualization", "none seen", "no host runs others", False),
    ]  # fmt: skip
