"""Does a pair read the same alone, and by Google Benchmark, as in the panel of a run?

    cd scripts/python && python -m safecost.lab.studies.company_study --help

Draws pairs of a finished run by seed, times each alone in a panel of two and by Google Benchmark, launch by launch with
the layouts of a run, and compares both with what the run says of the pair in its panel.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import click

from safecost.core.errors import UsageError
from safecost.core.paths import ROOT
from safecost.core.progress import Steps
from safecost.core.text import number, percent
from safecost.document import io as document
from safecost.document.points import Place, contender_name
from safecost.document.types import Document
from safecost.lab.selftest.bench import RealBench
from safecost.lab.selftest.experiments import Reading
from safecost.lab.selftest.study import google_time
from safecost.lab.studies.common import Conducted, conduct, one_sentence, publish, timing
from safecost.run.panels import PlannedPanel
from safecost.run.schedule import MODES
from safecost.run.state import MARGIN
from safecost.stats.pairs import PairSummary, summarise
from safecost.suite import profiles as profile_files

PAGE = ROOT / "docs" / "MEASURING.md"
DRAWN = ("idiom", "full", "language", "profile")
SECONDS, REPETITIONS = 0.03, 5
WayVerdict = Literal["agrees", "differs", "not decided"]


@dataclass(frozen=True, slots=True)
class CompanyPair:
    """A pair of a run with its ratio there; the names of its arms are those that Google Benchmark shows."""

    case: str
    panel: str
    place: Place
    names: tuple[str, str]
    ratio: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """What is over what."""
        variant, _, rest = self.names[1].removeprefix(f"{self.case}/").partition("/")
        return f"{self.names[0]} over {variant}@{rest.rpartition('@')[2]}"


@dataclass(slots=True)
class Company:
    """A pair with its ratios alone and by Google Benchmark, launch by launch."""

    pair: CompanyPair
    alone: list[float] = field(default_factory=list)
    google: list[float] = field(default_factory=list)


class CompanyBench(Protocol):
    """What times a panel of two."""

    @property
    def panels(self) -> Sequence[PlannedPanel]:
        """The pairs, each a panel with the numerator first."""

    def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
        """Time one launch; raises ToolError where that fails."""

    def interleaved(self, panel: PlannedPanel, launch: int, seconds: float, repetitions: int) -> str:
        """Google Benchmark's JSON of both contenders; raises ToolError where that fails."""


def drawn(run: Document, count: int, seed: int) -> list[CompanyPair]:
    """So many pairs of a run, each case once before any twice, the same for a seed; raises UsageError where none is."""
    pairs = sorted(set(_pairs(run)), key=lambda pair: (pair.panel, pair.name))
    random.Random(seed).shuffle(pairs)
    earlier: Counter[str] = Counter()
    turns = []
    for pair in pairs:
        turns.append(earlier[pair.case])
        earlier[pair.case] += 1
    found = [pairs[at] for at in sorted(range(len(pairs)), key=turns.__getitem__)][:count]
    if not found:
        raise UsageError("The run has no pair with an interval, of a profile that is known here: choose another run.")
    return found


def _pairs(run: Document) -> Iterator[CompanyPair]:
    known, disqualified = profile_files.shipped(), {case.name for case in run.cases if case.status == "disqualified"}
    for panel in run.panels:
        for pair in panel.pairs:
            arms = [panel.contenders[at] for at in (pair.numerator, pair.denominator)]
            if pair.kind not in DRAWN or panel.case in disqualified or not all(arm.profile in known for arm in arms):
                continue
            if pair.low is None or pair.high is None:
                continue
            top, bottom = (contender_name(panel.case, arm.variant, panel.place, arm.profile) for arm in arms)
            yield CompanyPair(panel.case, panel.profile, panel.place, (top, bottom), pair.ratio, pair.low, pair.high)


def alone(pair: CompanyPair, panels: Sequence[PlannedPanel]) -> PlannedPanel | None:
    """The panel of a pair with its two arms and nobody else; None where it cannot be timed here."""
    for panel in panels:
        if (panel.case, panel.profile, panel.parameter.place) == (pair.case, pair.panel, pair.place):
            arms = dict(zip(panel.names, panel.contenders, strict=True))
            if all(name in arms for name in pair.names):
                return replace(panel, contenders=tuple(arms[name] for name in pair.names))
    return None


def measure(bench: CompanyBench, found: Sequence[Company], launches: int, seed: int) -> None:
    """Time every pair both ways, launch by launch in random order; what was timed until an interrupt stays."""
    dice = random.Random(seed)
    with Steps("company", launches * len(found)) as steps:
        for launch in range(launches):
            for one in dice.sample(found, len(found)):
                panel = alone(one.pair, bench.panels)
                if panel is None:
                    continue
                ratio = bench.read(panel, launch, SECONDS).ratio((0, 1))
                text = bench.interleaved(panel, launch, SECONDS / REPETITIONS, REPETITIONS)
                top, bottom = (google_time(text, name) for name in one.pair.names)
                if ratio is not None:
                    one.alone.append(ratio)
                    one.google.append(top / bottom)
                steps.step()


