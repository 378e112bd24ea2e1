"""`safecost toolchain`: compilers of other Debians, each with a root of its own, in which safecost runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from safecost.core.command import Command, examples, short_path, with_options
from safecost.core.errors import OK
from safecost.core.paths import LOCAL_RESULTS, make_build_folder
from safecost.toolchain import roots


def _in_folder(command: Command) -> Command:
    return with_options(
        command,
        click.option("--folder", metavar="DIR", type=click.Path(path_type=Path), default=roots.FOLDER,
                     help="Where the roots are (default: roots in the build folder)."),
    )  # fmt: skip


@click.group(
    "toolchain",
    epilog=examples(
        "safecost toolchain add sid                                   1.5 GB and minutes; only root can",
        "safecost toolchain run sid -- run --quick --filter ^indexing/",
        "safecost toolchain run sid -- run --profiles gcc-o2,clang-o2 --profile 'gcc14: gcc-o2 @ g++-14'",
        "safecost toolchain list",
        "safecost toolchain remove sid",
    ),
)
def toolchain() -> None:
    """Run safecost with the compilers of another Debian: in a root, made by debootstrap, that this machine enters."""


@toolchain.command(
    "add",
    epilog=examples(
        "safecost toolchain add sid",
        "safecost toolchain add sid --also g++-12,g++-14,clang-19,lld-19,libclang-rt-19-dev",
        "safecost toolchain add trixie --suite 13 --folder /srv/roots",
    ),
)
@click.argument("name")
@click.option("--suite", help="The suite of Debian that is in it (default: NAME).")
@click.option("--mirror", metavar="URL", default="", help="Where packages come from (default: as this machine's apt).")
@click.option("--also", metavar="PACKAGES", default="", help="More packages of that Debian, with commas between.")
@_in_folder
def add(name: str, suite: str | None, mirror: str, also: str, folder: Path) -> int:
    """Make a root NAME with the newest GCC, Clang and Rust of a Debian; needs root, and a network once."""
    root = roots.add(name, suite or name, folder, mirror, [package for package in also.split(",") if package])
    click.echo(f"{root.name}: {', '.join(root.compilers)}")
    click.echo(f"next: scripts/safecost toolchain run {root.name} -- run --quick")
    return OK


@toolchain.command("list", epilog=examples("safecost toolchain list"))
@_in_folder
def list_roots(folder: Path) -> int:
    """List the roots with their compilers."""
    for root in roots.roots(folder):
        click.echo(f"{root.name}: {', '.join(root.compilers)}; {short_path(root.folder)}")
    return OK


@toolchain.command("remove", epilog=examples("safecost toolchain remove sid"))
@click.argument("name")
@_in_folder
def remove(name: str, folder: Path) -> int:
    """Remove the root NAME with all that was built in it; results stay."""
    roots.remove(roots.root_named(name, folder))
    return OK


@toolchain.command(
    "run",
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "safecost toolchain run sid -- run --quick --filter ^indexing/sum/",
        "safecost toolchain run sid -- compare --profile 'old: gcc-o2 @ g++-15' --profiles old,gcc-o2 --quick",
        "safecost toolchain run sid -- doctor",
    ),
)
@click.argument("name")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED)
@_in_folder
def run(name: str, words: tuple[str, ...], folder: Path) -> int:
    """Run safecost in the root NAME, with the words behind '--'; results come to results/local, as always.

    The first time it sets up what it needs in there. It ends with safecost's own exit code.
    """
    command = roots.command_inside(roots.root_named(name, folder), words)
    roots.refuse_others()
    make_build_folder(LOCAL_RESULTS)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execvp(command[0], command)  # so that a signal is safecost's in there, which writes what was measured
