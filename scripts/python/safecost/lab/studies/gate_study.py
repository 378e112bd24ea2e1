"""Is a gate red where nothing has become worse, and is it red where something has?

    cd scripts && python -m safecost.lab.studies.gate_study --help

Compares small planted cases with themselves, many times, and with heads in which a regression was planted, through the
whole decision: exact rows, times with base and head in one process, confirmation by fresh launches, limits, exit code.
Half of it is done beside busy neighbours. It writes the tables of docs/GATE.md.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from safecost.compare.gate import Decision, Policy, decide
from safecost.compare.live import asked, gating
from safecost.compare.live.comparing import Comparing
from safecost.compare.rows import ComparisonRow
from safecost.core.errors import HARNESS, ToolError
from safecost.core.paths import ROOT, Folders
from safecost.core.progress import Steps
from safecost.core.text import counted, percent
from safecost.document import io as document
from safecost.document.types import Machine, Suite
from safecost.lab.selftest.neighbours import busy
from safecost.lab.studies.gate_plants import CASES, NOTHING, PLANTS, Plant
from safecost.lab.studies.tables import table
from safecost.machine import facts as machine
from safecost.run.schedule import QUICK
from safecost.stats.binomial import rate_interval
from safecost.suite import revision as suite_revision

SCHEMA_VERSION = 1
PROFILE = "gcc-o3"  # vectorises what it can, so that there is something to lose
DOCUMENT = ROOT / "docs" / "GATE.md"
BEGINS, ENDS = "<!-- gate.md begins -->", "<!-- gate.md ends -->"
EXACT_EVERY = 5  # comparisons of equal code: what is exact is counted anew in each fifth, and is the same in all


@dataclass(frozen=True, slots=True)
class GateExtent:
    """How many comparisons of each kind, beside an idle machine's own work and beside busy neighbours."""

    equal: int
    equal_busy: int
    planted: int
    planted_busy: int

    @classmethod
    def of(cls, times: int) -> GateExtent:
        """An extent by its number of comparisons of equal code on an idle machine."""
        return cls(times, max(1, times // 4), max(1, times // 20), max(1, times // 40))

    @property
    def comparisons(self) -> int:
        """All of them."""
        return self.equal + self.equal_busy + len(PLANTS) * (self.planted + self.planted_busy)


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What one comparison came to, as a project that insists on times would have it.

    `beyond` are time rows beyond the margin before anything was confirmed, `rows` all time rows; `wrongly` are rows
    that fail and should not, and `found` the metrics by which what was planted was found. `advisory` says that by
    default the times would have been advice only.
    """

    plant: str
    busy: bool
    exit_code: int
    rows: int
    beyond: int
    found: tuple[str, ...]
    wrongly: tuple[str, ...]
    advisory: bool
    seconds: float


def verdict_of(
    plant: Plant, first: Sequence[ComparisonRow], decision: Decision, *, neighbours: bool, seconds: float
) -> GateOutcome:
    """What a decision says of a plant; `first` are the rows before any was confirmed."""
    times = [row for row in first if row.tier == "time"]
    right = [row for row in decision.failing if _is_planted(row, plant)]
    return GateOutcome(
        plant.name,
        neighbours,
        decision.exit_code,
        len(times),
        sum(row.verdict == "regression" for row in times),
        tuple(dict.fromkeys(row.metric for row in right if row.metric in plant.found_by)),
        tuple(f"{row.name} {row.metric}" for row in decision.failing if row not in right),
        False,
        seconds,
    )


def _is_planted(row: ComparisonRow, plant: Plant) -> bool:
    """Is it a row that what was planted may well make worse: any of its variant?"""
    return bool(plant.found_by) and (row.place.case, row.place.variant) == (plant.case, plant.variant)


class GateStudy:
    """The study in the making; what was found until an interrupt stays."""

    def __init__(self, extent: GateExtent, folder: Path, seed: int, neighbours: int) -> None:
        self.extent, self.started = extent, document.now()
        self._folder, self._seed, self._neighbours = folder, seed, neighbours
        self.verdicts: list[GateOutcome] = []
        self.seconds = 0.0

    def run(self) -> None:
        """Build base and every head, then compare: on the machine as it is, then beside busy neighbours."""
        start = time.monotonic()
        base = self._folder / "base"
        shutil.copytree(CASES, base)
        heads = {plant.name: self._head(plant) for plant in (NOTHING, *PLANTS)}
        ready = {}
        with Steps("gate: build", len(heads)) as steps:
            for name, (plant, head) in heads.items():
                ready[name] = self._prepared(plant, base, head)
                steps.step()
        try:
            with Steps("gate", self.extent.comparisons) as steps:
                self._compare(ready, steps, neighbours=False)
                with busy(self._neighbours):
                    time.sleep(0.5)  # until they stream
                    self._compare(ready, steps, neighbours=True)
        finally:
            self.seconds = time.monotonic() - start

    def _head(self, plant: Plant) -> tuple[Plant, Path]:
        folder = self._folder / plant.name.replace(" ", "-").replace("%", "percent")
        plant.apply(folder)
        return plant, folder

    @staticmethod
    def _prepared(plant: Plant, base: Path, head: Path) -> Comparing:
        # As quick as a comparison can be that still decides: one case, six launches.
        extent = asked.ComparisonExtent(QUICK, filter=f"^{plant.case}$", count=not plant.timed_only)
        sides = asked.of_folders(base, head, PROFILE, (), extent)
        comparing = Comparing(sides, prove=not plant.timed_only)
        with _quiet():
            comparing.prepare()
        problems = [*comparing.base.state.problems, *comparing.head.state.problems]
        if problems:
            raise ToolError(f"{plant.name}: {problems[0].message}")
        return comparing

    def _compare(self, ready: dict[str, Comparing], steps: Steps, *, neighbours: bool) -> None:
        extent = self.extent
        equal, planted = (extent.equal_busy, extent.planted_busy) if neighbours else (extent.equal, extent.planted)
        launches = QUICK.launches
        for number in range(equal):
            # Layouts of its own for every comparison, since launches that share one are not independent.
            first = (number + (extent.equal if neighbours else 0)) * launches
            self._one(NOTHING, ready[NOTHING.name], first, neighbours, exact=number % EXACT_EVERY == 0)
            steps.step()
        for plant in PLANTS:
            for number in range(planted):
                first = (number + (extent.planted if neighbours else 0)) * launches
                self._one(plant, ready[plant.name], first, neighbours, exact=not plant.timed_only)
                steps.step()

    def _one(self, plant: Plant, prepared: Comparing, first_layout: int, neighbours: bool, *, exact: bool) -> None:
        start = time.monotonic()
        with _quiet():
            comparing = prepared.again(self._seed + len(self.verdicts), first_layout)
            if exact:
                comparing.examine()
            comparing.time()
            comparing.complete = True
            made = comparing.comparison()
            # A project that insists on times would not listen to what speaks against them.
            insisted = replace(made, advisory=(), gone=())
            policy = Policy(datetime.now(UTC).date())
            decision = decide(gating.confirmed(comparing, insisted, policy), policy)
        found = verdict_of(
            plant, made.rows, decision, neighbours=neighbours, seconds=round(time.monotonic() - start, 3)
        )
        self.verdicts.append(replace(found, advisory=bool(made.advisory)))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress of each comparison, which the study's own takes the place of."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield


def markdown(verdicts: Sequence[GateOutcome]) -> list[str]:
    """Both tables: of equal code, and of what was planted."""
    return [*_of_equal(verdicts), "", *_of_planted(verdicts)]


def _background(one: bool) -> str:
    return "busy neighbours" if one else "as it is"


def _of_equal(verdicts: Sequence[GateOutcome]) -> list[str]:
    rows = []
    for neighbours in (False, True):
        of = [one for one in verdicts if one.plant == NOTHING.name and one.busy == neighbours]
        if not of:
            continue
        red = sum(one.exit_code != 0 for one in of)
        rows.append(
            [
                _background(neighbours),
                str(len(of)),
                str(red),
                f"{percent(rate_interval(red, len(of))[1])}",
                f"{sum(one.beyond for one in of)} of {sum(one.rows for one in of)}",
                str(sum(one.advisory for one in of)),
                f"{sorted(one.seconds for one in of)[len(of) // 2]:.1f} s",
            ]
        )
    head = ("the machine", "comparisons of equal code", "false reds", "rate at most", "rows beyond the margin at first",
            "times advice only", "median duration")  # fmt: skip
    return table(head, rows).markdown().splitlines()


def _of_planted(verdicts: Sequence[GateOutcome]) -> list[str]:
    rows = []
    for plant in PLANTS:
        for neighbours in (False, True):
            of = [one for one in verdicts if one.plant == plant.name and one.busy == neighbours]
            if not of:
                continue
            found = sum(bool(one.found) and one.exit_code != 0 for one in of)
            by = dict.fromkeys(metric.replace("_", " ") for one in of for metric in one.found)
            rows.append(
                [
                    plant.name,
                    _background(neighbours),
                    f"{found} of {len(of)}",
                    f"{percent(rate_interval(found, len(of))[0])}",
                    ", ".join(by) or "-",
                    str(sum(bool(one.wrongly) for one in of)),
                ]
            )
    head = ("planted", "the machine", "found", "rate at least", "by", "also red elsewhere")
    return table(head, rows).markdown().splitlines()


def section(study: GateStudy, on: Machine, suite: Suite) -> str:
    """The tables, below a line that says where, when and how much was compared."""
    done = len(study.verdicts)
    complete = "" if done == study.extent.comparisons else f"; interrupted after {counted(done, 'comparison')}"
    commit = (suite.commit or "of no commit")[:12] + (" and changes" if suite.modified else "")
    virtual = f", {on.virtualization}" if on.virtualization else ""
    lines = [
        f"Measured {study.started[:10]}, {on.cpu}, {on.logical_cpus} CPUs{virtual}, {on.distribution}; "
        f"load {on.load_before:.1f} before, {on.steal_share:.1%} stolen; suite {commit}; "
        f"{study.seconds / 60:.1f} minutes{complete}.",
        "",
        *markdown(study.verdicts),
    ]
    return "\n".join(lines) + "\n"


def insert(document: Path, text: str) -> None:
    """Put the tables between the marks of a document; raises ToolError where it has none."""
    old = document.read_text(encoding="utf-8")
    new, count = re.subn(
        rf"{re.escape(BEGINS)}\n.*?{re.escape(ENDS)}", lambda _: f"{BEGINS}\n{text}{ENDS}", old, flags=re.DOTALL
    )
    if count != 1:
        raise ToolError(f"{document.name} lacks the lines {BEGINS} and {ENDS}: restore it.")
    unfinished = document.with_name(f".{document.name}.{os.getpid()}")
    unfinished.write_text(new, encoding="utf-8")
    unfinished.replace(document)


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.gate_study --times 4         a minute: does it work here?\n"
    "  python -m safecost.lab.studies.gate_study --docs            renews docs/GATE.md, on an idle machine",
)
@click.option("--times", type=click.IntRange(1, 10_000), default=200, show_default=True,
              help="Comparisons of equal code; a quarter as many beside neighbours, fewer of the rest.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31), default=20_261_124, show_default=True, help="Repeats a study.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write every verdict there, as JSON.")
@click.option("--docs", is_flag=True, help="Put the tables into docs/GATE.md.")
def main(times: int, seed: int, out: Path | None, docs: bool) -> None:
    """Tell how often a gate is red for nothing, and whether it finds what was planted.

    An interrupt ends it; what was compared until then is told. It ends with 1 where anything planted was not found.
    """
    try:
        facts, sampler = machine.facts(), machine.Sampler()
        interrupted = False
        with tempfile.TemporaryDirectory(prefix="safecost-gate-") as name:
            study = GateStudy(GateExtent.of(times), Path(name), seed, facts.logical_cpus)
            try:
                study.run()
            except KeyboardInterrupt:
                interrupted = True
            finally:
                for folder in Path(name).iterdir():
                    shutil.rmtree(Folders.of([folder]).build, ignore_errors=True)
        on, suite = machine.after(facts, sampler.stop()), suite_revision.revision()
        text = section(study, on, suite)
        click.echo(text, nl=False)
        if out is not None:
            plain = {"schema": "safecost-gate", "schema_version": SCHEMA_VERSION, "started": study.started}
            plain |= {"complete": not interrupted, "suite": asdict(suite), "machine": asdict(on)}
            plain |= {"seed": seed, "verdicts": [asdict(one) for one in study.verdicts]}
            out.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        if docs and not interrupted:
            insert(DOCUMENT, text)
        if interrupted:
            sys.exit(130)
        lost = [one for one in study.verdicts if one.plant != NOTHING.name and not one.found]
        sys.exit(HARNESS if lost else 0)
    except ToolError as error:
        print(f"gate: {error}", file=sys.stderr)
        sys.exit(HARNESS)


if __name__ == "__main__":
    main()
