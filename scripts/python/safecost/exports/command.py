"""`safecost export`: a run for other tools."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from safecost.core import files
from safecost.core.command import examples
from safecost.core.errors import OK, ToolError, UsageError
from safecost.document import io as document
from safecost.exports import formats, pictures, selected

PICTURES = ("pdf", "png")


@click.command(
    "export",
    epilog=examples(
        "safecost export results/2026-01-31-my-machine --format csv --out costs.csv",
        "safecost export run.json --format google-benchmark --out head.json",
        "safecost export run.json --format github-action-benchmark --filter '@gcc-o2'",
        "safecost export run.json --format pdf --out figures",
    )
    + "\n\n\b\nFormats:\n"
    "  google-benchmark          JSON of Google Benchmark, each launch a repetition; compare.py reads it\n"
    "  github-action-benchmark   ratios and instructions for that action's customSmallerIsBetter\n"
    "  bencher                   Bencher Metric Format JSON\n"
    "  csv                       a row for each pair, with all that is known of it\n"
    "  prices                    a row for each price of safety: off the shelf, ordinary, best known, in k of n cases\n"
    "  latex                     tables with booktabs\n"
    "  pdf, png                  the charts of the report, into the folder --out",
)
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--format", "form", required=True, type=click.Choice([*formats.FORMATS, *PICTURES]), metavar="NAME",
              help="One of those below.")  # fmt: skip
@click.option("--filter", "expression", metavar="REGEX",
              help="Only what matches, as family/case/variant/size:N@profile; not for pictures.")  # fmt: skip
@click.option("--out", metavar="PATH", type=click.Path(path_type=Path), help="Write there (default: stdout).")
def export(run_path: Path, form: str, expression: str | None, out: Path | None) -> int:
    """Write a finished run in the format of another tool; cases that computed something wrong are left out."""
    if form in PICTURES:
        if out is None:
            raise UsageError(f"--format {form} writes several files: give the folder with --out.")
        if expression is not None:
            raise UsageError(f"--format {form} draws the whole run: leave --filter out.")
        print(pictures.write(selected.select(document.read(run_path), None), out, form))
        return OK
    if form == "prices" and expression is not None:
        raise UsageError("--format prices is of the whole run, as a price is: leave --filter out.")
    text = formats.FORMATS[form](selected.select(document.read(run_path), expression))
    if out is None:
        sys.stdout.buffer.write(text.encode())
        return OK
    try:
        files.replace(out, text.encode(), durable=False)
    except OSError as error:
        raise ToolError(f"--out {out} cannot be written: {error.strerror}.") from error
    print(f"wrote {out}")
    return OK
