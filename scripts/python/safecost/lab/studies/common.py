"""What studies have in common: how they are run, and how their tables get between the marks of a document."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from safecost.core import files, locks
from safecost.core.errors import HARNESS, ToolError, UsageError
from safecost.core.progress import Steps
from safecost.document.types import Machine, Suite
from safecost.lab.studies.tables import StudyFunction, Table
from safecost.machine import facts as machine
from safecost.suite import revision as suite_revision

F = TypeVar("F", bound=Callable[..., Any])


def between_marks(text: str, name: str, new: str) -> str:
    """The text of a document with other lines between the marks of a name; raises UsageError where it has none."""
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    marked = re.compile(rf"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    text, times = marked.subn(lambda _: f"{begin}\n{new}{end}", text)
    if times != 1:
        raise UsageError(f"the document has {times} places for {name}: it needs one, from {begin} to {end}.")
    return text


# ---- studies that simulate -------------------------------------------------------------------------------------------


def simulated(studies: Mapping[str, StudyFunction], names: Sequence[str], trials: int, seed: int) -> dict[str, Table]:
    """The tables of the named studies; each has random numbers of its own, so that one can be repeated alone."""
    tables = {}
    with Steps("study", len(names)) as steps:
        for name in names:
            tables[name] = studies[name](np.random.default_rng([seed, zlib.crc32(name.encode())]), trials)
            steps.step()
    return tables


def filled(text: str, tables: Mapping[str, Table]) -> str:
    """A document with each table between the marks that name it; raises UsageError where those are missing."""
    for name, table in tables.items():
        text = between_marks(text, f"study: {name}", f"{table.markdown()}\n")
    return text


def simulating(trials: int, fewest: int, seed: int, unit: str) -> Callable[[F], F]:
    """The options of a study that simulates."""

    def options(command: F) -> F:
        for option in (
            click.option(
                "--write", "path", type=click.Path(path_type=Path), help="Write the tables into this document."
            ),
            click.option(
                "--seed", default=seed, show_default=True, type=click.IntRange(min=0), help="Repeats a study."
            ),
            click.option("--trials", default=trials, show_default=True, type=click.IntRange(min=fewest), help=unit),
        ):
            command = option(command)
        return command

    return options


def simulate(
    studies: Mapping[str, StudyFunction], names: Sequence[str], trials: int, seed: int, path: Path | None
) -> None:
    """Simulate, and write the tables into a document, or print them; raises click.UsageError for one without marks."""
    text = ""
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
            filled(text, {name: Table((), ()) for name in names})  # before the minutes that the study takes
        except (OSError, UsageError) as error:
            raise click.UsageError(f"{path}: {error}") from error
    tables = simulated(studies, names, trials, seed)
    if path is not None:
        path.write_text(filled(text, tables), encoding="utf-8")
    for name, table in tables.items() if path is None else ():
        click.echo(f"\n{name}: {studies[name].__doc__}\n\n{table.markdown()}")


# ---- studies that time -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conducted:
    """Where, of which state of the suite and since when something was timed; and whether to the end."""

    name: str
    started: str
    machine: Machine
    suite: Suite
    interrupted: bool

    @property
    def words(self) -> str:
        """The same for readers, in one line."""
        at, commit = self.machine, (self.suite.commit or "of no commit")[:12]
        virtual = f", {at.virtualization}" if at.virtualization else ""
        return (
            f"Measured {self.started[:10]}, {at.cpu}, {at.logical_cpus} CPUs{virtual}, {at.distribution}; load"
            f" {at.load_before:.1f} before, {at.load_after:.1f} after, {at.steal_share:.1%} stolen; suite {commit}"
            f"{' and changes' if self.suite.modified else ''}"
        )


def timing(document: str) -> Callable[[F], F]:
    """The options of a study that times, whose tables stand in a document."""

    def options(command: F) -> F:
        for option in (
            click.option("--docs", is_flag=True, help=f"Put the tables into {document}."),
            click.option(
                "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write all results there, as JSON."
            ),
        ):
            command = option(command)
        return command

    return options


def conduct(name: str, started: str, run: Callable[[Path], None]) -> Conducted:
    """Run a study in a folder for scratch; an interrupt ends it, and leaves what was timed until then."""
    before, sampler, interrupted = machine.facts(), machine.Sampler(), False
    with locks.scratch() as scratch:
        try:
            run(scratch)
        except KeyboardInterrupt:
            interrupted = True
    return Conducted(name, started, machine.after(before, sampler.stop()), suite_revision.revision(), interrupted)


def publish(done: Conducted, tables: str, results: Mapping[str, Any], out: Path | None, document: Path | None) -> None:
    """Print the tables, write the results, put the tables into a document; an interrupted study ends with 130."""
    click.echo(tables, nl=False)
    if out is not None:
        plain = {"schema": f"safecost-{done.name}", "schema_version": 1, "started": done.started}
        plain |= {"complete": not done.interrupted, "suite": asdict(done.suite), "machine": asdict(done.machine)}
        out.write_text(json.dumps({**plain, **results}, indent=1) + "\n", encoding="utf-8")
    if done.interrupted:
        sys.exit(130)
    if document is not None:
        insert(document, done.name, tables)


def insert(document: Path, name: str, tables: str) -> None:
    """Put tables between the marks of a document; raises UsageError where it has none."""
    new = between_marks(document.read_text(encoding="utf-8"), f"{name}.md", tables)
    files.replace(document, new.encode(), durable=False)


@contextlib.contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """Ends the program with one sentence where something fails."""
    try:
        yield
    except ToolError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(HARNESS)
