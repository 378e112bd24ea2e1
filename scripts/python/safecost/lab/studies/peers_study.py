"""How do other tools read the same functions, in the same time?

    cd scripts/python && python -m safecost.lab.studies.peers_study --help

Pairs whose ratios are known, by safecost and by other tools, in random order. Each trial is written as it ends, and a
study that was interrupted goes on where it was.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from safecost.core import files
from safecost.core.errors import UsageError
from safecost.core.paths import LOCAL_RESULTS
from safecost.core.progress import Steps
from safecost.document import io as document
from safecost.lab.studies.common import Conducted, between_marks, conduct, one_sentence, publish
from safecost.lab.studies.peers import kernels as peer_kernels
from safecost.lab.studies.peers import tools as peer_tools
from safecost.lab.studies.peers.comparison import compared, over_links
from safecost.lab.studies.peers.kernels import LINKS, BuiltKernel, PeerKernel
from safecost.lab.studies.peers.records import Trial, TrialFile, TrialKey, cells
from safecost.lab.studies.peers.tools import PeerTool
from safecost.machine import facts as machine
from safecost.suite import revision as suite_revision


def scheduled(
    names: Sequence[str],
    kernels: Sequence[PeerKernel],
    seconds: Sequence[float],
    repeats: int,
    done: set[TrialKey],
) -> list[TrialKey]:
    """The trials that are still to do: repeat by repeat, each in random order, so that a slow minute hits all alike."""
    todo: list[TrialKey] = []
    for repeat, trials in enumerate(cells(names, [kernel.name for kernel in kernels], seconds, repeats)):
        random.Random(repeat).shuffle(trials)
        todo += (trial for trial in trials if trial not in done)
    return todo


def timed(
    tools: Mapping[str, PeerTool], kernels: Sequence[BuiltKernel], todo: Sequence[TrialKey], into: TrialFile
) -> None:
    """Time what is to do, one trial after the other."""
    at = {kernel.kernel.name: kernel for kernel in kernels}
    with Steps("peers", len(todo)) as steps:
        for trial in todo:
            estimate, wall = tools[trial.tool].time(at[trial.kernel], trial.pair, trial.seconds, trial.repeat)
            into.add(Trial(trial, round(wall, 3), estimate))
            steps.step()


def section(done: Conducted, trials: Sequence[Trial], missing: Mapping[str, str], versions: str, complete: bool) -> str:
    """The table, below what it is of, and above what grouping over links makes of the same trials."""
    kernels = list(dict.fromkeys(trial.key.kernel for trial in trials))
    repeats = 1 + max((trial.key.repeat for trial in trials), default=-1)
    sets = [name for name, them in peer_kernels.SETS.items() if set(kernels) == {kernel.name for kernel in them}]
    lines = [
        f"{done.words}{'' if complete else f'; interrupted after {len(trials)} trials'}.",
        f"{versions}. Kernels{f' ({sets[0]})' if sets else ''}: {', '.join(sorted(kernels))}; {repeats} repeats.",
        "",
        compared(trials, peer_tools.NAMES).markdown(),
    ]
    lines += ["", *(f"- {name}: left out, {reason}." for name, reason in missing.items())] if missing else []
    grouped = over_links(trials, LINKS)
    if grouped:
        lines += [
            "",
            f"{LINKS} trials of a pair, each of another link, as {LINKS} launches of one, so of {LINKS} times",
        ]
        lines[-1] += " the time: intervals that miss the truth, and median half-width."
        lines += [""]
        lines += [f"- {tool}: {missed} of {count}, {width:.2f} %" for tool, (count, missed, width) in grouped.items()]
    return "\n".join(lines) + "\n"


def _seconds(text: str) -> tuple[float, ...]:
    """Seconds with commas."""
    try:
        seconds = tuple(float(word) for word in text.split(","))
    except ValueError:
        seconds = ()
    if not seconds or not all(0.01 <= each <= 100 for each in seconds):
        raise UsageError(f"--seconds {text!r}: give numbers from 0.01 to 100, with commas between.")
    return seconds


def _about(seconds: Sequence[float], versions: str) -> dict[str, Any]:
    """What must be the same when a study is taken up again."""
    suite = suite_revision.revision()
    return {
        "study": "peers",
        "commit": f"{suite.commit}{' and changes' if suite.modified else ''}",
        "cpu": machine.facts().cpu,
        "versions": versions,
        "seconds": list(seconds),
    }


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.peers_study --kernels developed --repeats 6\n"
    "  python -m safecost.lab.studies.peers_study --kernels list --seconds 0.05 --repeats 1 --out one.jsonl\n"
    "  python -m safecost.lab.studies.peers_study --write ../../docs/PEERS.md    # 25 minutes",
)
@click.option("--seconds", default="0.2,1", show_default=True, help="Seconds of a pair, with commas.")
@click.option("--repeats", default=9, show_default=True, type=click.IntRange(1, 1000), help="Trials of each pair.")
@click.option("--kernels", default="published", show_default=True, help="A set (developed, published, all), or names.")
@click.option(
    "--nanobench", "header", type=click.Path(path_type=Path, exists=True), help="Its header; else downloaded."
)
@click.option(
    "--out",
    default=LOCAL_RESULTS / "peers.jsonl",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Trials, one a line; one that is there is taken up again.  [default: peers.jsonl in results/local]",
)
@click.option("--write", "path", type=click.Path(path_type=Path, exists=True), help="Put the table into this document.")
def main(seconds: str, repeats: int, kernels: str, header: Path | None, out: Path, path: Path | None) -> None:
    """Time the same pairs by safecost and by other tools, and tell how right and how sharp each is.

    An interrupt ends the timing; what was timed until then is kept, and the same command goes on from there.
    """
    with one_sentence("peers"):
        text = "" if path is None else path.read_text(encoding="utf-8")
        if path is not None:
            between_marks(text, "peers", "")  # before the minutes that it takes
        wanted, times, started = peer_kernels.chosen(kernels), _seconds(seconds), document.now()
        built = peer_kernels.build(wanted)
        complete, versions = False, peer_tools.versions()
        missing: dict[str, str] = {}
        trials: list[Trial] = []

        def run(scratch: Path) -> None:
            nonlocal complete, missing, trials
            kept = TrialFile(out, _about(times, versions))
            trials = kept.trials
            tools, missing = peer_tools.available(scratch, header)
            for name, reason in missing.items():
                print(f"peers: {name} is left out: {reason}", file=sys.stderr)
            names = [tool.name for tool in tools]
            todo = scheduled(names, wanted, times, repeats, {trial.key for trial in trials})
            timed({tool.name: tool for tool in tools}, built, todo, kept)
            complete = True

        done = conduct("peers", started, run)
        mine = {kernel.name for kernel in wanted}
        trials = [trial for trial in trials if trial.key.kernel in mine]
        tables = section(done, trials, missing, versions, complete)
        publish(done, tables, {}, None, None)
        if path is not None:
            files.replace(path, between_marks(text, "peers", tables).encode(), durable=False)


if __name__ == "__main__":
    main()
