"""`safecost list` and `safecost new`, and the options of every command that chooses cases and profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from safecost.core import paths
from safecost.core.command import examples, short_path
from safecost.core.errors import OK
from safecost.core.paths import Folders
from safecost.suite import calibrations
from safecost.suite import new_case as skeleton
from safecost.suite import profiles as profile_files
from safecost.suite.cases import choose, find, pattern_of

F = TypeVar("F", bound=Callable[..., Any])


def choosing(command: F) -> F:
    """The options that choose cases and profiles."""
    for option in (
        click.option("--cases", "case_folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
                     help="Read cases from DIR instead of bench/; may be repeated."),
        click.option("--profile", "ad_hoc", metavar="'NAME: COMPILER FLAGS'", multiple=True,
                     help="Measure an ad-hoc profile, or what flags add to one of the suite, 'NAME: PROFILE + FLAGS',"
                     " or one of it by another compiler, 'NAME: PROFILE @ COMPILER'; may be repeated."),
        click.option("--profiles", metavar="NAMES",
                     help="Profiles with commas between; 'default', 'quick' and 'all' name sets."),
        click.option("--filter", "expression", metavar="REGEX",
                     help="Only what matches family/case/variant/size:N@profile."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("list", epilog=examples("safecost list", "safecost list --filter sort", "safecost list --profiles all"))
@choosing
def list_cases(
    expression: str | None, profiles: str | None, ad_hoc: tuple[str, ...], case_folders: tuple[Path, ...]
) -> int:
    """List the cases with their questions and variants; with --profiles, the profiles."""
    if profiles is not None or ad_hoc:
        for profile in profile_files.choose(profiles, ad_hoc):
            mark = f"{'*' if profile.by_default else ' '}{'q' if profile.when_quick else ' '}"
            click.echo(f"{mark} {profile.name}: {profile.summary}")
        click.echo("(* in the default set, q in that of quick runs)")
        return OK
    chosen = choose(find(Folders.of(case_folders)), pattern_of(expression))
    ours = [case for case in chosen if calibrations.is_calibration(case)]
    for case in (*(case for case in chosen if case not in ours), *ours):
        if case in ours[:1]:
            click.echo(f"\n{calibrations.NOTE}\n")
        click.echo(f"{case.name}: {case.question}")
        click.echo(f"    {', '.join(case.variants())}")
    return OK


@click.command(
    "new", epilog=examples("safecost new indexing/ring_buffer", "safecost new mine/first --cases ~/my-cases")
)
@click.argument("name", metavar="FAMILY/CASE")
@click.option("--cases", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write into DIR, not bench/.")
def new_case(name: str, folder: Path | None) -> int:
    """Write the skeleton of a case and its Rust twin: a teaching file that builds."""
    for file in skeleton.write(name, folder or paths.BENCH):
        click.echo(f"wrote {short_path(file)}")
    where = f" --cases {short_path(folder)}" if folder else ""
    click.echo(f"next: scripts/safecost run --quick --filter {name}{where}")
    return OK
