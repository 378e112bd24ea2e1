"""How a report orders pairs and writes their values."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.core.text import number
from safecost.document.rows import KINDS, PairRow


def worst_first(found: Sequence[PairRow]) -> list[PairRow]:
    """Rows by kind of comparison, in each the highest ratio first."""
    order = list(KINDS)
    return sorted(
        found, key=lambda row: (order.index(row.kind), -row.ratio, row.family, row.case, row.variant, row.profile)
    )


def amount(mean: float | None) -> str:
    """A mean count per call: whole where it is whole, else with one decimal, a dash where it is not known."""
    if mean is None:
        return "–"
    return f"{mean:,.0f}" if mean == int(mean) else f"{mean:,.1f}" if mean >= 1 else f"{mean:.2g}"


def interval(row: PairRow) -> str:
    """The interval of a pair, a dash where there are too few launches for one."""
    return "–" if row.low is None or row.high is None else f"{number(row.low)} – {number(row.high)}"


def exact(ratio: float) -> str:
    """A ratio near 1 with all that tells it from its neighbours, such as `1.0100`."""
    return f"{ratio:.4f}" if 0.5 < ratio < 2 else number(ratio)


def exact_interval(row: PairRow) -> str:
    """The interval of a calibration, a dash where there are too few launches for one."""
    return "–" if row.low is None or row.high is None else f"{exact(row.low)} – {exact(row.high)}"
