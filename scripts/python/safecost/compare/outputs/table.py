"""A comparison in the terminal: what is worse, worst first, then why times may not count, and the gate's decision."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.compare.gate import Decision
from safecost.compare.outputs.words import (
    HOW,
    METRIC_NAMES,
    closing,
    counts,
    first,
    headline,
    listed,
    margin_words,
    verdict_of,
)
from safecost.compare.rows import ComparisonRow, RowVerdict, SideFacts, told, told_change
from safecost.core.text import visible

MOST_ROWS = 40
MOST_LINES = 30
LONGEST = 200  # characters of a cell, which may come from a stranger's file

_STYLES: dict[RowVerdict, str] = {
    "wrong": "bold red",
    "regression": "red",
    "missing": "magenta",
    "improvement": "green",
}


def render(decision: Decision, console: Console) -> None:
    """Print it. Nothing that was read is obeyed as markup or by the terminal."""
    comparison = decision.comparison
    for name, side in (("base", comparison.base), ("head", comparison.head)):
        _say(console, f"{name}: {_side(side)}")
    _say(console, f"{HOW[comparison.how]}; {margin_words(comparison)}")
    shown, rest = first(listed(decision), MOST_ROWS)
    if shown:
        console.print(_table(shown, decision, console))
    if rest:
        _say(console, f"{rest} more rows; --markdown and --json have them")
    _say(console, counts(comparison))
    lines = closing(decision)
    for kind, line in lines[:MOST_LINES]:
        _say(console, f"{kind}: {line}", "yellow" if kind != "policy" else "")
    if len(lines) > MOST_LINES:
        _say(console, f"{len(lines) - MOST_LINES} more such lines; --markdown and --json have them")
    _say(console, headline(decision), "bold red" if decision.exit_code else "bold")


def _side(side: SideFacts) -> str:
    facts = {what: said for what, said in side.facts if what in ("suite", "measured")}
    return ", ".join([side.name, *facts.values()])


def _table(rows: Sequence[ComparisonRow], decision: Decision, console: Console) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("what", "metric", "base", "head", "change"):
        table.add_column(heading, overflow="fold")
    table.add_column("verdict", overflow="fold", min_width=len("regression"))
    for row in rows:
        cells = [row.name, METRIC_NAMES[row.metric], told(row.base, row.metric), told(row.head, row.metric)]
        cells.append(told_change(row))
        texts = [Text(_printable(cell, console)) for cell in cells]
        table.add_row(*texts, Text(verdict_of(row, decision), style=_STYLES.get(row.verdict, "")))
    return table


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(_printable(" ".join(line.split()), console, 1000), style=style, overflow="fold"))


def _printable(text: str, console: Console, longest: int = LONGEST) -> str:
    """One shortened line, with question marks for what the terminal's encoding lacks."""
    line = " ".join(visible(text).split())
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    return line.encode(console.encoding, "replace").decode(console.encoding)
