"""Precision per second: how well a ratio is known for the time it takes, as one figure that can be tracked."""

from __future__ import annotations

from pathlib import Path

from safecost.core.errors import ToolError
from safecost.lab.selftest.bench import RealBench
from safecost.lab.selftest.experiments import TRIAL, UNTIMED, width_point
from safecost.lab.selftest.figures import WidthPoint
from safecost.lab.selftest.study import only_aa_pairs

SECONDS = 0.5  # that each pair is given, in the launches of a trial


def of_aa_pairs(profile: str, scratch: Path) -> tuple[float, str]:
    """The median half-width of a profile's A/A pairs in percent, each launch with layouts of its own; and in words also
    that within one process, and that with the same layouts in all launches, which holds the truth less often.
    """
    fresh, one = (_point(profile, scratch / f"precision-{launches}", launches) for launches in (TRIAL, 1))
    words = f"{fresh.pairs} A/A pairs; {100 * fresh.over_rounds:.3f} % within one process"
    return 100 * fresh.over_launches, f"{words}; {100 * one.over_launches:.3f} % with the same layouts in all launches"


def _point(profile: str, scratch: Path, launches: int) -> WidthPoint:
    scratch.mkdir()
    bench = RealBench(1, scratch, [profile], launches)
    panels = only_aa_pairs(panel for panel in bench.panels if panel.profile == profile)
    # Half for each arm; of each epoch's calls a fifth is not timed, and a little more gives a last whole round.
    share = SECONDS / TRIAL / 2 / (1 + UNTIMED) * 1.1
    trials = [([bench.read(panel, launch, share) for launch in range(TRIAL)], (1, 0)) for panel in panels]
    point = width_point(trials, SECONDS)
    if point is None:
        raise ToolError(f"no A/A pair of {profile} was timed for half a second.")
    return point
