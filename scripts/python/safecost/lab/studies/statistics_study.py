"""The study behind docs/STATISTICS.md: simulates pairs, panels and runs, and writes the tables of that document.

Run it in scripts/: `python -m safecost.lab.studies.statistics_study --write ../docs/STATISTICS.md`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np

from safecost.core.errors import UsageError
from safecost.core.progress import Steps
from safecost.lab.studies import of_comparisons, of_pairs, of_runs
from safecost.lab.studies.simulate import known_within
from safecost.lab.studies.tables import StudyFunction, Table

TRIALS = 100_000
SEED = 20_261_123

STUDIES: Mapping[str, StudyFunction] = {
    "rounds": of_runs.rounds,
    "estimators": of_runs.estimators,
    "coverage": of_pairs.coverage,
    "dependence": of_pairs.dependence,
    "drift": of_pairs.drift,
    "layouts": of_pairs.layouts,
    "verdicts": of_pairs.verdicts,
    "edge": of_pairs.edge,
    "detectable": of_pairs.detectable,
    "schedules": of_pairs.schedules,
    "stopping": of_pairs.stopping,
    "discoveries": of_runs.discoveries,
    "beyond": of_runs.beyond,
    "winner": of_runs.winner,
    "two_runs": of_comparisons.two_runs,
}


def run(names: Sequence[str], trials: int, seed: int = SEED) -> dict[str, Table]:
    """The tables of the named studies; each has random numbers of its own, so that one can be repeated alone."""
    tables = {}
    with Steps("study", len(names)) as steps:
        for name in names:
            tables[name] = STUDIES[name](np.random.default_rng([seed, zlib.crc32(name.encode())]), trials)
            steps.step()
    return tables


def filled(text: str, tables: Mapping[str, Table]) -> str:
    """A document with each table between the comments that name it; raises UsageError where those are missing."""
    for name, found in tables.items():
        begin, end = f"<!-- study: {name} begins -->", f"<!-- study: {name} ends -->"
        between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        replacement = f"{begin}\n{found.markdown()}\n{end}"
        text, times = between.subn(lambda _, new=replacement: new, text)  # type: ignore[misc]
        if times != 1:
            raise UsageError(f"The document has {times} places for the table {name}: it needs one {begin} and {end}.")
    return text


def certainty(trials: int) -> str:
    """How well rates of so many trials are known."""
    of = ((share, known_within(share, trials)) for share in (0.0, 0.03, 0.5))
    said = [f"{100 * share:g} % is {100 * low:.3g} to {100 * high:.3g} %" for share, (low, high) in of]
    return f"Rates of {trials:,} trials, 99 % Clopper-Pearson: {'; '.join(said)}."


@click.command()
@click.option("--only", metavar="NAMES", help="Only these studies, separated by commas.")
@click.option(
    "--trials", default=TRIALS, show_default=True, type=click.IntRange(min=40), help="Simulated pairs a cell."
)
@click.option("--seed", default=SEED, show_default=True, type=click.IntRange(min=0), help="Repeats a study.")
@click.option("--write", "path", type=click.Path(path_type=Path), help="Write the tables into this document.")
def main(only: str | None, trials: int, seed: int, path: Path | None) -> None:
    """Simulate pairs, panels and runs, and write the tables of docs/STATISTICS.md, or print them.

    \b
    Run it in scripts/, in about a minute:
      python -m safecost.lab.studies.statistics_study --write ../docs/STATISTICS.md
      python -m safecost.lab.studies.statistics_study --only coverage,stopping --trials 10000
    """
    names = list(STUDIES) if only is None else only.split(",")
    if unknown := [name for name in names if name not in STUDIES]:
        raise click.UsageError(f"no study is called {unknown[0]!r}: there are {', '.join(STUDIES)}.")
    text = ""
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
            filled(text, {name: Table((), ()) for name in names})  # before the minutes that the study takes
        except (OSError, UsageError) as error:
            raise click.UsageError(f"{path}: {error}") from error
    tables = run(names, trials, seed)
    if path is not None:
        path.write_text(filled(text, tables), encoding="utf-8")
    for name, found in tables.items() if path is None else ():
        click.echo(f"\n{name}: {STUDIES[name].__doc__}\n\n{found.markdown()}")
    click.echo(certainty(trials))


if __name__ == "__main__":
    main()
