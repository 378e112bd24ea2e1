"""The part of `safecost compare` that measures: what is timed side by side, and how much of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from safecost.compare.gate import Policy
from safecost.compare.live import asked, gating
from safecost.compare.live.asked import ComparisonExtent
from safecost.compare.live.comparing import Comparing, Sides
from safecost.compare.rows import Comparison
from safecost.core.command import Command, with_options
from safecost.core.errors import UsageError
from safecost.run.schedule import DEFAULT, FULL, QUICK
from safecost.run.state import MARGIN

EXAMPLES = (
    "safecost compare --profiles gcc-o2,gcc-o3                     the same cases, two sets of flags",
    "safecost compare --profile 'old: g++-12 -O2' --profile 'new: g++-14 -O2' --gate",
    "safecost compare --profiles clang19-o2,clang-o2 --profile 'trunk: clang-o2 @ /path/to/clang++'",
    "safecost compare --revisions main . --profiles gcc-o2 --gate  a change of the suite, not yet committed",
    "safecost compare --case-folders old-cases new-cases --quick   cases of your own, before and after",
)


@dataclass(frozen=True, slots=True)
class Live:
    """What was asked for, as the options have it; `cases` are folders for a comparison of profiles."""

    revisions: tuple[str, str] | None
    case_folders: tuple[Path, Path] | None
    profiles: str | None
    profile: tuple[str, ...]
    cases: tuple[Path, ...]
    quick: bool
    full: bool
    no_count: bool
    seed: int | None

    def sides(self, expression: str | None, margin: float | None) -> Sides:
        """Both sides; raises UsageError where they do not exist, or where there is nothing to compare."""
        mode = QUICK if self.quick else FULL if self.full else DEFAULT
        extent = ComparisonExtent(mode, expression, not self.no_count, MARGIN if margin is None else margin)
        if self.revisions is not None:
            return asked.of_revisions(*self.revisions, self.profiles, self.profile, extent)
        if self.case_folders is not None:
            return asked.of_folders(*self.case_folders, self.profiles, self.profile, extent)
        return asked.of_profiles(self.profiles, self.profile, self.cases, extent)


def measuring(command: Command) -> Command:
    """The options of comparisons that measure; `taken` makes a Live of what they were given."""
    folder = click.Path(path_type=Path)
    return with_options(
        command,
        click.option("--revisions", nargs=2, metavar="BASE HEAD",
                     help="Measure two revisions of the suite's cases, with today's harness; '.' is the working tree."),
        click.option("--case-folders", nargs=2, type=folder, metavar="BASE HEAD",
                     help="Measure the cases of two folders."),
        click.option("--profiles", metavar="NAMES",
                     help="Measure the first profile against each other one; or, with revisions or folders, those to"
                          " build with."),
        click.option("--profile", metavar="'NAME: COMPILER FLAGS'", multiple=True,
                     help="An ad-hoc profile; may be repeated."),
        click.option("--cases", metavar="DIR", multiple=True, type=folder,
                     help="With profiles: read cases from DIR instead of bench/; may be repeated."),
        click.option("--quick", is_flag=True, help="Measure with 6 launches at L1 sizes (default: 8 to 12)."),
        click.option("--full", is_flag=True, help="Measure with up to 20 launches at L1 and L2 sizes."),
        click.option("--no-count", is_flag=True, help="Count no instructions and allocations."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the inputs and the order of another."),
    )  # fmt: skip


def taken(options: dict[str, Any], base: Path | None, head: Path | None) -> Live | None:
    """What is to be measured, taken out of the options; None where two files are compared.

    Raises UsageError where it is not clear which of these is meant.
    """
    live = Live(**{one.name: options.pop(one.name) for one in fields(Live)})
    if live.quick and live.full:
        raise UsageError("--quick and --full exclude each other: give one.")
    values = {f"--{one.name.replace('_', '-')}": getattr(live, one.name) for one in fields(Live)}
    given = [option for option, value in values.items() if value is not None and value is not False and value != ()]
    if base is not None:
        if given:
            raise UsageError(f"{given[0]} is of comparisons that measure, and {base} was measured: leave one out.")
        if head is None:
            raise UsageError(f"there is no head to compare {base} with: give two runs.")
        return None
    if not {"--revisions", "--case-folders", "--profiles", "--profile"} & set(given):
        raise UsageError(
            "nothing to compare: give two runs, or what to measure side by side with --profiles, --revisions or"
            " --case-folders."
        )
    if live.revisions and live.case_folders:
        raise UsageError("--revisions and --case-folders exclude each other: give one.")
    if live.cases and (live.revisions or live.case_folders):
        raise UsageError("--cases is of profiles; revisions and folders have cases of their own: leave it out.")
    return live


def measured(
    live: Live, expression: str | None, margin: float | None, policy: Policy, *, gated: bool
) -> tuple[Comparison, KeyboardInterrupt | None]:
    """Measure both sides and return the rows, those that would fail on time confirmed where there is a gate.

    An interrupt that comes while times are measured is returned beside what there is; it is raised where nothing was
    timed yet.
    """
    comparing = Comparing(live.sides(expression, margin), seed=live.seed)
    try:
        comparing.run()
        made = comparing.comparison()
        return (gating.confirmed(comparing, made, policy) if gated else made), None
    except KeyboardInterrupt as interrupt:
        if not any(comparing.timings.launches.values()):
            raise
        print("interrupted: telling what was measured", file=sys.stderr)
        comparing.complete = False
        return comparing.comparison(), interrupt
