"""Is a gate red where nothing has become worse, and is it red where something has?

    cd scripts/python && python -m safecost.lab.studies.gate_study --help

Compares small planted cases with themselves, many times, and with heads in which a regression was planted, through the
whole decision: exact rows, times with base and head in one process, confirmation by fresh launches, limits, exit code.
Half of it is done beside busy neighbours. It writes the tables of docs/GATE.md.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
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
from safecost.lab.selftest.neighbours import busy
from safecost.lab.studies.common import Conducted, conduct, one_sentence, publish, timing
from safecost.lab.studies.gate_plants import CASES, NOTHING, PLANTS, Plant
from safecost.lab.studies.tables import table
from safecost.run.schedule import QUICK
from safecost.stats.binomial import rate_interval

PROFILE = "gcc-o3"  # vectorises what it can, so that there is something to lose
DOCUMENT = ROOT / "docs" / "GATE.md"
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

    def __init__(self, extent: GateExtent, seed: int, neighbours: int) -> None:
        self.extent, self.started = extent, document.now()
        self._seed, self._neighbours = seed, neighbours
        self.verdicts: list[GateOutcome] = []
        self.seconds = 0.0

    def run(self, scratch: Path) -> None:
        """Build base and every head, then compare: on the machine as it is, then beside busy neighbours."""
        start = time.monotonic()
        base = scratch / "base"
        shutil.copytree(CASES, base)
        heads = {plant.name: self._head(plant, scratch) for plant in (NOTHING, *PLANTS)}
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
            for folder in scratch.iterdir():
                shutil.rmtree(Folders.of([folder]).build, ignore_errors=True)

    @staticmethod
    def _head(plant: Plant, scratch: Path) -> tuple[Plant, Path]:
        folder = scratch / plant.name.replace(" ", "-").replace("%", "percent")
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
        for number in range(equal):
            self._one(NOTHING, ready[NOTHING.name], neighbours, exact=number % EXACT_EVERY == 0)
            steps.step()
        for plant in PLANTS:
            for _ in range(planted):
                self._one(plant, ready[plant.name], neighbours, exact=not plant.timed_only)
                steps.step()

    def _one(self, plant: Plant, prepared: Comparing, neighbours: bool, *, exact: bool) -> None:
        start = time.monotonic()
        with _quiet():
            comparing = prepared.again(self._seed + len(self.verdicts))
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


def section(study: GateStudy, done: Conducted) -> str:
    """The tables, below a line that says where, when and how much was compared."""
    compared = len(study.verdicts)
    complete = "" if compared == study.extent.comparisons else f"; interrupted after {counted(compared, 'comparison')}"
    lines = [f"{done.words}; {study.seconds / 60:.1f} minutes{complete}.", "", *markdown(study.verdicts)]
    return "\n".join(lines) + "\n"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.gate_study --times 4         a minute: does it work here?\n"
    "  python -m safecost.lab.studies.gate_study --docs            renews docs/GATE.md, on an idle machine",
)
@click.option("--times", type=click.IntRange(1, 10_000), default=200, show_default=True,
              help="Comparisons of equal code; a quarter as many beside neighbours, fewer of the rest.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31), default=20_261_124, show_default=True, help="Repeats a study.")
@timing("docs/GATE.md")
def main(times: int, seed: int, out: Path | None, docs: bool) -> None:
    """Tell how often a gate is red for nothing, and whether it finds what was planted.

    An interrupt ends it; what was compared until then is reported. It ends with 1 where anything planted was not found.
    """
    with one_sentence("gate"):
        study = GateStudy(GateExtent.of(times), seed, os.cpu_count() or 1)
        done = conduct("gate", study.started, study.run)
        results = {"seed": seed, "verdicts": [asdict(verdict) for verdict in study.verdicts]}
        publish(done, section(study, done), results, out, DOCUMENT if docs else None)
    lost = [verdict for verdict in study.verdicts if verdict.plant != NOTHING.name and not verdict.found]
    sys.exit(HARNESS if lost else 0)


if __name__ == "__main__":
    main()
