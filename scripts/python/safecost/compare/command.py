"""`safecost compare`: what has changed from base to head, in every form that somebody reads, and a gate on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from safecost.compare import inputs as comparison_inputs
from safecost.compare.gate import Decision, Policy, TimePolicy, decide
from safecost.compare.limits import read_known_bad, read_limits
from safecost.compare.live import command as live_command
from safecost.compare.outputs import github as compare_github
from safecost.compare.outputs import json_file as compare_json
from safecost.compare.outputs import junit as compare_junit
from safecost.compare.outputs import markdown as compare_markdown
from safecost.compare.outputs import table as compare_table
from safecost.compare.rows import Comparison
from safecost.core import files
from safecost.core.command import Command, examples, with_options
from safecost.core.console import in_actions, no_commands, output
from safecost.core.errors import OK, ToolError, UsageError
from safecost.core.text import file_name, shown
from safecost.suite.cases import pattern_of

STANDARD_OUTPUT = Path("-")
TODAY = "SAFECOST_TODAY"
"""A variable that sets the day by which known-bad rows expire, YYYY-MM-DD, for whoever tries the gate."""

EXIT_CODES = (
    "\n\n\b\nExit codes: without --gate 0 whatever was found. With it: 0 nothing that counts is worse;"
    "\n1 something that base has is missing in head, or an output could not be written; 2 usage;"
    "\n3 a regression; 4 refused, too noisy (only with --time gate); 5 a wrong result or a broken claim in head."
    "\nThe first of 5, 3, 1, 4 that applies."
)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a comparison goes beside the table; `-` is standard output, None is nowhere."""

    markdown: Path | None = None
    json: Path | None = None
    junit: Path | None = None
    annotations: bool | None = None


def reporting(command: Command) -> Command:
    """The options of outputs and gate; `given` makes a Policy and Outputs of what they were given."""
    path = click.Path(path_type=Path, allow_dash=True)
    return with_options(
        command,
        click.option("--gate", "gated", is_flag=True, help="End with the gate's exit code."),
        click.option("--time", "time", type=click.Choice(["auto", "gate", "advisory"]), default="auto",
                     help="auto: times count where nothing speaks against it; gate: refuse where something does;"
                          " advisory: they never count."),
        click.option("--limits", metavar="FILE", type=click.Path(path_type=Path),
                     help="Limits by name and metric, TOML or JSON."),
        click.option("--known-bad", metavar="FILE", type=click.Path(path_type=Path),
                     help="Rows that are excused until a day, with reasons, TOML or JSON."),
        click.option("--allow-missing", is_flag=True, help="What base has and head lacks does not fail the gate."),
        click.option("--markdown", metavar="FILE", type=path, help="Write Markdown; '-' is standard output."),
        click.option("--json", metavar="FILE", type=path, help="Write JSON, every row of it."),
        click.option("--junit", metavar="FILE", type=path, help="Write JUnit XML, a test case for each row."),
        click.option("--annotations/--no-annotations", default=None,
                     help="Print GitHub's annotations (default: in its Actions)."),
    )  # fmt: skip


@click.command(
    "compare",
    epilog=examples(
        "safecost compare results/local/base results/local/head",
        "safecost compare base/run.json head/run.json --gate --limits limits.toml --known-bad known-bad.toml",
        "safecost compare base head --gate --junit compare.xml --json compare.json --markdown compare.md",
        "safecost compare base head --filter '^indexing/' --markdown -",
        "safecost compare before.json after.json          two files of Google Benchmark, as advice",
        *live_command.EXAMPLES,
    )
    + EXIT_CODES,
)
@click.argument("base", required=False, type=click.Path(path_type=Path))
@click.argument("head", required=False, type=click.Path(path_type=Path))
@live_command.measuring
@click.option("--filter", "expression", metavar="REGEX", help="Only rows whose name matches.")
@click.option(
    "--margin",
    type=click.FloatRange(0.0, 0.5, min_open=True),
    metavar="SHARE",
    help="The relative difference of times that counts (default: the runs', or 0.01; 0.05 if unpaired).",
)
@reporting
def compare(base: Path | None, head: Path | None, expression: str | None, margin: float | None, **options: Any) -> int:
    """Compare base with head: what is wrong, caught no more, counted higher, or slower in HEAD than in BASE.

    BASE and HEAD are folders of runs, their documents, or files of Google Benchmark. Times are compared as ratios that
    each run measured by itself, which is weaker than timing both in one process: that is what --profiles, --revisions
    and --case-folders do, where regressions in time are confirmed by fresh launches before a gate goes red.
    """
    live = live_command.taken(options, base, head)
    policy, outputs, gated = given(**options)
    if live is not None:
        found, interrupt = live_command.measured(live, expression, margin, policy, gated=gated)
        code = conclude(found, policy, outputs, gated=gated)
        if interrupt is not None:
            raise interrupt
        return code
    assert base is not None and head is not None
    found = comparison_inputs.compare(base, head, pattern_of(expression), margin)
    return conclude(found, policy, outputs, gated=gated)


