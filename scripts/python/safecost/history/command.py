"""`safecost history`: thin commands over its room. What is slow to load is loaded by the command that needs it."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safecost.core.command import Command, examples, with_options
from safecost.core.console import output
from safecost.core.errors import OK, REGRESSION
from safecost.core.paths import LOCAL_RESULTS
from safecost.document.metrics import kept

if TYPE_CHECKING:
    from safecost.history.changes import Search
    from safecost.history.showing import TrackStatus
    from safecost.history.store import Store

DEFAULT = LOCAL_RESULTS / "history.sqlite"
METRICS = ", ".join(kept())


def _where(command: Command) -> Command:
    """The options that say where the history is, which the command is given as `store`."""

    @functools.wraps(command)
    def with_store(database: str | None, wait: float, **others: Any) -> Any:
        from safecost.history.store import Store  # noqa: PLC0415

        return command(store=Store(database if database is not None else str(DEFAULT), wait=wait), **others)

    return with_options(
        with_store,
        click.option("--database", envvar="SAFECOST_DATABASE", metavar="FILE",
                     help="Where the history is: a file of SQLite (default: $SAFECOST_DATABASE, or this project's"
                          " results/local/history.sqlite)."),
        click.option("--wait", type=click.FloatRange(0, 3600), default=30.0, show_default=True, metavar="SECONDS",
                     help="How long to wait while another process writes into the same file."),
    )  # fmt: skip


def _judging(command: Command) -> Command:
    """The options that say what counts as a change of which metric, which the command is given as `search`."""

    @functools.wraps(command)
    def with_search(magnitude: float, segment: int, **others: Any) -> Any:
        from safecost.history.changes import Search  # noqa: PLC0415

        return command(search=Search(magnitude=magnitude, segment=segment), **others)

    return with_options(
        with_search,
        click.option("--metric", default="ratio", show_default=True, metavar="NAME", help=f"One of {METRICS}."),
        click.option("--magnitude", type=click.FloatRange(0.0001, 10), default=0.01, show_default=True,
                     help="How far the median of a ratio must move, 0.01 being 1 %."),
        click.option("--segment", type=click.IntRange(3, 1000), default=5, show_default=True, metavar="POINTS",
                     help="How long a new level must last."),
    )  # fmt: skip


def _searching(command: Command) -> Command:
    """The options that say which series are looked at, for `_found`."""
    searched = with_options(
        _judging(command),
        click.option("--filter", "expression", metavar="REGEX",
                     help="Only series whose name matches, as family/case/variant/size:N@profile over raw@profile."),
        click.option("--aa-pairs", is_flag=True, help="Show A/A pairs and calibrations too, whose ratios are known."),
    )  # fmt: skip
    return _where(searched)


def _found(expression: str | None, metric: str, aa_pairs: bool, search: Search, store: Store) -> list[TrackStatus]:
    from safecost.history import showing  # noqa: PLC0415

    return showing.find(store, metric, expression, aa_pairs=aa_pairs, search=search)


@click.group(
    "history",
    epilog=examples(
        "safecost history add results/local/2026-01-31T12-00-00Z-full",
        "safecost history show                          what changed, and what nobody has accepted",
        "safecost history plot --filter indexing/sum --out trends",
        "safecost history accept 'sum/at.*@gcc-o2' --reason 'bounds check moved out of the loop, on purpose'",
        "safecost history export --out history.jsonl    lines for a data branch of git",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 the database cannot be read or written, or is locked; 2 usage, or a file that is"
    + "\nno history; 3 'show --check' found a change for the worse that nobody has accepted.",
)
def history() -> None:
    """Keep runs, find where their numbers changed, and say which changes are accepted."""


@history.command(
    "add",
    epilog=examples(
        "safecost history add results/local/2026-01-31T12-00-00Z-full",
        "safecost history add results/*/run.json.xz --database nightly.sqlite",
    ),
)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_where
def add(runs: tuple[Path, ...], store: Store) -> int:
    """Add finished runs: their ratios with intervals and verdicts, exact counts, code, and outcomes of faults.

    A run that is there already is passed over. What a command adds of one run is all of it, or nothing.
    """
    from safecost.history import adding  # noqa: PLC0415

    for run in runs:
        print(adding.add(store, run))
    return OK


@history.command(
    "show",
    epilog=examples(
        "safecost history show                             changes and steps between toolchains",
        "safecost history show --filter 'sort.*@gcc-o2'    these series, changed or not",
        "safecost history show --metric instructions --all",
        "safecost history show --metric outcome            faults with another outcome than before",
        "safecost history show --check                     exit 3 on a change for the worse that nobody accepted",
    ),
)
@_searching
@click.option("--all", "everything", is_flag=True, help="Show series without a change, too.")
@click.option("--check", is_flag=True, help="Exit with 3 if a series is worse than what was accepted.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def show(everything: bool, check: bool, as_json: bool, **options: Any) -> int:
    """Tell which series have changed, since which run, and how far they are from their baseline.

    The baseline is the median of up to 30 accepted points since the last acknowledged change, on the same machine and
    toolchain; it is never the previous run.
    """
    from safecost.history import showing  # noqa: PLC0415

    found = _found(**options)
    if as_json:
        sys.stdout.write(showing.as_json(found))
    else:
        showing.render(found, output(), everything=everything or options["expression"] is not None)
    return REGRESSION if check and any(one.is_worse for one in found) else OK


@history.command(
    "plot",
    epilog=examples(
        "safecost history plot --out trends                    a chart for each series",
        "safecost history plot --filter sum/at --out trends --format pdf",
        "safecost history plot --metric code-bytes --changed --out trends",
    ),
)
@_searching
@click.option("--changed", is_flag=True, help="Only series with a change or a new toolchain.")
@click.option("--format", "kind", type=click.Choice(["svg", "png", "pdf"]), default="svg", show_default=True)
@click.option("--out", metavar="DIR", required=True, type=click.Path(path_type=Path), help="Where the charts go.")
def plot(changed: bool, kind: str, out: Path, **options: Any) -> int:
    """Draw trends: points, levels, changes, new toolchains, the baseline, and who accepted what."""
    from safecost.history import plotting  # noqa: PLC0415

    found = _found(**options)
    written = plotting.write([one for one in found if one.tells or not changed], out, kind)
    print(f"wrote {written} to {out}")
    return OK


@history.command(
    "accept",
    epilog=examples(
        "safecost history accept 'indexing/sum/at' --reason 'new bounds check, reviewed in change 1234'",
        "safecost history accept '@gcc-o2' --metric instructions --reason 'flag changed' --by 'Ada Lovelace'",
        "safecost history accept 'sum/at' --run 78eac4bf --reason 'the runs before had a wrong input'",
    ),
)
@click.argument("series", metavar="REGEX")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is accepted, for those who read it in a year.")
@click.option("--by", "who", metavar="NAME", help="Who accepts (default: git's user.name).")
@click.option("--run", metavar="RUN", help="Begin the new baseline at this run (the first digits of its number will do)"
              " instead of at the last change.")  # fmt: skip
@_judging
@_where
def accept(
    series: str, reason: str, who: str | None, run: str | None, metric: str, search: Search, store: Store
) -> int:
    """Take the level behind the last change for the new normal, in every series that REGEX finds.

    Who, why and when are kept for good, and the baseline begins anew.
    """
    from safecost.history import accepting  # noqa: PLC0415

    for line in accepting.accept(store, series, metric, reason, who, run, search):
        print(line)
    return OK


@history.command(
    "export",
    epilog=examples(
        "safecost history export --out data/history.jsonl",
        "safecost history export | gzip >history.jsonl.gz",
    ),
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE (default: stdout).")
@_where
def export(out: Path | None, store: Store) -> int:
    """Write the whole history as JSON Lines, in the order of time: the same content gives the same bytes.

    A FILE that holds records which the database lacks is refused: import it first, and nothing is lost.
    """
    from safecost.history import transfer  # noqa: PLC0415

    if said := transfer.export(store, out, sys.stdout.buffer):
        print(said)
    return OK


@history.command(
    "import",
    epilog=examples(
        "safecost history import data/history.jsonl",
        "cat ours.jsonl theirs.jsonl >both.jsonl && safecost history import both.jsonl",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_where
def import_(files: tuple[Path, ...], store: Store) -> int:
    """Read JSON Lines; records that are there already are ignored. A file is added as a whole, or not at all."""
    from safecost.history import transfer  # noqa: PLC0415

    for file in files:
        print(transfer.load(store, file))
    return OK
