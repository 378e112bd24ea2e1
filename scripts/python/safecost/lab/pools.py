"""What a pool of inputs does to the ratios: a few cases timed with pools of several sizes, and tables of that."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
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
from safecost.document.evidence import DescribedPoint, TimeAnswer
from safecost.document.measured import RoundTimes
from safecost.document.plan import Arm, PanelPlan, PluginAt
from safecost.run import schedule
from safecost.stats.pairs import launch_ratio, summarise
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.toolchain import runner
from safecost.toolchain.build import build_all

PROFILE = "gcc-o2"
LAUNCHES = 9  # the interval leaves out the largest and the smallest

DEFAULT_POOL = 512 << 10  # bytes; what the runner draws when a plan says nothing (src/runner/panel.h)
POOLS = (0, 1 << 14, 1 << 16, 1 << 18, 1 << 19, 1 << 21)  # bytes; 0 stands for a single input
MARGIN = 0.02
CASES = (
    "indexing/gather",
    "indexing/sum",  # straight, as gather: nothing for a predictor to learn, so it shows what a pool costs in cache
    "indexing/header_parse",
    "integers/checked_sum",
    "iteration/filter_map_sum",
    "iteration/sort",
    "strings/tokenize",
)

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
class PoolRow:
    """A contender at every size of pool; `change` is its ratio at 4P over that at P, the default.

    Raw's row has no agreement: its ratios are 1, and what tells is its times. Where they grow with the pool, the
    data no longer fit the cache that they are said to live in.
    """

    case: str
    size: int
    variant: str
    points: tuple[PoolPoint, ...]
    change: float
    agreement: Agreement | None


def study_all(scratch: Path) -> tuple[PoolRow, ...]:
    """The rows of every case of the study that is here, at every size; raises ToolError where none is."""
    known = {case.name: case for case in case_files.find(Folders.of(()))}
    rows = tuple(row for name in CASES if name in known for row in study(known[name], scratch, POOLS))
    if not rows:
        raise ToolError(f"none of {', '.join(CASES)} is here.")
    return rows


def differing(rows: Sequence[PoolRow]) -> tuple[int, str]:
    """How many contenders have another ratio at 4P than at P, by more than the margin; and the others, in words."""
    count = Counter(row.agreement for row in rows if row.agreement)
    worst = max(rows, key=lambda row: abs(np.log(row.change)))
    said = f"of {count.total()} contenders {count['agree']} agree within {MARGIN:.0%}"
    said += f", {count['inconclusive']} are inconclusive"
    return count["differ"], f"{said}; worst {worst.case}/{worst.variant} {worst.change - 1:+.1%}"


def study(case: CaseFiles, scratch: Path, sizes: Sequence[int]) -> list[PoolRow]:
    """Time one panel at its first size with each size of pool, interleaved launch by launch in random order."""
    plugin = built_plugin(Folders.of(()), case)
    (described,) = runner.describe(case.name, {PROFILE: plugin})
    variants = [one.name for one in described.present]
    plan = plan_of(case, plugin, scratch, described.parameters[0], variants)
    shuffle = random.Random(case.name)
    results: dict[int, list[RoundTimes]] = {size: [] for size in sizes}
    for launch in range(LAUNCHES):
        for size in shuffle.sample(sizes, len(sizes)):
            pool = {"pool_bytes": size, "fewest_inputs": 2} if size else {"pool_bytes": 1, "fewest_inputs": 1}
            results[size].append(timed_launch(replace(plan, **pool, order_seed=launch * 1_000_003 + size)))
    return pool_rows(case.name, plan.size, variants, results)


def pool_rows(
    case: str, size: int, variants: Sequence[str], results: Mapping[int, Sequence[RoundTimes]]
) -> list[PoolRow]:
    """The rows of a panel from what its launches wrote, by size of pool; the first variant is raw."""
    rows = []
    for index, variant in enumerate(variants):
        ratios = {
            pool: [launch_ratio(one.nanoseconds[index], one.nanoseconds[0]) for one in launches]
            for pool, launches in results.items()
        }
        points = []
        for pool, launches in results.items():
            said = summarise(ratios[pool], MARGIN)
            time_of_call = float(np.median([np.median(one.nanoseconds[index]) for one in launches]))
            low, high = (said.low or said.ratio), (said.high or said.ratio)
            points.append(PoolPoint(pool, launches[0].inputs, time_of_call, said.ratio, low, high))
        changes = [b / a for a, b in zip(ratios[DEFAULT_POOL], ratios[4 * DEFAULT_POOL], strict=True)]
        change = summarise(changes, MARGIN)
        words: dict[str, Agreement] = {"equivalent": "agree", "inconclusive": "inconclusive"}
        word = words.get(change.verdict, "differ") if index > 0 else None
        rows.append(PoolRow(case, size, variant, tuple(points), change.ratio, word))
    return rows


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
    """The rows as the lines of a table of Markdown, below a sentence that says how to read it."""
    lines = [f"Time over raw by size of pool; the last column: 4P over P, {_pool_name(DEFAULT_POOL)}.", ""]
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
    made.add_column("P and 4P", no_wrap=True)
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
