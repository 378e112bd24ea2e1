"""Runs a self-test and writes what it found, also where it was cut short."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.core import locks
from safecost.core.console import show_table
from safecost.core.errors import OK, ToolError
from safecost.document import io as document
from safecost.lab.selftest import page
from safecost.lab.selftest.bench import RealBench
from safecost.lab.selftest.exactness import count_again
from safecost.lab.selftest.figures import Counted, SelfTest
from safecost.lab.selftest.study import FULL, QUICK, Selftest, SelftestResults, more
from safecost.lab.selftest.targets import targets
from safecost.machine import facts as machine
from safecost.report import record
from safecost.run.state import MARGIN
from safecost.suite import revision as suite_revision

COLOURS = {"met": "green", "missed": "red", "inconclusive": "yellow", "not measured": "dim"}


def run(quick: bool, times: int, seed: int | None, folder: Path, console: Console) -> int:
    """Measure, write selftest.{json,md,html} to the folder, print the targets. A missed target is no error.

    An interrupt leaves what was found until then, and is raised again.
    """
    seed = secrets.randbits(32) if seed is None else seed
    started, facts, sampler = document.now(), machine.facts(), machine.Sampler()
    neighbours = os.cpu_count() or 1
    found, counted, complete = SelftestResults(), None, False
    try:
        with locks.scratch() as at:
            bench = RealBench(seed, at, ["gcc-o2"] if quick else ["quick"])
            study = Selftest(bench, more(QUICK if quick else FULL, times), seed, MARGIN, neighbours)
            found = study.found
            study.run()
            counted = _counted(bench, quick, found)
        complete = True
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            made = SelfTest(
                started, document.now(), quick, complete, seed, suite_revision.revision(),
                machine.after(facts, sampler.stop()), neighbours, tuple(found.aa_pairs), tuple(found.power),
                tuple(found.widths), tuple(found.accompanied), counted,
                targets(found.aa_pairs, found.power, found.widths, found.accompanied, counted, MARGIN),
                tuple(found.notes),
            )  # fmt: skip
            written = page.write(made, folder, MARGIN)
            render(made, console)
            print(f"self-test: {os.path.relpath(written)}", file=sys.stdout)
    return OK


def find(path: Path) -> Path | None:
    """The document of a self-test that is given as its folder or as the document; None if it is something else."""
    files = [path / name for name in (page.FILE, page.RECORD_FILE)] if path.is_dir() else [path]
    return next((file for file in files if file.name in {page.FILE, page.RECORD_FILE} and file.is_file()), None)


def report(file: Path, folder: Path, console: Console) -> Path:
    """Write the pages and charts of a self-test into the folder, print its targets, and return the page."""
    self_test = page.read(file)
    written = page.draw(self_test, folder, MARGIN)
    render(self_test, console)
    return written


def publish(file: Path, folder: Path) -> Path:
    """Write what is published of a self-test: its document compressed, selftest.md, which it returns, and one chart."""
    return page.write_record(file, folder, record.command(folder), MARGIN)


def _counted(bench: RealBench, quick: bool, found: SelftestResults) -> Counted | None:
    try:
        return count_again(bench, 2 if quick else 10)
    except ToolError as error:
        found.notes.append(f"instructions were not counted: {error}")
        return None


def render(made: SelfTest, console: Console) -> None:
    """The targets as a table, and the headline."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("what", "wanted", "found", ""):
        table.add_column(heading, overflow="fold")
    for one in made.targets:
        state = Text(one.status, style=COLOURS[one.status])
        table.add_row(
            Text(one.name), Text(one.wanted), Text(f"{one.found}{f'; {one.reason}' if one.reason else ''}"), state
        )
    show_table(console, table)
    for note in made.notes:
        console.print(Text(f"note: {note}"))
    console.print(Text(page.headline(made)))
    console.print(Text(page.surroundings(made)))
