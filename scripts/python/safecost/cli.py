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

from safecost.catch import proving as catch
from safecost.catch import table as catch_table
from safecost.code import debugger
from safecost.compare import command as compare_command
from safecost.core.compressed import SUFFIX
from safecost.core.errors import HARNESS, OK, WRONG_RESULT, ToolError, UsageError
from safecost.core.help import examples
from safecost.core.paths import LOCAL_RESULTS, ROOT, VERSION, Folders
from safecost.cross_run import agreement as cross_run
from safecost.cross_run import inputs as cross_run_inputs
from safecost.document import find as latest
from safecost.document import io as document
from safecost.document import types as doc
from safecost.explain import terminal as explain_terminal
from safecost.exports import command as export_command
from safecost.history import command as history_command
from safecost.lab import self_benchmark, self_check
from safecost.machine import doctor
from safecost.reject import command as rejected_command
from safecost.report import table
from safecost.run import schedule, session
from safecost.run.solo import solo as solo_run
from safecost.run.state import RunOptions
from safecost.run.state import begun as begun_state
from safecost.suite import calibrations, claims
from safecost.suite import cases as case_files
from safecost.suite import new_case as new
from safecost.suite import profiles as profile_files

INTERRUPTED = 130
TERMINATED = 128 + signal.SIGTERM

F = TypeVar("F", bound=Callable[..., Any])


class Terminated(KeyboardInterrupt):
    """Asked to end by a signal other than Ctrl-C: what was measured is written all the same."""


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
        "safecost compare BASE HEAD            what has changed between two runs",
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
        "safecost run --publish                          an hour or more, for results to show",
        "safecost run --resume latest                    finish what was interrupted, killed or cut off",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built, loaded, counted or timed, or nothing was measured;"
    + "\n2 usage, or a run that cannot be resumed as things are; 5 a wrong result, or a broken claim of what is"
    + "\ncaught or rejected;"
    + "\n130 interrupted (what was measured is written)."
    + "\n\n\b\nEnvironment: SAFECOST_VERIFY_SECONDS=10, SAFECOST_LAUNCH_SECONDS=120: how long a kernel may be"
    + "\nsilent while it is verified, and a launch may take, before it counts as hung."
)
@click.option("--quick", is_flag=True, help="L1 sizes, 6 launches: under a minute for the suite's cases.")
@click.option("--full", is_flag=True, help="L1 and L2 sizes, up to 20 launches, false discoveries controlled.")
@click.option("--publish", is_flag=True, help="All sizes, up to 30 launches, false discoveries controlled.")
@click.option(
    "--resume",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="Finish the run in the folder RUN; 'latest' is the newest unfinished one.",
)
@click.option("--count/--no-count", "counting", default=None,
              help="Count instructions and allocations, half a minute (default: unless --quick).")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the inputs and the order of another run.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the run goes (default: results/local/<time>).")  # fmt: skip
@choosing
def run(
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
        begun = session.take_up(resume, own)
    else:
        mode = schedule.MODES[chosen[0] if chosen else "default"]
        folder = _run_folder(out, mode.name)
        counts = mode.name != "quick" if counting is None else counting
        begun = session.begin(mode, profiles, own, seed, folder, lambda: _make(folder), count=counts)
    with begun:
        return _measured(begun)


def _measured(begun: session.Session) -> int:
    """Measure to the end, or to an interrupt; write and draw what there is, and return the exit code."""
    measurement, folder = begun.measurement, begun.measurement.state.options.out
    code: int | None = None
    try:
        measurement.run()
    except KeyboardInterrupt as interrupt:
        code = _code_of(interrupt)
        print("interrupted: writing what was measured", file=sys.stderr)
    with _undisturbed():
        made = measurement.write()
    page = _draw(made, folder)
    table.render(made, Console())
    if code is None and not made.panels:
        print(f"safecost: nothing was measured: {_why_nothing(made)}", file=sys.stderr)
    print(f"report: {_shown(page)}")
    if code is not None:
        print(f"to finish it: {begun.resuming_command(_shown(folder))}", file=sys.stderr)
    return exit_code(made) if code is None else code


def _run_folder(out: Path | None, mode: str) -> Path:
    """Where the run goes; raises UsageError where another run lies already."""
    folder = out or LOCAL_RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}-{mode}"
    if folder.is_dir() and any(folder.iterdir()):
        what = "a run" if document.find_run(folder) else "files"
        raise UsageError(f"--out {folder} holds {what} already: results are never overwritten, choose another folder.")
    return folder


