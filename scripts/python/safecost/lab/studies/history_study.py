"""The study behind docs/HISTORY.md: plants steps in simulated series and counts which are found, and what else is.

Run it in scripts/python/: `python -m safecost.lab.studies.history_study --write ../../docs/HISTORY.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import numpy as np

from safecost.history.changes import DEFAULT, Floats, Search, find
from safecost.lab.studies.common import simulate, simulated, simulating
from safecost.lab.studies.tables import StudyFunction, Table, table

TRIALS = 300
SEED = 20_261_124
LENGTH = 120  # points of a series: four months of nights
PLANTED = 2  # steps in each
NEAR = 2  # points: a change found so far from where it was planted is found
STEPS = (0.02, 0.03, 0.05, 0.10)
SIGMAS = (0.003, 0.005, 0.010)

NoiseModel = Callable[[np.random.Generator, int, float], Floats]


def normal(random: np.random.Generator, count: int, sigma: float) -> Floats:
    """Independent normal noise."""
    return random.normal(0, sigma, count)


def heavy(random: np.random.Generator, count: int, sigma: float) -> Floats:
    """Student's t with three degrees of freedom: a point in a hundred is six times its scale away."""
    return np.asarray(random.standard_t(3, count) * (sigma / np.sqrt(3.0)), dtype=np.float64)


def wild(random: np.random.Generator, count: int, sigma: float) -> Floats:
    """Normal, and three points in a hundred are wild, by 5 to 50 %, as on a machine with a neighbour."""
    found: Floats = normal(random, count, sigma)
    disqualified = np.flatnonzero(random.random(count) < 0.03)
    found[disqualified] += random.choice([-1.0, 1.0], len(disqualified)) * random.uniform(0.05, 0.5, len(disqualified))
    return found


def modes(random: np.random.Generator, count: int, sigma: float) -> Floats:
    """Two modes that a run falls into by chance, as placement makes them."""
    found: Floats = random.normal(0, 0.3 * sigma, count) + random.choice([-sigma, sigma], count)
    return found


def correlated(random: np.random.Generator, count: int, sigma: float) -> Floats:
    """Each point remembers half of the deviation of the one before."""
    found, own = np.empty(count), random.normal(0, sigma, count)
    found[0] = own[0]
    for at in range(1, count):
        found[at] = 0.5 * found[at - 1] + np.sqrt(0.75) * own[at]
    return found


NOISES: Mapping[str, NoiseModel] = {
    "normal": normal, "heavy tails": heavy, "wild points": wild, "two modes": modes, "correlated": correlated
}  # fmt: skip


def planted(random: np.random.Generator, size: float) -> tuple[Floats, list[int]]:
    """The levels of a series with steps up or down of one size, as logarithms, and where they begin."""
    places = sorted(int(at) for at in random.choice(np.arange(10, LENGTH - 10, 10), PLANTED, replace=False))
    places = [at + int(random.integers(0, 4)) for at in places]
    levels = np.zeros(LENGTH)
    for at in places:
        levels[at:] += np.log1p(size) * random.choice([-1, 1])
    return levels, places


def matched(found: Sequence[int], places: Sequence[int]) -> int:
    """How many of the planted places were found, each by a change of its own at most NEAR points away."""
    left, hits = list(places), 0
    for change in found:
        near = [at for at in left if abs(at - change) <= NEAR]
        if near:
            left.remove(min(near, key=lambda at: abs(at - change)))
            hits += 1
    return hits


def score(
    random: np.random.Generator, trials: int, noise: NoiseModel, sigma: float, size: float, search: Search = DEFAULT
) -> tuple[float, float]:
    """Precision and recall of planted steps of one size in one kind of noise."""
    hits = claimed = there = 0
    for _ in range(trials):
        levels, places = planted(random, size)
        found = find([float(value) for value in np.exp(levels + noise(random, LENGTH, sigma))], search)
        hits, claimed, there = hits + matched(found, places), claimed + len(found), there + len(places)
    return hits / max(1, claimed), hits / there


def precision(random: np.random.Generator, trials: int) -> Table:
    """Precision and recall of planted steps, by noise."""
    rows = []
    for name, noise in NOISES.items():
        for sigma in SIGMAS:
            cells = [score(random, trials, noise, sigma, size) for size in STEPS]
            rows.append([name, f"{100 * sigma:g} %", *(f"{right:.2f} / {found:.2f}" for right, found in cells)])
    return table(["noise", "its size", *(f"steps of {100 * size:g} %" for size in STEPS)], rows)


def nothing(random: np.random.Generator, trials: int) -> Table:
    """Changes that are found where none was planted, in 100 series."""
    rows = []
    for name, noise in NOISES.items():
        counts = []
        for sigma in SIGMAS:
            found = [len(find([float(one) for one in np.exp(noise(random, LENGTH, sigma))])) for _ in range(trials)]
            counts.append(f"{100 * float(np.mean(found)):.3g}")
        rows.append([name, *counts])
    return table(["noise", *(f"{100 * sigma:g} %" for sigma in SIGMAS)], rows)


def penalties(random: np.random.Generator, trials: int) -> Table:
    """What the penalty trades: precision and recall of steps of 3 % in noise of 1 %."""
    rows = []
    for penalty in (2.0, 4.0, 6.0, 8.0, 12.0):
        search = Search(penalty=penalty)
        cells = [
            score(random, trials, NOISES[name], 0.01, 0.03, search) for name in ("normal", "two modes", "correlated")
        ]
        rows.append([f"{penalty:g}", *(f"{right:.2f} / {found:.2f}" for right, found in cells)])
    return table(["penalty", "normal", "two modes", "correlated"], rows)


def delay(random: np.random.Generator, trials: int) -> Table:
    """How many points behind a step it takes until the step is found, the share of series in percent."""
    rows = []
    for size in STEPS:
        cells = []
        for behind in (4, 5, 6, 8, 12):
            hits = 0
            for _ in range(trials):
                logs = normal(random, 40 + behind, 0.005)
                logs[40:] += np.log1p(size)
                hits += any(abs(at - 40) <= NEAR for at in find([float(one) for one in np.exp(logs)]))
            cells.append(f"{100 * hits / trials:.0f}")
        rows.append([f"{100 * size:g} %", *cells])
    return table(["step", *(f"{behind} points" for behind in (4, 5, 6, 8, 12))], rows)


STUDIES: Mapping[str, StudyFunction] = {
    "precision": precision,
    "nothing": nothing,
    "penalties": penalties,
    "delay": delay,
}


def run(names: Sequence[str], trials: int, seed: int = SEED) -> dict[str, Table]:
    """The tables of the named studies; each has random numbers of its own, so that one can be repeated alone."""
    return simulated(STUDIES, names, trials, seed)


@click.command()
@simulating(TRIALS, 2, SEED, "Series a cell.")
def main(trials: int, seed: int, path: Path | None) -> None:
    """Plant steps in simulated series, and write what is found into docs/HISTORY.md, or print it.

    \b
    Run it in scripts/python/, in some minutes:
      python -m safecost.lab.studies.history_study --write ../../docs/HISTORY.md
    """
    simulate(STUDIES, list(STUDIES), trials, seed, path)


if __name__ == "__main__":
    main()
