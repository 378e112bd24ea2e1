"""Measures the pieces that are asked for, and writes and prints what was measured, also where it was cut short."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console

from safecost.core import locks, privacy
from safecost.core.errors import HARNESS, OK, ToolError, UsageError
from safecost.core.paths import ROOT
from safecost.document import io as document
from safecost.lab.pools import PoolRow
from safecost.lab.self_benchmark.figures import Figure, Pace, markdown, render, to_json
from safecost.lab.self_benchmark.pieces import PIECES
from safecost.lab.self_benchmark.workshop import Workshop
from safecost.machine import facts as machine
from safecost.suite import revision as suite_revision


def choose(only: str | None) -> list[str]:
    """The pieces to measure, in the table's order; `only` holds names with commas between, or is None for all."""
    if only is None:
        return list(PIECES)
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    if not wanted or not wanted <= PIECES.keys():
        raise UsageError(f"--only {only!r}: choose from {', '.join(PIECES)}.")
    return [name for name in PIECES if name in wanted]


def measure_piece(name: str, workshop: Workshop) -> tuple[Figure, tuple[PoolRow, ...]]:
    """Measure one piece; one that fails is a figure without a value, and says why."""
    piece = PIECES[name]
    try:
        found = piece.measure(workshop)
    except (ToolError, OSError) as error:
        reason = privacy.scrub(str(error), [(str(workshop.folder), "temporary"), (str(ROOT), ".")], 2_000)
        return Figure(name, piece.what, piece.unit, piece.target, None, reason), ()
    return Figure(name, piece.what, piece.unit, piece.target, found.value, found.detail), found.pools


def run(only: str | None, out: Path | None, console: Console) -> int:
    """Measure, print the table and write it; returns 1 if a piece failed. A missed target is no failure.

    An interrupt leaves what was measured until then, and is raised again.
    """
    names = choose(only)
    if out is not None and (out.suffix != ".json" or not out.parent.is_dir()):
        raise UsageError(f"--out {out}: give a file name that ends in .json, in a folder that exists.")
    started, facts, sampler = document.now(), machine.facts(), machine.Sampler()
    figures: list[Figure] = []
    rows: tuple[PoolRow, ...] = ()
    try:
        with locks.scratch() as folder:
            workshop = Workshop(folder.resolve())
            for name in names:
                print(f"pace: {name}", file=sys.stderr)
                figure, found = measure_piece(name, workshop)
                figures.append(figure)
                rows += found
    finally:
        on = machine.after(facts, sampler.stop())
        made = Pace(started, suite_revision.revision(), on, len(figures) == len(names), tuple(figures), rows)
        if figures:
            render(made, console)
        if figures and out is not None:
            out.write_text(json.dumps(to_json(made), indent=1) + "\n", encoding="utf-8")
            out.with_suffix(".md").write_text(markdown(made), encoding="utf-8")
    return HARNESS if any(figure.status == "failed" for figure in figures) else OK
