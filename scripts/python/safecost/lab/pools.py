"""What a pool of inputs does to the ratios: a few cases timed with pools of several sizes, and tables of that."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec.structs import replace
from rich import box
from rich.table import Table
from rich.text import Text

from safecost.core.errors import ToolError
from safecost.core.paths import Folders
from safecost.core.progress import Steps
from safecost.document.evidence import DescribedPoint, TimeAnswer
from safecost.document.measured import RoundTimes
from safecost.document.plan import STRAIGHT_POOL_BYTES, Arm, PanelPlan, PluginAt
from safecost.run import schedule
from safecost.run.state import MARGIN
from safecost.stats.pairs import Verdict, launch_ratio, summarise
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.toolchain import runner
from safecost.toolchain.build import build_all

PROFILE = "gcc-o2"
LAUNCHES = 9  # the interval leaves out the largest and the smallest
SECONDS = 0.03  # of a contender in a launch: more than in a run, since both arms of a change scatter

DEFAULT_POOL = 512 << 10  # bytes; what the runner draws when a plan says nothing (src/runner/panel.h)
POOLS = (0, 1 << 14, 1 << 16, 1 << 18, 1 << 19, 1 << 21)  # bytes; 0 stands for a single input
# Straight: of these no branch depends on data, so a small pool teaches nothing and a larger one only lies elsewhere.
STRAIGHT = (
    "calibration/straight",
    "callbacks/callback",
    "indexing/fibonacci",
    "indexing/gather",
    "indexing/header_parse",
    "indexing/sequential_write",
    "indexing/sum",
    "indexing/two_arrays",
    "integers/checked_sum",
)
OTHERS = ("iteration/filter_map_sum", "iteration/sort", "strings/tokenize")

Agreement = Literal["agree", "differ", "inconclusive"]


@dataclass(frozen=True, slots=True)
class PoolPoint:
    """A contender at one size of pool: nanoseconds a call, and its ratio over raw with the interval."""

    pool_bytes: int  # 0: a single input
    inputs: int
    nanoseconds: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PoolClaim:
    """What is claimed of ratios: those with pools of these sizes are that with the first, within a margin."""

    first: int
    larger: tuple[int, ...]
    margin: float

    @property
    def words(self) -> str:
        """The sizes, such as `16, 64 and 512 KiB`."""
        *names, last = map(_pool_name, (self.first, *self.larger))
        return f"{', '.join(names)} and {last}".replace(" KiB, ", ", ").replace(" KiB and", " and")


STRAIGHT_CLAIM = PoolClaim(STRAIGHT_POOL_BYTES, (1 << 16, DEFAULT_POOL), MARGIN)
OTHER_CLAIM = PoolClaim(DEFAULT_POOL, (4 * DEFAULT_POOL,), 0.02)


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A contender at every size of pool; `change` is the largest, of its ratio with a pool over that with the first.

    Of a straight case pools of 16, 64 and 512 KiB are compared; of others P, the default, and 4P, for information.

    Raw's row has no agreement: its ratios are 1, and what tells is its times. Where they grow with the pool, the
    data no longer fit the cache that they are said to live in.
    """

    case: str
    size: int
    variant: str
    points: tuple[PoolPoint, ...]
    change: float
    agreement: Agreement | None
    straight: bool = False

    @property
    def claim(self) -> PoolClaim:
        """What is claimed of the ratios of its case."""
        return STRAIGHT_CLAIM if self.straight else OTHER_CLAIM


def study_all(scratch: Path, names: Sequence[str]) -> tuple[PoolRow, ...]:
    """The rows of every one of these cases that is here, at every size; raises ToolError where none is."""
    known = {case.name: case for case in case_files.find(Folders.of(()))}
    here = [known[name] for name in names if name in known]
    if not here:
        raise ToolError(f"none of {', '.join(names)} is here.")
    build_all(Folders.of(()), here, profile_files.choose(PROFILE, ()))  # all at once, before any is timed
    with Steps("pools", len(here)) as steps:
        rows = []
        for case in here:
            rows += study(case, scratch, POOLS)
            steps.step()
    return tuple(rows)


def differing(rows: Sequence[PoolRow]) -> tuple[int, str]:
    """How many contenders have another ratio with a larger pool, by more than the margin; and the others, in words."""
    claim = rows[0].claim
    count = Counter(row.agreement for row in rows if row.agreement)
    worst = max(rows, key=lambda row: abs(np.log(row.change)))
    said = f"of {count.total()} contenders {count['agree']} agree within {claim.margin:.0%} at {claim.words}"
    said += f", {count['inconclusive']} are inconclusive"
    if different := [f"{row.case}/{row.variant}" for row in rows if row.agreement == "differ"]:
        said += f"; differ: {', '.join(different)}"
    return count["differ"], f"{said}; worst {worst.case}/{worst.variant} {worst.change - 1:+.1%}"


def study(case: CaseFiles, scratch: Path, sizes: Sequence[int]) -> list[PoolRow]:
    """Time one panel at its first size with each size of pool, interleaved launch by launch in random order."""
    plugin = built_plugin(Folders.of(()), case)
    (described,) = runner.describe(case.name, {PROFILE: plugin})
    variants = [one.name for one in described.present]
    plan = plan_of(case, plugin, scratch, described.parameters[0], variants)
    plan = replace(plan, placements=schedule.DEFAULT.placements, contender_seconds=SECONDS)
    shuffle = random.Random(case.name)
    results: dict[int, list[RoundTimes]] = {size: [] for size in sizes}
    for launch in range(LAUNCHES):
        for size in shuffle.sample(sizes, len(sizes)):
            pool = {"pool_bytes": size, "fewest_inputs": 2} if size else {"pool_bytes": 1, "fewest_inputs": 1}
            results[size].append(timed_launch(replace(plan, **pool, order_seed=launch * 1_000_003 + size)))
    return pool_rows(case.name, plan.size, variants, results, described.straight)


