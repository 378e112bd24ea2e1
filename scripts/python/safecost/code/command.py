"""`safecost debug`."""

from __future__ import annotations

from pathlib import Path

import click

from safecost.code import debugger
from safecost.core.command import examples
from safecost.core.paths import Folders


@click.command(
    "debug",
    epilog=examples(
        "safecost debug indexing/sum --variant at --profile clang-o2",
        "safecost debug iteration/sort --variant raw --profile gcc-o2 --size 3",
    ),
)
@click.argument("case")
@click.option("--variant", required=True, help="The variant to stop in.")
@click.option("--profile", required=True, help="The build to run.")
@click.option("--size", type=click.IntRange(min=0), help="The input's size (default: the case's first).")
@click.option("--cases", "case_folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path))
@click.option("--print", "print_only", is_flag=True, help="Print the debugger's command instead of running it.")
def debug(
    case: str, variant: str, profile: str, size: int | None, case_folders: tuple[Path, ...], print_only: bool
) -> int:
    """Start a debugger that stops at the first instruction of one kernel."""
    return debugger.start(case, variant, profile, size, Folders.of(case_folders), print_only)
