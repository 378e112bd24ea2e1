"""What does a use of a macro, a template or a checked format cost when it is compiled?

cd scripts/python && python -m safecost.lab.studies.compile_time.study --help
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from safecost.core.errors import UsageError
from safecost.core.paths import ROOT
from safecost.core.text import counted, number
from safecost.document import io as document
from safecost.document.judged import CompilerName
from safecost.lab.studies.common import Conducted, conduct, one_sentence, publish, timing
from safecost.lab.studies.compile_time.compiling import Compilations, Compiled
from safecost.lab.studies.compile_time.sources import CompiledWay, ways
from safecost.lab.studies.tables import Table, table
from safecost.reject.rulings import SUBJECTS, Compiler, chosen, compilers_here
from safecost.suite.cases import pattern_of

NAME = "compile_time"
PAGE = ROOT / "docs" / "COMPILE_TIME.md"


def chosen_ways(expression: str | None) -> list[CompiledWay]:
    """The ways whose `task/name` matches; raises UsageError where none does."""
    pattern = pattern_of(expression)
    matching = [way for way in ways() if pattern is None or pattern.search(way.label)]
    if not matching:
        raise UsageError(f"--filter {expression!r} matches no way: there are {', '.join(way.label for way in ways())}.")
    return matching


def of_task(task: str, compiled: Sequence[Compiled], uses: int) -> Table:
    """A row for each way and compiler: the file without a use, a thousand uses, and these over the task's first way."""
    first: dict[CompilerName, float] = {}
    rows = []
    for pair in compiled:
        if pair.way.task != task or not pair.used:
            continue
        a_thousand = float(np.median(pair.a_thousand(uses)))
        over = first.setdefault(pair.compiler, a_thousand)
        interval = pair.interval(uses)
        rows.append(
            (
                f"`{pair.way.name}`",
                SUBJECTS[pair.compiler],
                _seconds(float(np.median(pair.without))),
                _seconds(a_thousand),
                "–" if interval is None else f"{_seconds(interval.low)} to {_seconds(interval.high)}",
                "–" if over <= 0.0 else number(a_thousand / over),
            )
        )
    head = ("way", "compiler", "no use, s", "a thousand uses, s", "interval", "over the first")
    return table(head, sorted(rows, key=lambda row: list(SUBJECTS.values()).index(row[1])))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def section(done: Conducted, timed: Compilations, compilers: Mapping[CompilerName, Compiler]) -> str:
    """The tables of all tasks, below a line that says where and when, and above what there was not."""
    repetitions = max(len(pair.used) for pair in timed.compiled)
    levels = [interval.level for pair in timed.compiled if (interval := pair.interval(timed.uses)) is not None]
    versions = ", ".join(
        f"{SUBJECTS[name]} {compiler.version}" for name, compiler in compilers.items() if compiler.path
    )
    intervals = f"intervals of {levels[0]:.1%}" if levels else "no intervals: they need six"
    lines = [
        f"{done.words}{'; interrupted' if done.interrupted else ''}.",
        f"{versions}; {counted(timed.uses, 'use')} in a file, {counted(repetitions, 'repetition')}, {intervals}.",
    ]
    for task in dict.fromkeys(pair.way.task for pair in timed.compiled):
        lines += ["", f"**{task}**", "", of_task(task, timed.compiled, timed.uses).markdown()]
    absent = [pair for pair in timed.compiled if pair.absent]
    missing = [f"- `{pair.way.label}` by {SUBJECTS[pair.compiler]}: {pair.absent}." for pair in absent]
    return "\n".join([*lines, *([""] if missing else []), *missing]) + "\n"


def results(timed: Compilations) -> dict[str, Any]:
    """What was timed, as JSON has it."""
    compiled = [
        {
            "way": pair.way.label,
            "compiler": pair.compiler,
            "without": pair.without,
            "used": pair.used,
            "absent": pair.absent,
        }
        for pair in timed.compiled
    ]
    return {"uses": timed.uses, "seed": timed.seed, "compiled": compiled}


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.compile_time.study --filter macro_function/ --minutes 1\n"
    "  python -m safecost.lab.studies.compile_time.study --compilers gcc --minutes 2 --out compile_time.json\n"
    "  python -m safecost.lab.studies.compile_time.study --docs      # renews docs/COMPILE_TIME.md",
)
@click.option("--filter", "expression", metavar="REGEX", help="Only ways that match, as task/name.")
@click.option("--compilers", "names", metavar="NAMES", help="Of gcc, clang, rustc, with commas between (default: all).")
@click.option("--uses", default=250, show_default=True, type=click.IntRange(1, 1000), help="Uses in a file.")
@click.option("--repetitions", default=9, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@click.option("--minutes", default=5.0, show_default=True, type=click.FloatRange(0.0), help="At most so long.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Repeats the order.")
@timing("docs/COMPILE_TIME.md")
def main(
    expression: str | None,
    names: str | None,
    uses: int,
    repetitions: int,
    minutes: float,
    seed: int,
    out: Path | None,
    docs: bool,
) -> None:
    """Compile a file with many uses of each way and one without, in random order, and tell the processor time of a use.

    An interrupt ends it; the repetitions that were complete are shown and written.
    """
    with one_sentence(NAME):
        here, started = compilers_here(), document.now()
        asked = {name: here[name] for name in chosen(names)}
        paths = {name: compiler.path for name, compiler in asked.items() if compiler.path is not None}
        timed = Compilations(chosen_ways(expression), paths, uses, seed)
        if not timed.compiled:
            raise UsageError(f"no compiler of these is here: {', '.join(asked)}; 'scripts/safecost doctor' tells why.")
        done = conduct(NAME, started, lambda scratch: timed.time(scratch, repetitions, 60.0 * minutes))
        tables = section(done, timed, asked)
        publish(done, tables, results(timed), out, PAGE if docs else None)


if __name__ == "__main__":
    main()
