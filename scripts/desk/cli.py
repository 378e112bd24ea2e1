"""The command line: thin commands over the modules that do the work."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click
from rich.console import Console

from desk import cases as case_files
from desk import catch, catch_table, debugger, doctor, document, measure, new, pace, selfcheck, table
from desk import profiles as profile_files
from desk.errors import HARNESS, OK, WRONG_RESULT, DeskError, UsageError
from desk.places import LOCAL_RESULTS, VERSION, Folders

INTERRUPTED = 130
TERMINATED = 128 + signal.SIGTERM

F = TypeVar("F", bound=Callable[..., Any])


class Terminated(KeyboardInterrupt):
    """Asked to end by a signal other than Ctrl-C: what was measured is written all the same."""


def examples(*lines: str) -> str:
    """An epilog that click does not rewrap."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def choosing(command: F) -> F:
    """The options that choose cases and profiles."""
    for option in (
        click.option("--cases", "case_folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
                     help="Read cases from DIR instead of bench/; may be repeated."),
        click.option("--profile", "ad_hoc", metavar="'NAME: COMPILER FLAGS'", multiple=True,
                     help="Measure an ad-hoc profile; may be repeated."),
        click.option("--profiles", metavar="NAMES",
                     help="Profiles with commas between, or 'default', or 'all'."),
        click.option("--filter", "expression", metavar="REGEX",
                     help="Only what matches family/case/variant/size:N@profile."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "safecost run                          measure the default profiles",
        "safecost run --quick --filter sort    one case, in seconds",
        "safecost list                         the cases and their questions",
        "safecost doctor                       what this machine has and lacks",
    ),
)
@click.version_option(VERSION, prog_name="safecost")
@click.option("--no-setup", is_flag=True, help="Install nothing (read by the launcher).")
def main(no_setup: bool) -> None:
    """What memory safety costs in C++, and what it buys, measured."""
    del no_setup


@main.command(
    epilog=examples(
        "safecost run --quick",
        "safecost run --full --out results/2026-01-31-my-machine",
        "safecost run --profiles gcc-o2,gcc-o2-hardened --filter '^indexing/'",
        "safecost run --profile 'mine: g++-12 -O3 -march=x86-64-v3'",
        "safecost run --cases ~/my-cases --quick",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built, loaded or timed, or nothing was measured;"
    + "\n2 usage; 5 a wrong result; 130 interrupted (what was measured is written)."
    + "\n\n\b\nEnvironment: SAFECOST_VERIFY_SECONDS=10, SAFECOST_LAUNCH_SECONDS=120: how long a kernel may be"
    + "\nsilent while it is verified, and a launch may take, before it counts as hung."
)
@click.option("--quick", is_flag=True, help="L1 sizes, 6 launches: under a minute for the suite's cases.")
@click.option("--full", is_flag=True, help="L1 and L2 sizes, 20 launches.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the inputs and the order of another run.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the run goes (default: results/local/<time>).")  # fmt: skip
@choosing
def run(
    quick: bool,
    full: bool,
    seed: int | None,
    out: Path | None,
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
) -> int:
    """Build, verify, measure, and draw: a table here, a report on disk."""
    if quick and full:
        raise UsageError("--quick and --full exclude each other: give one.")
    mode = measure.QUICK if quick else measure.FULL if full else measure.DEFAULT
    folder = _run_folder(out, mode.name)
    options = measure.Options(
        mode=mode,
        profiles=profile_files.choose(profiles, ad_hoc),
        folders=Folders.of(case_folders),
        filter=expression,
        out=folder,
        **({} if seed is None else {"seed": seed}),
    )
    measurement = measure.Measurement(options)
    _make(folder)
    code: int | None = None
    try:
        measurement.run()
    except KeyboardInterrupt as interrupt:
        code = _code_of(interrupt)
        print("interrupted: writing what was measured", file=sys.stderr)
    with _undisturbed():
        made = measurement.document()
        document.write(made, folder / "run.json")
    page = _draw(made, folder)
    table.render(made, Console())
    if code is None and not made.panels:
        print(f"safecost: nothing was measured: {_why_nothing(made)}", file=sys.stderr)
    print(f"report: {_shown(page)}")
    return exit_code(made) if code is None else code


def _run_folder(out: Path | None, mode: str) -> Path:
    """Where the run goes; raises UsageError where another run lies already."""
    folder = out or LOCAL_RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}-{mode}"
    if folder.is_dir() and any(folder.iterdir()):
        what = "a run" if (folder / "run.json").exists() else "files"
        raise UsageError(f"--out {folder} holds {what} already: results are never overwritten, choose another folder.")
    return folder


