"""How much of a trial's wall time is left for timing, once processes start and inputs are made."""

from __future__ import annotations

from collections.abc import Hashable

LEAST = 0.002  # seconds of timing that a tool is told to do, however short the time is


class Overhead:
    """Learns from each trial what a tool takes beside the seconds that it was told to time for.

    So all tools take the same time on the wall, which is what their users wait for.
    """

    def __init__(self) -> None:
        self._beside: dict[Hashable, float] = {}

    def beside(self, key: Hashable) -> float | None:
        """What it took lately beside those seconds; None where that is not known."""
        return self._beside.get(key)

    def told(self, key: Hashable, seconds: float) -> float:
        """The seconds to tell a tool, so that it takes `seconds` in all."""
        return max(LEAST, seconds - self._beside.get(key, 0.0))

    def took(self, key: Hashable, told: float, wall: float) -> None:
        """Note what it took: half of the news counts, as one trial may be disturbed."""
        beside = wall - told
        self._beside[key] = (self._beside.get(key, beside) + beside) / 2.0
