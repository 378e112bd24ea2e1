"""`safecost run` and `safecost solo`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import click

from safecost.core import locks
from safecost.core.command import code_of, examples, local_folder, make_folder, service, short_path, undisturbed
from safecost.core.errors import HARNESS, OK, WRONG_RESULT, UsageError
from safecost.core.paths import Folders
from safecost.document.io import find_run
from safecost.document.types import Document
from safecost.run import schedule, session
from safecost.run.solo import solo as solo_run
from safecost.run.state import RunOptions
from safecost.run.state import begun as begun_state
from safecost.suite import profiles as profile_files
from safecost.suite.command import choosing


@click.command(
    "run",
    epilog=examples(
        "safecost run --quick",
        "safecost run --full --out results/2026-01-31-my-machine",
        "safecost run --profiles gcc-o2,gcc-o2-hardened --filter '^indexing/'",
        "safecost run --profile 'mine: g++-12 -O3 -march=x86-64-v3'",
        "safecost run --profile 'zeroinit: gcc-o2 + -ftrivial-auto-var-init=zero'",
        "safecost run --cases ~/my-cases --quick",
        "safecost run --publish                          an hour or more, for results to show",
        "safecost run --resume latest                    finish what was interrupted, killed or cut off",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built, loaded, counted or timed, or nothing was measured;"
    + "\n2 usage, or a run that cannot be resumed as things are; 5 a wrong result, or a broken claim of what is"
    + "\ncaught or rejected;"
    + "\n129, 130, 143 ended by a hang-up, Ctrl-C or SIGTERM (what was measured is written)."
    + "\n\n\b\nEnvironment: SAFECOST_VERIFY_SECONDS=10, SAFECOST_LAUNCH_SECONDS=120: how long a kernel may be"
    + "\nsilent while it is verified, and a launch may take, before it counts as hung.",
)
@click.option("--quick", is_flag=True, help="L1 sizes, 6 launches: minutes for the suite's cases.")
@click.option("--full", is_flag=True, help="L1 and L2 sizes, up to 20 launches, false discoveries controlled.")
@click.option("--publish", is_flag=True, help="All sizes, up to 30 launches, false discoveries controlled.")
@click.option(
    "--resume",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="Finish the run in the folder RUN; 'latest' is the newest that lacks a launch or its report.",
)
@click.option("--count/--no-count", "counting", default=None,
              help="Count instructions and allocations, half a minute (default: unless --quick).")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the inputs and the order of another run.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the run goes (default: results/local/<time>).")  # fmt: skip
@choosing
@click.pass_context
def run(
    context: click.Context,
    quick: bool,
    full: bool,
    publish: bool,
    resume: Path | None,
    counting: bool | None,
    seed: int | None,
    out: Path | None,
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
) -> int:
    """Build, verify, measure, and draw: a table here, a report on disk."""
    chosen = [name for name, given in (("quick", quick), ("full", full), ("publish", publish)) if given]
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other: give one.")
    own = session.Own(case_folders, ad_hoc, expression)
    if resume is not None:
        given = {**{f"--{name}": True for name in chosen}, "--seed": seed, "--out": out, "--profiles": profiles}
        given["--count"] = counting
        for option, value in given.items():
            if value is not None:
                raise UsageError(f"--resume and {option} exclude each other: the run keeps what it was begun with.")
        folder = session.folder_of(resume)
        if (done := session.undrawn(folder)) is not None:
            print(f"report: {short_path(service(context, 'show')(done, folder))}")
            return exit_code(done)
        begun = session.take_up(folder, own)
    else:
        mode = schedule.MODES[chosen[0] if chosen else "default"]
        folder = run_folder(out, mode.name)
        counts = mode.name != "quick" if counting is None else counting
        begun = session.begin(mode, profiles, own, seed, folder, lambda: make_folder(folder), count=counts)
    with contextlib.closing(begun.journal):
        return _measured(begun, service(context, "show"))


def _measured(begun: session.Session, show: Callable[[Document, Path], Path]) -> int:
    """Measure to the end, or to an interrupt; write and draw what there is, and return the exit code."""
    measurement, folder = begun.measurement, begun.measurement.state.options.out
    code: int | None = None
    try:
        measurement.run()
    except KeyboardInterrupt as interrupt:
        code = code_of(interrupt)
        print("interrupted: writing what was measured", file=sys.stderr)
    with undisturbed():
        document = measurement.write()
    page = show(document, folder)
    if code is None and not document.panels:
        print(f"safecost: nothing was measured: {_why_nothing(document)}", file=sys.stderr)
    print(f"report: {short_path(page)}")
    if code is not None:
        print(f"to finish it: {begun.resuming_command(short_path(folder))}", file=sys.stderr)
    return exit_code(document) if code is None else code


def run_folder(out: Path | None, mode: str) -> Path:
    """Where the run goes; raises UsageError where another run lies already."""
    folder = out or local_folder(mode)
    if folder.is_dir() and any(folder.iterdir()):
        what = "a run" if find_run(folder) else "files"
        raise UsageError(f"--out {folder} holds {what} already: results are never overwritten, choose another folder.")
    return folder


def _why_nothing(document: Document) -> str:
    if document.problems:
        return "see the problems above."
    if all(profile.status == "absent" for profile in document.profiles):
        return "no chosen profile is present on this machine; see 'scripts/safecost doctor'."
    if document.run.filter is not None:
        return (
            f"--filter {document.run.filter!r} finds no contender of the chosen profiles; see 'scripts/safecost list'."
        )
    return "no case is written in a chosen profile's language, or its profile is absent."


def exit_code(document: Document) -> int:
    """5 when a result was wrong or a promise broken, 1 when something could not be built, proved or timed, else 0."""
    if any(problem.disqualifies or problem.kind == "snippet" for problem in document.problems):
        return WRONG_RESULT
    # What was measured again was mended at once, and marks are no trouble.
    lasting = [problem for problem in document.problems if problem.kind != "resume" and not problem.is_mark]
    return HARNESS if lasting or not document.panels else OK


@click.command(
    "solo",
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "safecost solo --filter indexing/sum --profiles gcc-o2 -- --benchmark_repetitions=9",
        "safecost solo --filter sort -- --benchmark_format=json --benchmark_min_time=0.1",
    ),
)
@choosing
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def solo(
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
    flags: tuple[str, ...],
) -> int:
    """Let Google Benchmark time each contender by itself, with all of its own flags behind '--'."""
    with locks.scratch() as scratch:
        options = RunOptions(
            mode=schedule.QUICK,
            profiles=profile_files.choose(profiles, ad_hoc),
            folders=Folders.of(case_folders),
            filter=expression,
            out=scratch,
        )
        return solo_run(begun_state(options), scratch, flags)
