"""`safecost findings`, and how a finished run is shown; `safecost report`, for several runs too, is cross_run's."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from safecost.core.command import examples, short_path
from safecost.core.console import no_commands, output
from safecost.core.errors import OK
from safecost.core.paths import ROOT
from safecost.document.io import read
from safecost.document.types import Document
from safecost.report import page, table
from safecost.report.findings import page as findings_page
from safecost.report.findings import with_figures


def show(run: Document, folder: Path) -> Path:
    """Write the report of a run into the folder, print its table, and return the page."""
    written = page.write(run, folder)
    with no_commands(sys.stdout):
        table.render(run, output())
    return written


@click.command(
    "findings",
    epilog=examples(
        "safecost findings results/2026-01-31-my-machine --write results/FINDINGS.md",
        "safecost findings results/2026-01-31-my-machine --readme README.md     prices alone",
    ),
)
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--texts", metavar="FILE", type=click.Path(path_type=Path), default=ROOT / "results" / "findings.toml",
              help="What is said of the figures (default: results/findings.toml).")  # fmt: skip
@click.option(
    "--write", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write here, not to the terminal."
)
@click.option("--readme", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the prices and a sample row into this file, between the marks for them.")  # fmt: skip
def findings(run_path: Path, texts: Path, out: Path | None, readme: Path | None) -> int:
    """Say in words what a run found, each figure from the run; refuse a text that the run does not support."""
    if out is not None:
        out.write_text(findings_page(run_path, texts, out), encoding="utf-8", newline="\n")
        print(f"findings: {short_path(out)}")
    elif readme is None:
        print(findings_page(run_path, texts, out), end="")
    if readme is not None:
        text = with_figures(readme.read_text(encoding="utf-8"), read(run_path))
        readme.write_text(text, encoding="utf-8", newline="\n")
        print(f"price of safety: {short_path(readme)}")
    return OK
