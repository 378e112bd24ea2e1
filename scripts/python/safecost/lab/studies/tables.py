"""A table of the study, its texts, and how rates are written in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Table:
    """What a study found: heads of the columns, and rows of as many cells, the first of which says what the row is."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table as GitHub draws it."""
        lines = [self.head, ("---", *("---:" for _ in self.head[1:])), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


StudyFunction = Callable[[np.random.Generator, int], Table]


def rate(events: NDArray[np.bool_]) -> str:
    """The share of events, in percent with as many digits as their number supports."""
    share = 100.0 * float(np.mean(events))
    if not events.any():
        return "none"
    return f"{share:.2f} %" if share < 10.0 or share > 90.0 else f"{share:.1f} %"


def shares(*events: NDArray[np.bool_]) -> str:
    """Shares that belong together, in whole percent; what happened less often than one in 200 shows as it is."""
    return " / ".join(
        f"{100.0 * share:.0f}" if share == 0.0 or share >= 0.005 else f"{100.0 * share:.2f}"
        for share in (float(np.mean(one)) for one in events)
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table, checked to be one."""
    assert all(len(row) == len(head) for row in rows), head
    return Table(tuple(head), tuple(tuple(row) for row in rows))
