"""What a contender costs against the share of its case's faults that it catches, one mark each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from safecost.core.text import counted, number
from safecost.document.types import Document
from safecost.report.charts.axis import ratio_axis
from safecost.report.charts.canvas import FAINT, MARKERS, PAPER, SHADES, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit
from safecost.report.prices import PriceGroup, PriceTerms, candidates, faults_of, groups, unshown_in
from safecost.stats.frontier import Candidate

PLOT_WIDTH, PLOT_HEIGHT, LEFT, TOP, KEY = 640.0, 360.0, 76.0, 34.0, 220.0
SPREAD = 0.011  # of the share, between the marks of two groups that catch the same
CAPTION = (
    "Each mark is an idiom in a profile. Up: catches more. Right: costs more. Marks of one height lie a little apart."
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A contender: its cost at its worst size over the fastest raw code there, and how many faults it catches.

    `unshown` of these are inexpressible.
    """

    name: str
    against: str
    hardened: bool
    cost: float
    caught: int
    faults: int
    unshown: int = 0


def draw_safety(document: Document) -> list[Chart]:
    """Cost against what is caught; none where no fault was proved, or nothing was measured."""
    found = [(group, spots(document, group)) for group in groups(document)] if document.proofs else []
    found = [(group, marks) for group, marks in found if marks]
    everything = [spot for _, marks in found for spot in marks]
    if not everything:
        return []
    canvas = Canvas(_title(everything), WIDTH, TOP + PLOT_HEIGHT + 56)
    canvas.text(12, 10, CAPTION, color=SOFT)
    axes = canvas.axes(LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT)
    _grid(axes, everything, document.run.margin)
    canvas.text(
        LEFT + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT + 40, "time over that of plain raw code", color=SOFT, ha="center"
    )
    canvas.text(20, TOP + PLOT_HEIGHT / 2, "share of faults caught", color=SOFT, rotation=90, ha="center", va="center")
    place = 0
    for order, (group, marks) in enumerate(found):
        shade = SHADES[order % len(SHADES)]
        style = {"marker": MARKERS[order % len(MARKERS)], "ms": 6.5, "mec": shade, "mew": 1.2}
        lift = SPREAD * (order - (len(found) - 1) / 2)
        for hardened in (False, True):
            members = [spot for spot in marks if spot.hardened is hardened]
            if not members:
                continue
            style["mfc"] = shade if hardened else PAPER
            points = [(spot.cost, spot.caught / spot.faults + lift, _tip(spot)) for spot in members]
            canvas.marks(axes, f"marks-{place}", points, alpha=0.85, zorder=3, **style)
            label = fit(f"{group.name}{', hardened' if hardened else ''}", 11, KEY - 40)
            canvas.key(place, LEFT + PLOT_WIDTH, TOP, TOP + PLOT_HEIGHT, label, **style)
            place += 1
    return [canvas.finish("safety", "safety", None)]


def spots(document: Document, group: PriceGroup) -> list[Spot]:
    """Every safe contender of a group in the cases that it competes in."""
    found = []
    outside = {name for name, _ in group.outside["every fault"]}
    for case in document.cases:
        if case.name in outside or not case.faults:
            continue
        for one in candidates(document, case, group.profiles, group.against, "every fault", PriceTerms("raw C++")):
            cost, against = _cost(one)
            faults = len(faults_of(document, case, "every fault"))
            caught = faults - len(one.uncaught)
            unshown = unshown_in(document, case.name, one.variant, one.profile)
            name = f"{case.name}/{one.variant}@{one.profile}"
            found.append(Spot(name, against, one.profile != group.name, cost, caught, faults, unshown))
    return found


def _cost(one: Candidate) -> tuple[float, str]:
    """The median ratio over the fastest raw code at the worst size, and which raw code at which size that is."""
    costs = []
    for at in one.sizes:
        name, below = min(at.raws.items(), key=lambda raw: float(np.median(raw[1])))
        ratio = float(np.median(np.asarray(at.safe) / np.asarray(below)))
        costs.append((ratio, f"{name}, {at.size}"))
    return max(costs)


def _title(found: Sequence[Spot]) -> str:
    every = sum(spot.caught == spot.faults for spot in found)
    free = sum(spot.caught == spot.faults and spot.cost <= 1 for spot in found)
    words = sum(spot.caught == spot.faults and spot.unshown > 0 for spot in found)
    return (
        f"Of {counted(len(found), 'idiom in its profile', 'idioms in their profiles')} {every} catch every fault of "
        f"their case, {words} of these with some that are inexpressible; {free} take no longer than raw code"
    )


def _grid(axes: Axes, found: Sequence[Spot], margin: float) -> None:
    low, high = min([0.97, *(spot.cost for spot in found)]), max([1.03, *(spot.cost for spot in found)])
    room = (high / low) ** 0.04
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["none", "25 %", "50 %", "75 %", "all"])
    ratio_axis(axes, (low / room, high * room), PLOT_WIDTH, margin)
    for share in (0, 0.25, 0.5, 0.75, 1):
        axes.axhline(share, color=FAINT, lw=0.6, zorder=0.5)


def _tip(spot: Spot) -> str:
    return f"{spot.name} over {spot.against}: time {number(spot.cost)}, catches {spot.caught} of {spot.faults}" + (
        f", {spot.unshown} inexpressible" if spot.unshown else ""
    )
