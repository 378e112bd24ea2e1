"""Change points: where the level of a series of ratios moves and stays, and where an exact metric takes another value.

Ratios are noisy. Of their logarithms the wild ones give way to their neighbours, so that less than a segment of them
moves nothing; ruptures finds the best piecewise constant fit (Killick, Fearnhead, Eckley: Optimal Detection of
Changepoints With a Linear Computational Cost, JASA 107, 2012), whose penalty is in units of the noise between
neighbours; what moves the median by less than the magnitude is merged again. docs/HISTORY.md has the study.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from safecost.core.errors import ToolError

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
_WILD = 4.0  # units of the noise of a difference; normal noise is beyond it once in 16,000
_NORMAL = 1.4826  # standard deviations in a median absolute deviation of normal noise


def find(ratios: Sequence[float], search: Search = DEFAULT) -> list[int]:
    """Indices at which a new level begins, ascending; empty where the series is too short to have two segments."""
    if len(ratios) < 2 * search.segment:
        return []
    logs = np.log(np.asarray(ratios, dtype=np.float64))
    scale = max(noise(logs), search.magnitude / 20)  # identical values have no noise, and must not divide by zero
    tame = _tamed(logs, scale, search.segment)
    return _merged(tame, _segments(tame / scale, search), search)


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


def _tamed(logs: Floats, scale: float, segment: int) -> Floats:
    """The series with each wild point replaced by the median of the nearest that are not.

    A point is wild where fewer than a segment of the points around it, itself included, are like it: so those of a
    burst that is shorter, and none of a true segment, at its ends and at those of the series either.
    """
    count, reach = len(logs), segment - 1
    padded = np.concatenate([np.full(reach, np.inf), logs, np.full(reach, np.inf)])
    alike = sum(
        np.abs(padded[shift : shift + count] - logs) <= _WILD * math.sqrt(2.0) * scale for shift in range(2 * reach + 1)
    )
    calm = np.flatnonzero(np.asarray(alike) >= segment)
    tame = logs.copy()
    for index in np.flatnonzero(np.asarray(alike) < segment) if len(calm) else ():
        nearest = calm[np.argsort(np.abs(calm - index), kind="stable")[:segment]]
        tame[index] = np.median(logs[nearest])
    return tame


def _segments(signal: Floats, search: Search) -> list[int]:
    try:
        import ruptures  # noqa: PLC0415 - it takes long to load, and only this needs it
    except ModuleNotFoundError as error:
        raise ToolError(
            "Change points need the Python package ruptures, which has no build for this Python: use 3.11 to 3.13."
        ) from error
    fitted = ruptures.KernelCPD(kernel="linear", min_size=search.segment).fit(signal.reshape(-1, 1))
    return [int(end) for end in fitted.predict(pen=search.penalty * math.log(len(signal)))[:-1]]


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
