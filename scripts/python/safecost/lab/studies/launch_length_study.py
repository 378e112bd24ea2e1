"""How long should a launch be, and how many should there be? Reads the launches of a run and shortens them.

    cd scripts/python && python -m safecost.lab.studies.launch_length_study ../../results/local/RUN --help

A launch is shortened by reading fewer rounds of each of its placements, the first ones, and a run by reading fewer
launches. Nothing is timed anew, so all lengths are compared on the same moments of the same machine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from safecost.core.errors import UsageError
from safecost.core.text import percent
from safecost.lab.studies.common import between_marks, one_sentence
from safecost.lab.studies.tables import Table, table
from safecost.run.journal import TimedFile
from safecost.stats.pairs import summarise
from safecost.suite.calibrations import FAMILY

DOCUMENT = "docs/MEASURING.md"
MARGIN = 0.01


@dataclass(frozen=True, slots=True)
class TimedPair:
    """One contender over the first of its panel: log ratios of rounds, and the placement of each, launch by launch."""

    name: str
    launches: tuple[tuple[NDArray[np.float64], NDArray[np.int64]], ...]


def read(folder: Path) -> list[TimedPair]:
    """The pairs of the launches in a run's folder, calibrations left out; raises UsageError where there are none."""
    decoder = msgspec.json.Decoder(TimedFile)
    launches: defaultdict[str, list[tuple[NDArray[np.float64], NDArray[np.int64]]]] = defaultdict(list)
    for file in sorted((folder / "launches").glob("*.json")):
        if file.name.startswith(f"{FAMILY}."):
            continue
        try:
            answer = decoder.decode(file.read_bytes())
        except msgspec.MsgspecError:  # a launch that failed
            continue
        times, placements = np.log(np.array(answer.safecost.counted)), np.array(answer.safecost.placements)
        for index, entry in enumerate(answer.benchmarks[1:], 1):
            launches[str(entry["name"])].append((times[index] - times[0], placements))
    if not launches:
        raise UsageError(f"{folder} holds no launches: give the folder of a run that was measured here.")
    return [TimedPair(name, tuple(timed)) for name, timed in launches.items()]


def shortened(rounds: NDArray[np.float64], placements: NDArray[np.int64], share: float, most: int) -> float | None:
    """The median over the first `share` of the rounds of each of the first `most` placements, at least two of each."""
    kept = []
    for placement in np.unique(placements)[:most]:
        of = rounds[placements == placement]
        kept.append(of[: max(2, round(len(of) * share))])
    counted = np.concatenate(kept)
    counted = counted[~np.isnan(counted)]
    return float(np.median(counted)) if len(counted) else None


@dataclass(frozen=True, slots=True)
class Decided:
    """What so many launches of such a length come to: pairs, the share that is inconclusive, and half-widths."""

    pairs: int
    inconclusive: float
    half_widths: NDArray[np.float64]


def decided(pairs: Sequence[TimedPair], share: float, launches: int, placements: int) -> Decided:
    """The verdicts of pairs whose launches are cut to a share of their rounds and to so many placements."""
    verdicts, half_widths = [], []
    for pair in pairs:
        cut = [shortened(*launch, share, placements) for launch in pair.launches[:launches]]
        ratios = [math.exp(log) for log in cut if log is not None]
        said = summarise(ratios, MARGIN)
        if said.low is not None and said.high is not None:
            verdicts.append(said.verdict)
            half_widths.append(math.log(said.high / said.low) / 2.0)
    undecided = np.mean([verdict == "inconclusive" for verdict in verdicts])
    return Decided(len(verdicts), float(undecided), np.array(half_widths))


def rows(
    pairs: Sequence[TimedPair], whole: float, milliseconds: Sequence[float], launches: Sequence[int], places: int
) -> Iterator[list[str]]:
    """A row for each length: what each number of launches comes to."""
    most = max(launches)
    complete = [pair for pair in pairs if len(pair.launches) >= most]
    if not complete:
        raise UsageError(f"no pair of the run has {most} launches: give fewer with --launches.")
    for length in milliseconds:
        cells = [f"{length:g} ms"]
        for count in launches:
            of = decided(complete, length / whole, count, places)
            cells.append(f"{percent(of.inconclusive)}, {percent(float(np.median(of.half_widths)))}")
        yield cells


def numbers(text: str) -> list[float]:
    """Positive numbers with commas between."""
    found = [float(word) for word in text.split(",")]
    if not all(number > 0 for number in found):
        raise ValueError
    return found


def in_numbers(option: str, text: str) -> list[float]:
    """The numbers of an option; raises click.UsageError for anything else."""
    try:
        return numbers(text)
    except ValueError:
        raise click.UsageError(f"{option} {text!r}: give positive numbers with commas between.") from None


def made(run: Path, whole: float, milliseconds: Sequence[float], launches: Sequence[int], placements: int) -> Table:
    """The table of a run."""
    head = ("time of a contender", *(f"{count} launches" for count in launches))
    return table(head, list(rows(read(run), whole, milliseconds, launches, placements)))


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--timed", "whole", default=30.0, show_default=True, help="Milliseconds of each contender in the run.")
@click.option("--milliseconds", default="1.6,3,6,12,30", show_default=True, help="Lengths to compare.")
@click.option("--launches", default="6,9,12", show_default=True, help="Numbers of launches to compare.")
@click.option("--placements", default=4, show_default=True, help="How many placements of each launch are read.")
@click.option("--write", "path", type=click.Path(path_type=Path), help=f"Put the table into a document: {DOCUMENT}.")
def main(run: Path, whole: float, milliseconds: str, launches: str, placements: int, path: Path | None) -> None:
    """Show what shorter and fewer launches of a RUN would have decided.

    A cell has the share of pairs that are inconclusive, and the median half-width of intervals.
    """
    with one_sentence("launch_length_study"):
        counts = [int(count) for count in in_numbers("--launches", launches)]
        found = made(run, whole, in_numbers("--milliseconds", milliseconds), counts, placements)
        if path is None:
            click.echo(found.markdown())
        else:
            text = between_marks(path.read_text(encoding="utf-8"), "launch lengths", f"{found.markdown()}\n")
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
