"""`safecost report`: one run, several runs side by side, or a self-test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console

from safecost.core.command import examples, local_folder, make_folder, service, short_path
from safecost.core.compressed import SUFFIX
from safecost.core.console import no_commands, output
from safecost.core.errors import OK, UsageError
from safecost.core.paths import LOCAL_RESULTS
from safecost.cross_run import agreement, page
from safecost.cross_run.inputs import read_runs
from safecost.document import io as document
from safecost.report import command as single_run
from safecost.report import record as records


class SelfTests(Protocol):
    """What the lab, a room above, does with documents of its own."""

    def find(self, path: Path) -> Path | None:
        """The document of a self-test at `path`, if there is one."""

    def report(self, file: Path, folder: Path, console: Console) -> Path:
        """Write its pages into the folder, print its targets, and return the page."""

    def publish(self, file: Path, folder: Path) -> Path:
        """Write what is published of it into the folder."""


@click.command(
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
@click.pass_context
def report(context: click.Context, run_paths: tuple[Path, ...], out: Path | None, record: Path | None) -> int:
    """Write the report of a run or of a self-test, from anybody, or of several runs, side by side.

    RUN is a folder with a run.json or a run.json.xz, or that file. The same document gives the same bytes. Of several
    runs, of other machines or toolchains, it the report says where they agree and where not, the worst first.
    """
    if out is not None and record is not None:
        raise UsageError("--out and --record exclude each other: give one.")
    self_tests: SelfTests = service(context, "self_tests")
    if record is not None:
        print(f"record: {short_path(_publish(run_paths, record, self_tests))}")
        return OK
    if len(run_paths) > 1:
        written = _report_several(run_paths, out)
    elif (file := self_tests.find(run_paths[0])) is not None:
        written = self_tests.report(file, make_folder(out or _folder_of_report(file)), output())
    else:
        file = document.run_file(run_paths[0])
        run = document.read(file)
        written = single_run.show(run, make_folder(out or _folder_of_report(file)))
    print(f"report: {short_path(written)}")
    return OK


def _folder_of_report(file: Path) -> Path:
    """Beside the document; of one that is published elsewhere, for git would see the pages as changes."""
    return LOCAL_RESULTS / file.resolve().parent.name if file.suffix == SUFFIX else file.parent


def _publish(run_paths: tuple[Path, ...], folder: Path, self_tests: SelfTests) -> Path:
    make_folder(folder)
    if len(run_paths) > 1:
        runs, notes = read_runs(run_paths)
        return page.write_record(agreement.cross_run(runs), notes, records.command(*run_paths), folder)
    if (file := self_tests.find(run_paths[0])) is not None:
        return self_tests.publish(file, folder)
    return records.write(run_paths[0], folder)


def _report_several(run_paths: tuple[Path, ...], out: Path | None) -> Path:
    runs, notes = read_runs(run_paths)
    compared = agreement.cross_run(runs)
    written = page.write(compared, notes, make_folder(out or local_folder("several")))
    with no_commands(sys.stdout):
        for line in page.terminal_lines(compared, notes):
            print(line)
    return written