def given(
    gated: bool, time: TimePolicy, limits: Path | None, known_bad: Path | None, allow_missing: bool, **written: Any
) -> tuple[Policy, Outputs, bool]:
    """What the options of `reporting` say; raises UsageError before anything is read or measured."""
    outputs = Outputs(**written)
    if [outputs.markdown, outputs.json, outputs.junit].count(STANDARD_OUTPUT) > 1:
        raise UsageError("only one of --markdown, --json and --junit can go to standard output: name files.")
    policy = Policy(
        today=_today(),
        limits=read_limits(limits) if limits is not None else (),
        known_bad=read_known_bad(known_bad) if known_bad is not None else (),
        time=time,
        allow_missing=allow_missing,
    )
    return policy, outputs, gated


def conclude(comparison: Comparison, policy: Policy, outputs: Outputs, *, gated: bool) -> int:
    """Show and write a comparison, and return the exit code.

    Every output is tried before an error of one is reported.
    """
    decision = decide(comparison, policy)
    texts: list[tuple[Path | None, Callable[[], bytes]]] = [
        (outputs.markdown, lambda: compare_markdown.markdown(decision).encode()),
        (outputs.json, lambda: compare_json.encode(decision).encode()),
        (outputs.junit, lambda: compare_junit.junit(decision, datetime.now(UTC))),
    ]
    piped = any(file == STANDARD_OUTPUT for file, _ in texts)
    stream = sys.stderr if piped else sys.stdout
    with no_commands(stream):
        compare_table.render(decision, output(stream))
    failed = [error for file, text in texts if file is not None and (error := _put(file, text())) is not None]
    _tell_github(decision, outputs, stream)
    if not gated and decision.exit_code != OK:
        print("without --gate the exit code is 0 all the same", file=sys.stderr)
    for error in failed[1:]:
        print(f"safecost: {error}", file=sys.stderr)
    code = decision.exit_code if gated else OK
    if failed and code == OK:
        raise ToolError(failed[0])
    if failed:
        print(f"safecost: {failed[0]}", file=sys.stderr)
    return code


def _put(file: Path, data: bytes) -> str | None:
    """Write one output; returns what went wrong."""
    if file == STANDARD_OUTPUT:
        sys.stdout.write(data.decode())
        return None
    try:
        files.replace(file, data, durable=False)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = getattr(error, "strerror", None) or str(error)
        return f"{file_name(file)} cannot be written: {cause}."
    return None


def _tell_github(decision: Decision, outputs: Outputs, stream: TextIO) -> None:
    """Annotations where they are wanted or the runner reads them, and the step's summary where there is one."""
    wanted = in_actions() if outputs.annotations is None else outputs.annotations
    for line in compare_github.commands(decision) if wanted else ():
        print(line, file=stream)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    trouble = compare_github.append_summary(decision, Path(summary)) if summary else None
    if trouble is not None:
        print(f"warning: {trouble}", file=sys.stderr)


def _today() -> date:
    told = os.environ.get(TODAY)
    if not told:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(told)
    except ValueError as error:
        raise UsageError(f"{TODAY} is {shown(told)}, and must be a day: YYYY-MM-DD.") from error