def agreement(pair: CompanyPair, other: PairSummary | None, margin: float = MARGIN) -> WayVerdict:
    """Whether another way reads a pair as its panel did: the interval of what one is over the other, and the margin.

    That interval is missed only where one of both is.
    """
    if other is None or other.low is None or other.high is None:
        return "not decided"
    low, high, edge = other.low / pair.high, other.high / pair.low, 1.0 + margin
    if low >= 1.0 / edge and high <= edge:
        return "agrees"
    return "differs" if low > edge or high < 1.0 / edge else "not decided"


def markdown(found: Sequence[Company]) -> list[str]:
    """What agrees and what does not, those that differ by name, and a row for each pair."""
    said = [(one, [_judged(one.pair, ratios) for ratios in (one.alone, one.google)]) for one in found]
    lines = []
    for at, what in enumerate(("alone", "by Google Benchmark")):
        tally = Counter(ways[at][1] for _, ways in said)
        lines.append(
            f"- {what}: {tally['agrees']} of {len(said)} pairs agree with their panel within {percent(MARGIN)},"
            f" {tally['differs']} differ, {tally['not decided']} are not decided."
        )
        lines += [f"    - differs: {one.pair.name}" for one, ways in said if ways[at][1] == "differs"]
    lines += ["", "| pair | in its panel | alone | | Google Benchmark | |", "|---|---:|---:|---|---:|---|"]
    for one, ways in said:
        cells = " | ".join(f"{_text(way)} | {verdict}" for way, verdict in ways)
        lines.append(f"| {one.pair.name} | {_text(one.pair)} | {cells} |")
    return lines


def _judged(pair: CompanyPair, ratios: Sequence[float]) -> tuple[PairSummary | None, WayVerdict]:
    way = summarise(ratios, MARGIN) if ratios else None
    return way, agreement(pair, way)


def _text(way: CompanyPair | PairSummary | None) -> str:
    if way is None:
        return "–"
    interval = "" if way.low is None or way.high is None else f" ({number(way.low)} – {number(way.high)})"
    return number(way.ratio) + interval


class CompanyStudy:
    """The study in the making; what was timed until an interrupt stays."""

    def __init__(self, run: Document, pairs: int, seed: int, launches: int) -> None:
        self.run, self.seed, self.launches, self.started = run, seed, launches, document.now()
        self.found = [Company(pair) for pair in drawn(run, pairs, seed)]

    def time(self, scratch: Path) -> None:
        """Build what was drawn, verify it, and time it."""
        pairs = [one.pair for one in self.found]
        mode = MODES[self.run.run.mode]
        cases = "|".join(sorted({re.escape(pair.case) for pair in pairs}))
        bench = RealBench(
            self.seed,
            scratch,
            sorted({name.rpartition("@")[2] for pair in pairs for name in pair.names}),
            self.launches,
            mode.placements,
            tier=mode.tier,
            expression=f"^({cases})$",
            choose=lambda panels: [small for pair in pairs if (small := alone(pair, panels)) is not None],
        )
        measure(bench, self.found, self.launches, self.seed)

    def section(self, done: Conducted) -> str:
        """The table, below a line that says where, when and how much was timed."""
        launches = max((len(one.alone) for one in self.found), default=0)
        lines = [
            f"{done.words}{'; interrupted' if done.interrupted else ''}.",
            f"{len(self.found)} pairs drawn with seed {self.seed} of the {self.run.run.mode} run of"
            f" {self.run.run.started[:10]}; up to {launches} launches, {SECONDS * 1e3:g} ms an arm, of Google Benchmark"
            f" {REPETITIONS} repetitions of a {REPETITIONS}th of that.",
            "",
            *markdown(self.found),
        ]
        return "\n".join(lines) + "\n"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.company_study results/local/tonight --out company.json\n"
    "  python -m safecost.lab.studies.company_study results/local/tonight --pairs 6 --launches 6\n"
    "  python -m safecost.lab.studies.company_study results/local/tonight --docs      # renews docs/MEASURING.md",
)
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--pairs", default=24, show_default=True, type=click.IntRange(1, 1000), help="How many are drawn.")
@click.option("--launches", default=12, show_default=True, type=click.IntRange(6, 100), help="Of each pair, each way.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Draws the pairs and the layouts.")
@timing("docs/MEASURING.md")
def main(run: Path, pairs: int, launches: int, seed: int, out: Path | None, docs: bool) -> None:
    """Tell whether pairs of a finished RUN read the same alone, and by Google Benchmark.

    An interrupt ends the timing; what was timed until then is written.
    """
    with one_sentence("company"):
        study = CompanyStudy(document.read(run), pairs, seed, launches)
        done = conduct("company", study.started, study.time)
        results = {"seed": seed, "margin": MARGIN, "pairs": [asdict(one) for one in study.found]}
        publish(done, study.section(done), results, out, PAGE if docs else None)


if __name__ == "__main__":
    main()
