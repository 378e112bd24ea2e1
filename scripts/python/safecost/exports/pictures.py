"""The charts of a run as PDF or PNG, for papers and slides."""

from __future__ import annotations

from pathlib import Path

from safecost.core import files
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import counted
from safecost.exports.selected import Selected
from safecost.report import charts
from safecost.report.charts.canvas import also_as


def write(selected: Selected, out: Path, kind: str) -> str:
    """Draw every chart of the run into a folder, and say how many; raises ToolError. The filter does not count here."""
    with also_as(kind):
        drawn = charts.draw(selected.document)
    if not drawn:
        raise UsageError("The run has nothing to draw.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for chart in drawn:
            files.replace(out / f"{chart.name}.{kind}", chart.other, durable=False)
    except OSError as error:
        raise ToolError(f"--out {out} cannot be written to: {error.strerror}.") from error
    return f"wrote {counted(len(drawn), 'chart')} to {out}"
