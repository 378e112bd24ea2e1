"""A comparison in the terminal: what is worse, worst first, then why times may not count, and the gate's decision."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.compare.gate import Decision
from safecost.compare.outputs.words import (
    HOW,
    cells,
    closing,
    counts,
    headline,
    listed,
    margin_words,
    verdict_of,
)
from safecost.compare.rows import ComparisonRow, RowVerdict, SideFacts
from safecost.core.console import new_table, printable, say, show_table

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
        say(console, f"{name}: {_side(side)}")
    say(console, f"{HOW[comparison.how]}; {margin_words(comparison)}")
    rows = listed(decision)
    if rows:
        show_table(console, _table(rows[:MOST_ROWS], decision, console))
    if len(rows) > MOST_ROWS:
        say(console, f"{len(rows) - MOST_ROWS} more rows; --markdown and --json have them")
    say(console, counts(comparison))
    lines = closing(decision)
    for kind, line in lines[:MOST_LINES]:
        say(console, f"{kind}: {line}", "yellow" if kind != "policy" else "")
    if len(lines) > MOST_LINES:
        say(console, f"{len(lines) - MOST_LINES} more such lines; --markdown and --json have them")
    say(console, headline(decision), "bold red" if decision.exit_code else "bold")


def _side(side: SideFacts) -> str:
    facts = {what: said for what, said in side.facts if what in ("suite", "measured")}
    return ", ".join([side.name, *facts.values()])


def _table(rows: Sequence[ComparisonRow], decision: Decision, console: Console) -> Table:
    table = new_table("what", "metric", "base", "head", "change")
    table.add_column("verdict", overflow="fold", min_width=len("regression"))
    for row in rows:
        texts = [Text(printable(cell, console, LONGEST)) for cell in cells(row)]
        table.add_row(*texts, Text(verdict_of(row, decision), style=_STYLES.get(row.verdict, "")))
    return table
