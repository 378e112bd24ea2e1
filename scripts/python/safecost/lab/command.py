"""`safecost pace`, `safecost selftest` and `safecost test`."""

from __future__ import annotations

from pathlib import Path

import click

from safecost.core.command import examples, make_folder
from safecost.core.console import output
from safecost.lab import self_check
from safecost.lab.self_benchmark.pieces import PIECES
from safecost.lab.self_benchmark.run import run as measure_pace
from safecost.run.command import run_folder


@click.command(
    "pace",
    epilog=examples(
        "safecost pace                        every figure, in some minutes",
        "safecost pace --only noop,border     two of them, in seconds",
        "safecost pace --out pace.json        writes pace.json, and pace.md with the tables",
    ),
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the figures to FILE, as JSON, and a Markdown table beside it.")  # fmt: skip
@click.option("--only", metavar="NAMES", help=f"Figures with commas between, of {', '.join(PIECES)}.")
def pace(out: Path | None, only: str | None) -> int:
    """Measure safecost itself on this machine: build, verification, run, report, and a call through the border."""
    return measure_pace(only, out, output())


@click.command(
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

    return command.run(quick, times, seed, make_folder(run_folder(out, "selftest")), output())


@click.command("test", epilog=examples("safecost test", "safecost test --quick", "safecost test --isolation"))
@click.option("--quick", is_flag=True, help="Only what needs no build of plugins and no browser.")
@click.option("--isolation", is_flag=True,
              help="Instead: build each variant alone; is it the same code among its neighbours?")  # fmt: skip
def test(quick: bool, isolation: bool) -> int:
    """Run all tests: the runner's, the driver's, and the whole command on real plugins."""
    if isolation:
        from safecost.lab import isolation as alone  # noqa: PLC0415 - nobody else needs it

        return alone.run()
    return self_check.run(quick)