def pool_rows(
    case: str,
    size: int,
    variants: Sequence[str],
    results: Mapping[int, Sequence[RoundTimes]],
    straight: bool = False,
) -> list[PoolRow]:
    """The rows of a panel from what its launches wrote, by size of pool; the first variant is raw."""
    rows, claim = [], STRAIGHT_CLAIM if straight else OTHER_CLAIM
    counted = {pool: [one.counted for one in launches] for pool, launches in results.items()}  # beside calm beats
    for index, variant in enumerate(variants):
        ratios = {
            pool: [launch_ratio(times[index], times[0]) for times in launches] for pool, launches in counted.items()
        }
        points = []
        for pool, launches in results.items():
            said = summarise(ratios[pool], claim.margin)
            time_of_call = float(np.median([np.median(one.nanoseconds[index]) for one in launches]))
            low, high = (said.low or said.ratio), (said.high or said.ratio)
            points.append(PoolPoint(pool, launches[0].inputs, time_of_call, said.ratio, low, high))
        first = ratios[claim.first]
        changes = [
            summarise([b / a for a, b in zip(first, ratios[pool], strict=True)], claim.margin) for pool in claim.larger
        ]
        largest = max((change.ratio for change in changes), key=lambda ratio: abs(np.log(ratio)))
        word = _agreement({change.verdict for change in changes}) if index > 0 else None
        rows.append(PoolRow(case, size, variant, tuple(points), largest, word, straight))
    return rows


def _agreement(verdicts: Set[Verdict]) -> Agreement:
    """All sizes agree, or one differs, or it is not known."""
    if verdicts & {"slower", "faster"}:
        return "differ"
    return "agree" if verdicts == {"equivalent"} else "inconclusive"


def built_plugin(folders: Folders, case: CaseFiles) -> Path:
    """Build a case with the profile of the study; raises ToolError where that fails."""
    built = build_all(folders, [case], profile_files.choose(PROFILE, ()))
    if PROFILE in built.absent:
        raise ToolError(f"profile {PROFILE} is absent: {built.absent[PROFILE]}")
    if (case.name, PROFILE) not in built.plugins:
        raise ToolError(f"{case.name} does not compile with {PROFILE}: {built.failures.get((case.name, PROFILE), '')}")
    return built.plugins[case.name, PROFILE]


def plan_of(case: CaseFiles, plugin: Path, scratch: Path, at: DescribedPoint, variants: Sequence[str]) -> PanelPlan:
    """A plan of the runner as a run makes it."""
    return PanelPlan(
        case=case.name,
        data=str(case.data),
        scratch=str(scratch),
        size=at.size,
        rate=at.rate,
        threads=at.threads,
        workers=at.workers,
        seed=1,
        epoch_seconds=schedule.DEFAULT.epoch_seconds,
        contender_seconds=schedule.DEFAULT.contender_seconds,
        generator=PluginAt(profile=PROFILE, path=str(plugin)),
        contenders=tuple(Arm(profile=PROFILE, path=str(plugin), variant=variant) for variant in variants),
    )


def timed_launch(plan: PanelPlan) -> RoundTimes:
    """What the runner wrote of one launch; raises ToolError where it could not time."""
    result = runner.call("time", plan, TimeAnswer, 120)
    if isinstance(result, runner.Failure):
        raise ToolError(f"{plan.case} could not be timed: {result.message}")
    return result.safecost


def markdown(rows: Sequence[PoolRow]) -> list[str]:
    """The rows as the lines of tables of Markdown, each below a sentence that says how to read it."""
    lines = []
    for claim in dict.fromkeys(row.claim for row in rows):
        lines += ["", *_markdown([row for row in rows if row.claim == claim], claim)]
    return lines[1:]


def _markdown(rows: Sequence[PoolRow], claim: PoolClaim) -> list[str]:
    kind = "straight cases" if claim == STRAIGHT_CLAIM else "other cases, for information"
    said = f"whether the ratios at {claim.words} agree within {claim.margin:.0%}, and the largest change"
    lines = [f"Time over raw by size of pool, {kind}; the last column: {said}.", ""]
    lines += [f"| contender | {' | '.join(map(_pool_name, POOLS))} | |", f"|---|{'---:|' * len(POOLS)}---|"]
    for row in rows:
        end = f"{row.agreement}, {row.change - 1:+.1%}" if row.agreement else ""
        lines.append(f"| {row.case}/{row.variant} | {' | '.join(_cells(row, 3))} | {end} |")
    return lines


def table(rows: Sequence[PoolRow]) -> Table:
    """The rows as a table for the terminal."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("over raw, by pool", overflow="fold")
    for size in POOLS:
        heading = _pool_name(size).replace(" input", "").replace(" KiB", "K").replace(" MiB", "M")
        made.add_column(heading, justify="right", no_wrap=True)
    made.add_column("by pool", no_wrap=True)
    for row in rows:
        if row.agreement is None:
            made.add_section()
            made.add_row(Text(row.case))
        name = "raw, ns" if row.agreement is None else row.variant
        made.add_row(Text(name), *(cell.removesuffix(" ns") for cell in _cells(row, 2)), row.agreement or "")
    return made


def _cells(row: PoolRow, digits: int) -> list[str]:
    """What a row shows at each size of pool: its ratio, or, of raw code, nanoseconds a call."""
    if row.agreement is None:
        return [f"{point.nanoseconds:,.0f} ns" for point in row.points]
    return [f"{point.ratio:.{digits}f}" for point in row.points]


def _pool_name(size: int) -> str:
    return "one input" if size == 0 else f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"
