"""Change points: where the level of a series of ratios moves and stays, and where an exact metric takes another value.

Ratios are noisy. Their logarithms are clipped to the median of their neighbours, so that less than a segment's worth
of wild points moves nothing; ruptures finds the best piecewise constant fit (Killick, Fearnhead, Eckley: Optimal
Detection of Changepoints With a Linear Computational Cost, JASA 107, 2012), whose penalty is in units of the noise
between neighbours; what moves the median by less than the magnitude is merged again. docs/HISTORY.md has the study.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desk.errors import DeskError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Search:
    """What counts as a change: a step of the median of at least `magnitude` (0.01 is 1 %), that lasts `segment` points.

    `penalty` is what a change must explain, in squared units of noise for each doubling by e of the series' length.
    """

    magnitude: float = 0.01
    segment: int = 5
    penalty: float = 6.0


DEFAULT = Search()
_CLIP = 3.0  # units of noise; normal noise is beyond it 3 times in 1,000
_NORMAL = 1.4826  # standard deviations in a median absolute deviation of normal noise


def find(ratios: Sequence[float], search: Search = DEFAULT) -> list[int]:
    """Indices at which a new level begins, ascending; empty where the series is too short to have two segments."""
    if len(ratios) < 2 * search.segment:
        return []
    logs = np.log(np.asarray(ratios, dtype=np.float64))
    scale = max(noise(logs), search.magnitude / 20)  # identical values have no noise, and must not divide by zero
    return _merged(logs, _segments(_clipped(logs, scale, search.segment) / scale, search), search)


def noise(logs: Floats) -> float:
    """Standard deviation of normal noise, from differences of neighbours, which a step moves once only."""
    steps = np.diff(logs)
    return float(_NORMAL * np.median(np.abs(steps - np.median(steps))) / math.sqrt(2.0))


def exact(values: Sequence[float], least: float = 0.0, share: float = 0.0) -> list[int]:
    """Indices at which an exact metric leaves its level, by more than `least` and more than `share` of the level."""
    found, level = [], values[0] if values else 0.0
    for index, value in enumerate(values):
        if abs(value - level) > max(least, share * abs(level)):
            found.append(index)
            level = value
    return found


def _clipped(logs: Floats, scale: float, segment: int) -> Floats:
    """The series with each point at most `_CLIP` units of noise from the median of itself and its neighbours.

    So many neighbours that a true segment outvotes them at its own ends, and anything shorter does not.
    """
    reach = segment - 1
    medians = np.array([np.median(logs[max(0, i - reach) : i + reach + 1]) for i in range(len(logs))])
    return np.clip(logs, medians - _CLIP * scale, medians + _CLIP * scale)


def _segments(signal: Floats, search: Search) -> list[int]:
    try:
        import ruptures  # noqa: PLC0415 - it takes long to load, and only this needs it
    except ModuleNotFoundError as error:
        raise DeskError(
            "Change points need the Python package ruptures, which has no build for this Python: use 3.11 to 3.13."
        ) from error
    fitted = ruptures.KernelCPD(kernel="linear", min_size=search.segment).fit(signal.reshape(-1, 1))
    ends: list[int] = fitted.predict(pen=search.penalty * math.log(len(signal)))
    return ends[:-1]


def _merged(logs: Floats, found: list[int], search: Search) -> list[int]:
    """Without the changes whose medians are closer than the magnitude, the smallest taken out first."""
    kept = list(found)
    while kept:
        bounds = [0, *kept, len(logs)]
        medians = [float(np.median(logs[a:b])) for a, b in pairwise(bounds)]
        steps = [abs(after - before) for before, after in pairwise(medians)]
        smallest = min(range(len(steps)), key=steps.__getitem__)
        if steps[smallest] >= math.log1p(search.magnitude):
            break
        del kept[smallest]
    return kept
