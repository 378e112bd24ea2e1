"""`safecost explain`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from safecost.core.command import examples
from safecost.core.console import output
from safecost.core.errors import HARNESS, OK, UsageError
from safecost.document import find
from safecost.explain.terminal import tell
from safecost.run.command import run


@click.command(
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
@click.pass_context
def explain(
    context: click.Context,
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
        code = run.main(args=words, prog_name="scripts/safecost run", standalone_mode=False, obj=context.obj)
        if code not in {OK, HARNESS}:
            return int(code)
    document = find.read(run_path, case)
    names = [name for name in (variants or "").split(",") if name]
    tell(document, case, profile, names, output(), source=not no_source, only_differences=only_differences)
    return OK