def _make(folder: Path) -> None:
    """Make a folder for results; raises UsageError where that cannot be, before anything is spent on them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written to: {error.strerror}.") from error


def _draw(made: doc.Document, folder: Path) -> Path:
    from safecost.report import page as report  # noqa: PLC0415 - what draws charts takes long to load, and most commands draw none

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


def _why_nothing(made: doc.Document) -> str:
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


def exit_code(made: doc.Document) -> int:
    """5 when a result was wrong or a promise broken, 1 when something could not be built, proved or timed, else 0."""
    if any(problem.disqualifies or problem.kind == "snippet" for problem in made.problems):
        return WRONG_RESULT
    lasting = [problem for problem in made.problems if problem.kind != "resume"]  # that was mended at once
    return HARNESS if lasting or not made.panels else OK


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
    ours = [case for case in found if calibrations.is_calibration(case)]
    for case in (*(case for case in found if case not in ours), *ours):
        if case in ours[:1]:
            click.echo(f"\n{calibrations.NOTE}\n")
        click.echo(f"{case.name}: {case.question}")
        click.echo(f"    {', '.join(case.variants())}")
    return OK


@main.command("new", epilog=examples("safecost new indexing/ring_buffer", "safecost new mine/first --cases ~/my-cases"))
@click.argument("name", metavar="FAMILY/CASE")
@click.option("--cases", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write into DIR, not bench/.")
def new_case(name: str, folder: Path | None) -> int:
    """Write the skeleton of a case and its Rust twin: a teaching file that builds."""
    from safecost.core.paths import BENCH  # noqa: PLC0415 - as late as tests may move it

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
        "safecost report results/local/2026-01-31T12-00-00Z-quick",
        "safecost report run.json --out /tmp/report",
        "safecost report old-gcc new-gcc another-machine        where several runs agree, and where not",
        "safecost report results/local/tonight --record results/2026-01-31-my-machine        what to publish of it",
        "safecost report results/2026-01-31-my-machine          all pages of a published run, into results/local",
    ),
)
@click.argument("run_paths", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the report goes (default: beside run.json; of a published run, whose document is run.json.xz,"
    " results/local/<its name>; of several runs results/local/<time>-several).",
)
@click.option(
    "--record",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Instead: write into DIR what is published of RUN: its document compressed, report.md and one chart.",
)
def report_command(run_paths: tuple[Path, ...], out: Path | None, record: Path | None) -> int:
    """Write the report of a run or of a self-test, from anybody, or of several runs, side by side.

    RUN is a folder with a run.json or a run.json.xz, or that file. The same document gives the same bytes. Of several
    runs, of other machines or toolchains, it is told where they agree and where not, the worst first.
    """
    if out is not None and record is not None:
        raise UsageError("--out and --record exclude each other: give one.")
    if record is not None:
        return _publish(run_paths, record)
    if len(run_paths) > 1:
        return _report_cross_run(run_paths, out)
    from safecost.lab.selftest import command as self_test  # noqa: PLC0415 - as in _draw

    if (file := self_test.find(run_paths[0])) is not None:
        folder = out or _folder_of_report(file)
        _make(folder)
        page = self_test.report(file, folder, Console())
    else:
        file = document.run_file(run_paths[0])
        made = document.read(file)
        folder = out or _folder_of_report(file)
        _make(folder)
        page = _draw(made, folder)
        table.render(made, Console())
    print(f"report: {_shown(page)}")
    return OK


def _folder_of_report(file: Path) -> Path:
    """Beside the document; of one that is published elsewhere, for git would see the pages as changes."""
    return LOCAL_RESULTS / file.resolve().parent.name if file.suffix == SUFFIX else file.parent


def _publish(run_paths: tuple[Path, ...], folder: Path) -> int:
    from safecost.cross_run import page as cross_run_page  # noqa: PLC0415 - as in _draw
    from safecost.lab.selftest import command as self_test  # noqa: PLC0415
    from safecost.report import record  # noqa: PLC0415

    _make(folder)
    if len(run_paths) > 1:
        runs, notes = cross_run_inputs.read_runs(run_paths)
        page = cross_run_page.write_record(cross_run.cross_run(runs), notes, record.command(*run_paths), folder)
    elif (file := self_test.find(run_paths[0])) is not None:
        page = self_test.publish(file, folder)
    else:
        page = record.write(run_paths[0], folder)
    print(f"record: {_shown(page)}")
    return OK


def _report_cross_run(run_paths: tuple[Path, ...], out: Path | None) -> int:
    from safecost.cross_run import page as cross_run_page  # noqa: PLC0415 - as in _draw

    runs, notes = cross_run_inputs.read_runs(run_paths)
    found = cross_run.cross_run(runs)
    folder = out or LOCAL_RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}-several"
    _make(folder)
    page = cross_run_page.write(found, notes, folder)
    for line in cross_run_page.terminal_lines(found, notes):
        print(line)
    print(f"report: {_shown(page)}")
    return OK


@main.command(
    "findings",
    epilog=examples("safecost findings results/2026-01-31-my-machine --write results/FINDINGS.md"),
)
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--texts", metavar="FILE", type=click.Path(path_type=Path), default=ROOT / "results" / "findings.toml",
              help="What is said of the figures (default: results/findings.toml).")  # fmt: skip
@click.option(
    "--write", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write here, not to the terminal."
)
@click.option("--readme", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the price of safety into this file, between the marks for it.")  # fmt: skip
def findings_command(run_path: Path, texts: Path, out: Path | None, readme: Path | None) -> int:
    """Say in words what a run found, each figure from the run; refuse a text that the run does not bear out."""
    from safecost.report import findings  # noqa: PLC0415 - as above

    page = findings.page(run_path, texts, out)
    if out is None:
        print(page, end="")
    else:
        out.write_text(page, encoding="utf-8", newline="\n")
        print(f"findings: {_shown(out)}")
    if readme is not None:
        made = document.read(run_path)
        text = findings.with_headline(readme.read_text(encoding="utf-8"), made)
        readme.write_text(text, encoding="utf-8", newline="\n")
        print(f"price of safety: {_shown(readme)}")
    return OK


@main.command(
    "explain",
    epilog=examples(
        "safecost explain indexing/sum                          the slowest idiom against raw, and the rest in words",
        "safecost explain indexing/sum --variants at --profile gcc-o2-assertions",
        "safecost explain iteration/sort --variants raw,span_sort --no-source --only-differences",
        "safecost explain indexing/sum --measure                builds and measures it first, in seconds",
        "safecost explain indexing/sum --run results/2026-01-31-my-machine",
    )
    + "\n\n\b\nMarks: c a branch to code that only reports an error; f that code; h what only an exception reaches;"
    + "\nv arithmetic on vectors; j jump; x call that is no part of a check.",
)
@click.argument("case")
@click.option("--variants", metavar="NAMES",
              help="One to compare with raw; or several with commas between, the first being what the others are held"
                   " against (default: all, and the slowest with its code).")  # fmt: skip
@click.option("--profile", help="The build to look at (default: the first in which the run has the case).")
@click.option("--run", "run_path", metavar="RUN", type=click.Path(path_type=Path),
              help="A finished run (default: the newest in results/local that holds the case).")  # fmt: skip
@click.option("--measure", "measure_first", is_flag=True, help="Build and measure it first, as run --quick does.")
@click.option("--cases", "case_folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
              help="With --measure: read cases from DIR instead of bench/; may be repeated.")  # fmt: skip
@click.option("--no-source", is_flag=True, help="Leave the sources out.")
@click.option("--only-differences", is_flag=True, help="Leave long equal stretches of machine code out.")
def explain_command(
    case: str,
    variants: str | None,
    profile: str | None,
    run_path: Path | None,
    measure_first: bool,
    case_folders: tuple[Path, ...],
    no_source: bool,
    only_differences: bool,
) -> int:
    """Tell why an idiom is slower or not: times, counts, source and machine code, side by side."""
    if measure_first and run_path is not None:
        raise UsageError("--measure and --run exclude each other: give one.")
    if measure_first:
        words = ["--quick", "--filter", f"^{re.escape(case)}(/|$)"]
        words += ["--profiles", profile] if profile else []
        words += [word for folder in case_folders for word in ("--cases", str(folder))]
        code = run.main(args=words, prog_name="safecost run", standalone_mode=False)
        if code not in {OK, HARNESS}:
            return int(code)
    made = latest.read(run_path, case)
    names = [name for name in (variants or "").split(",") if name]
    explain_terminal.tell(
        made, case, profile, names, Console(), source=not no_source, only_differences=only_differences
    )
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
        "safecost catch --sanitize                     sanitizers and Memcheck confirm each fault of raw code",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built or proved; 2 usage; 5 a broken claim: raw code"
    + "\ntrapped in a plain profile, an idiom that does not catch what it claims to, a fault that no raw code commits,"
    + "\nand with --sanitize a variant that is not clean on valid input. A tool that is missing is told, no more.",
)
@choosing
@click.option("--details", is_flag=True, help="A sentence for each outcome: by what, owed to whom, and the evidence.")
@click.option("--unclaimed", is_flag=True, help="Also list what safe variants catch without claiming to.")
@click.option(
    "--sanitize", is_flag=True, help="Ask sanitizers and Memcheck, too: is each fault real, valid input clean?"
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the outcomes to FILE, as JSON.")
def catch_command(
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
    details: bool,
    unclaimed: bool,
    sanitize: bool,
    out: Path | None,
) -> int:
    """Commit every fault in every variant, and tell which are caught, by what, and what became of the others."""
    chosen = profile_files.choose(profiles, ad_hoc)
    proving = catch.Proving(catch.ProvingOptions(chosen, Folders.of(case_folders), expression, sanitize=sanitize))
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
    for one in claims.unclaimed(proved.outcomes, proving.facts) if unclaimed else ():
        print(f"unclaimed: {catch_table.line_of(one)}")
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
        options = RunOptions(
            mode=schedule.QUICK,
            profiles=profile_files.choose(profiles, ad_hoc),
            folders=Folders.of(case_folders),
            filter=expression,
            out=Path(scratch),
        )
        return solo_run(begun_state(options), Path(scratch), flags)


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
@click.option("--only", metavar="NAMES", help=f"Figures with commas between, of {', '.join(self_benchmark.PIECES)}.")
def pace_command(out: Path | None, only: str | None) -> int:
    """Measure safecost itself on this machine: build, verification, run, report, and a call through the border."""
    return self_benchmark.run(only, out, Console())


@main.command(
    "rejected",
    epilog=examples(
        "safecost rejected                                 every snippet, every compiler",
        "safecost rejected --filter lifetimes/ --compilers clang,rustc",
        "safecost rejected --snippets ~/my-snippets        those of a folder of yours",
        "safecost rejected --write docs/REJECTED.md        the page of the documentation",
    )
    + "\n\n\b\nExit codes: 0 every snippet is what it says (a missing compiler is skipped, one that has become"
    + "\nbetter is told); 2 usage; 5 a snippet's claim does not hold.",
)
@click.option("--filter", "expression", metavar="REGEX", help="Only snippets that match, as topic/file.")
@click.option("--compilers", metavar="NAMES", help="Of gcc, clang, rustc, with commas between (default: all).")
@click.option(
    "--snippets",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Read snippets from DIR instead of bench/compile-time.",
)
@click.option("--write", "page", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the page with the table to FILE, unless a claim is broken.")  # fmt: skip
def rejected_command_line(expression: str | None, compilers: str | None, folder: Path | None, page: Path | None) -> int:
    """Show which misuse of memory compilers reject: C++ beside Rust, each snippet compiled with and without it."""
    return rejected_command.run(expression, compilers, folder, page, Console())


main.add_command(compare_command.compare)


@main.command(
    "selftest",
    epilog=examples(
        "safecost selftest --quick                    two minutes",
        "safecost selftest                            a quarter of an hour: what numbers are worth here",
        "safecost selftest --times 10                 enough A/A pairs to bound false verdicts at 0.1 %",
        "safecost selftest --out results/2026-01-31-my-machine-selftest",
    ),
)
@click.option("--quick", is_flag=True, help="Two minutes: it shows what is broken, and bounds little.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the inputs and the order of another one.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Where it goes (default: results/local/<time>-selftest).")  # fmt: skip
@click.option("--times", type=click.IntRange(1, 1000), default=1, help="So many times the A/A pairs and the trials.")
def selftest(quick: bool, times: int, seed: int | None, out: Path | None) -> int:
    """Measure how far this machine's numbers can be trusted: the same code twice, planted effects, busy neighbours."""
    from safecost.lab.selftest import command  # noqa: PLC0415 - what draws charts takes long to load

    folder = _run_folder(out, "selftest")
    _make(folder)
    return command.run(quick, times, seed, folder, Console())


@main.command("test", epilog=examples("safecost test", "safecost test --quick", "safecost test --isolation"))
@click.option("--quick", is_flag=True, help="Only what needs no build of plugins and no browser.")
@click.option("--isolation", is_flag=True,
              help="Instead: build each variant alone; is it the same code among its neighbours?")  # fmt: skip
def test(quick: bool, isolation: bool) -> int:
    """Run all tests: the runner's, the driver's, and the whole command on real plugins."""
    if isolation:
        from safecost.lab import isolation as alone  # noqa: PLC0415 - nobody else needs it

        return alone.run()
    return self_check.run(quick)


main.add_command(history_command.history)
main.add_command(export_command.export)


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
    except ToolError as error:
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
