"""The figures of the pace, as JSON, Markdown and a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.core.console import show_table
from safecost.document import types as doc
from safecost.document.types import Machine
from safecost.lab import pools
from safecost.lab.pools import PoolRow

SCHEMA_VERSION = 1

BudgetStatus = Literal["met", "missed", "measured", "failed"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `detail` says what lies behind the value, or why there is none."""

    name: str
    what: str
    unit: str
    target: float | None
    measured: float | None
    detail: str

    @property
    def status(self) -> BudgetStatus:
        """Met or missed against the target, measured where there is none, failed without a value."""
        if self.measured is None:
            return "failed"
        if self.target is None:
            return "measured"
        return "met" if self.measured <= self.target else "missed"


@dataclass(frozen=True, slots=True)
class Pace:
    """All that was measured, with the machine and the suite it was measured on; what is not there was not reached."""

    started: str
    suite: doc.Suite
    machine: Machine
    complete: bool
    figures: tuple[Figure, ...]
    pools: tuple[PoolRow, ...]


def to_json(made: Pace) -> dict[str, Any]:
    """The figures as a JSON object; a figure's status stands beside its value."""
    plain = asdict(made)
    for figure, written in zip(made.figures, plain["figures"], strict=True):
        written["status"] = figure.status
    return {"schema": "safecost-pace", "schema_version": SCHEMA_VERSION} | plain


def amount(value: float | None, unit: str) -> str:
    """A value with its unit, to three digits; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.{0 if value == int(value) or value >= 100 else 1 if value >= 10 else 2}f} {unit}".strip()


def surroundings(made: Pace) -> str:
    """Where and when, and what else was running, as one line."""
    on = made.machine
    commit = (made.suite.commit or "of no commit")[:12] + (" and changes" if made.suite.modified else "")
    background = f"load {on.load_before:.1f} before, {on.load_after:.1f} after, {on.steal_share:.1%} stolen"
    virtual = f", {on.virtualization}" if on.virtualization else ""
    where = f"{on.cpu}, {on.logical_cpus} CPUs{virtual}, {on.distribution}"
    return f"{made.started[:10]}, {where}; {background}; suite {commit}"


def markdown(made: Pace) -> str:
    """The figures, and the pools where they were studied, as tables of Markdown."""
    lines = [f"Measured {surroundings(made)}{'' if made.complete else '; interrupted'}.", ""]
    lines += ["| name | what | target | measured | | |", "|---|---|---:|---:|---|---|"]
    for one in made.figures:
        values = f"{amount(one.target, one.unit)} | {amount(one.measured, one.unit)} | {one.status}"
        lines.append(f"| `{one.name}` | {one.what} | {values} | {_cell(one.detail)} |")
    if made.pools:
        lines += ["", *pools.markdown(made.pools)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def render(made: Pace, console: Console) -> None:
    """Print the figures, what lies behind them, and the pools."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("name", "what"):
        table.add_column(heading)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in made.figures:
        style = {"missed": "yellow", "failed": "red"}.get(one.status, "")
        values = (amount(one.target, one.unit), amount(one.measured, one.unit))
        table.add_row(Text(one.name), Text(one.what), *values, Text(one.status, style=style))
    show_table(console, table)
    for one in made.figures:
        console.print(Text(f"{one.name}: {one.detail}"))
    if made.pools:
        console.print(pools.table(made.pools))
    console.print(Text(surroundings(made)))
