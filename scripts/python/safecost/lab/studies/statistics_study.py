"""The study behind docs/STATISTICS.md: simulates pairs, panels and runs, and writes the tables of that document.

Run it in scripts/python/: `python -m safecost.lab.studies.statistics_study --write ../../docs/STATISTICS.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from safecost.lab.studies import of_comparisons, of_pairs, of_runs
from safecost.lab.studies.common import simulate, simulated, simulating
from safecost.lab.studies.tables import StudyFunction, Table
from safecost.stats.binomial import rate_interval

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
    "spread": of_runs.spread,
    "schedules": of_pairs.schedules,
    "stopping": of_pairs.stopping,
    "discoveries": of_runs.discoveries,
    "beyond": of_runs.beyond,
    "winner": of_runs.winner,
    "two_runs": of_comparisons.two_runs,
}


def run(names: Sequence[str], trials: int, seed: int = SEED) -> dict[str, Table]:
    """The tables of the named studies; each has random numbers of its own, so that one can be repeated alone."""
    return simulated(STUDIES, names, trials, seed)


def certainty(trials: int) -> str:
    """How well rates of so many trials are known."""
    of = ((share, rate_interval(round(share * trials), trials, 0.99, two_sided=True)) for share in (0.0, 0.03, 0.5))
    said = [f"{100 * share:g} % is {100 * low:.3g} to {100 * high:.3g} %" for share, (low, high) in of]
    return f"Rates of {trials:,} trials, 99 % Clopper-Pearson: {'; '.join(said)}."


@click.command()
@click.option("--only", metavar="NAMES", help="Only these studies, separated by commas.")
@simulating(TRIALS, 40, SEED, "Simulated pairs a cell.")
def main(only: str | None, trials: int, seed: int, path: Path | None) -> None:
    """Simulate pairs, panels and runs, and write the tables of docs/STATISTICS.md, or print them.

    \b
    Run it in scripts/python/, in about a minute:
      python -m safecost.lab.studies.statistics_study --write ../../docs/STATISTICS.md
      python -m safecost.lab.studies.statistics_study --only coverage,stopping --trials 10000
    """
    names = list(STUDIES) if only is None else only.split(",")
    if unknown := [name for name in names if name not in STUDIES]:
        raise click.UsageError(f"no study is called {unknown[0]!r}: there are {', '.join(STUDIES)}.")
    simulate(STUDIES, names, trials, seed, path)
    click.echo(certainty(trials))


if __name__ == "__main__":
    main()
