"""Writes trend charts to files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from safecost.core import files
from safecost.core.command import make_folder
from safecost.core.errors import UsageError
from safecost.core.progress import Steps
from safecost.core.text import counted
from safecost.history.showing import TrackStatus
from safecost.history.trend import draw_trend
from safecost.report.charts.canvas import SETTINGS, also_as


def write(found: Sequence[TrackStatus], out: Path, kind: str) -> str:
    """Draw each track into the folder, and say how many; raises UsageError where there is nothing or no folder."""
    if not found:
        raise UsageError("Nothing to draw: no series of this metric has been added, or none has changed.")
    make_folder(out)
    with mpl.rc_context(SETTINGS), warnings.catch_warnings(), Steps("draw", len(found)) as steps:
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # text stays text in SVG
        for one in found:
            for name, data in drawn(one, kind).items():
                files.replace(out / f"{name}.{kind}", data, durable=False)
            steps.step()
    return counted(len(found), "chart")


def drawn(one: TrackStatus, kind: str) -> dict[str, bytes]:
    """The bytes of a track's chart by its name; within Matplotlib's SETTINGS."""
    with also_as(None if kind == "svg" else kind):
        chart = draw_trend(one)
    return {chart.name: chart.other or chart.svg.encode()}