def _make(folder: Path) -> None:
    """Make a folder for results; raises UsageError where that cannot be, before anything is spent on them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written to: {error.strerror}.") from error


def _draw(made: document.Document, folder: Path) -> Path:
    from desk import report  # noqa: PLC0415 - what draws charts takes long to load, and most commands draw none

    return report.write(made, folder)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """An impatient second Ctrl-C must not cost the document."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _why_nothing(made: document.Document) -> str:
    if made.problems:
        return "see the problems above."
    if all(profile.status == "absent" for profile in made.profiles):
        return "no chosen profile is present on this machine; see 'safecost doctor'."
    if made.run.filter is not None:
        return f"--filter {made.run.filter!r} finds no contender of the chosen profiles; see 'safecost list'."
    return "no case is written in a chosen profile's language, or its profile is absent."


def _shown(path: Path) -> str:
    """A path relative to here where that is shorter."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("../..") else str(path)


def exit_code(made: document.Document) -> int:
    """5 when a result was wrong, 1 when something could not be built, loaded or timed or nothing could, else 0."""
    if any(problem.strikes for problem in made.problems):
        return WRONG_RESULT
    return HARNESS if made.problems or not made.panels else OK


@main.command("list", epilog=examples("safecost list", "safecost list --filter sort", "safecost list --profiles all"))
@choosing
def list_cases(
    expression: str | None, profiles: str | None, ad_hoc: tuple[str, ...], case_folders: tuple[Path, ...]
) -> int:
    """List the cases with their questions and variants; with --profiles, the profiles."""
    if profiles is not None or ad_hoc:
        for profile in profile_files.choose(profiles, ad_hoc):
            mark = "*" if profile.by_default else " "
            click.echo(f"{mark} {profile.name}: {profile.summary}")
        click.echo("(* in the default set)")
        return OK
    found = case_files.choose(case_files.find(Folders.of(case_folders)), case_files.pattern_of(expression))
    for case in found:
        click.echo(f"{case.name}: {case.question}")
        click.echo(f"    {', '.join(case.variants())}")
    return OK


@main.command("new", epilog=examples("safecost new indexing/ring_buffer", "safecost new mine/first --cases ~/my-cases"))
@click.argument("name", metavar="FAMILY/CASE")
@click.option("--cases", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write into DIR, not bench/.")
def new_case(name: str, folder: Path | None) -> int:
    """Write the skeleton of a case and its Rust twin: a teaching file that builds."""
    from desk.places import BENCH  # noqa: PLC0415 - as late as tests may move it

    for file in new.write(name, folder or BENCH):
        click.echo(f"wrote {_shown(file)}")
    where = f" --cases {_shown(folder)}" if folder else ""
    click.echo(f"next: scripts/safecost run --quick --filter {name}{where}")
    return OK


@main.command("doctor", epilog=examples("safecost doctor"))
def doctor_command() -> int:
    """Tell what was found, what is missing and how to get it, and what makes noise on this machine."""
    findings = doctor.examine()
    doctor.render(findings, Console())
    return doctor.exit_code(findings)


@main.command(
    "report",
    epilog=examples(
        "safecost report results/local/2026-01-31T12-00-00Z-quick", "safecost report run.json --out /tmp/report"
    ),
)
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the report goes (default: beside RUN)."
)
def report_command(run_path: Path, out: Path | None) -> int:
    """Write the report of a run document, from anybody, and show its table."""
    file = run_path / "run.json" if run_path.is_dir() else run_path
    made = document.read(file)
    folder = out or file.parent
    _make(folder)
    page = _draw(made, folder)
    table.render(made, Console())
    print(f"report: {_shown(page)}")
    return OK


@main.command(
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


@main.command(
    "catch",
    epilog=examples(
        "safecost catch                                every case, the default profiles",
        "safecost catch --filter sum --details         one case, with a sentence for each outcome",
        "safecost catch --profiles all --out catch.json",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built or proved; 2 usage; 5 a broken claim: raw code"
    + "\ntrapped in a plain profile, an idiom that does not catch what it claims to, a fault that no raw code commits.",
)
@choosing
@click.option("--details", is_flag=True, help="A sentence for each outcome: by what, owed to whom, and the evidence.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the outcomes to FILE, as JSON.")
def catch_command(
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
    details: bool,
    out: Path | None,
) -> int:
    """Commit every fault in every variant, and tell which are caught, by what, and what became of the others."""
    chosen = profile_files.choose(profiles, ad_hoc)
    proving = catch.Proving(catch.Options(chosen, Folders.of(case_folders), expression))
    code: int | None = None
    try:
        proving.run()
    except KeyboardInterrupt as interrupt:
        code = _code_of(interrupt)
        print("interrupted: showing what was proved", file=sys.stderr)
    proved = proving.proved
    if out is not None:
        catch.write(proved, out)
    catch_table.render(proved, Console(), details)
    return proved.exit_code if code is None else code


@main.command(
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
    with tempfile.TemporaryDirectory(prefix="safecost-") as scratch:
        options = measure.Options(
            mode=measure.QUICK,
            profiles=profile_files.choose(profiles, ad_hoc),
            folders=Folders.of(case_folders),
            filter=expression,
            out=Path(scratch),
        )
        return measure.Measurement(options).solo(Path(scratch), flags)


@main.command(
    "pace",
    epilog=examples(
        "safecost pace                        every figure, in some minutes",
        "safecost pace --only noop,border     two of them, in seconds",
        "safecost pace --out pace.json        writes pace.json, and pace.md with the tables",
    ),
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the figures to FILE, as JSON, and a Markdown table beside it.")  # fmt: skip
@click.option("--only", metavar="NAMES", help=f"Figures with commas between, of {', '.join(pace.PIECES)}.")
def pace_command(out: Path | None, only: str | None) -> int:
    """Measure safecost itself on this machine: build, verification, run, report, and a call through the border."""
    return pace.run(only, out, Console())


@main.command("test", epilog=examples("safecost test", "safecost test --quick"))
@click.option("--quick", is_flag=True, help="Only what needs no build of plugins and no browser.")
def test(quick: bool) -> int:
    """Run all tests: the runner's, the desk's, and the whole command on real plugins."""
    return selfcheck.run(quick)


def entry(arguments: list[str] | None = None) -> int:
    """Run the command line and return the documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not end a run
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        code = main.main(args=arguments, prog_name="safecost", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe is still told in words
    except DeskError as error:
        return _fail(str(error), error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        where = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        return _fail(f"{error.format_message().rstrip('.')}{where}", error.exit_code)
    except (KeyboardInterrupt, click.Abort) as interrupt:
        return _fail("interrupted", _code_of(interrupt))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HARNESS
    except OSError as error:
        name = re.sub(r"[^\w./ -]", "?", str(error.filename or ""))
        return _fail(f"{error.strerror or error}{f': {name}' if name else ''}", HARNESS)
    return code if isinstance(code, int) else OK


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _code_of(interrupt: BaseException) -> int:
    # click makes an Abort of what reaches it.
    return TERMINATED if isinstance(interrupt.__cause__ or interrupt, Terminated) else INTERRUPTED


def _fail(message: str, code: int) -> int:
    print(f"safecost: {message}", file=sys.stderr)
    return code
