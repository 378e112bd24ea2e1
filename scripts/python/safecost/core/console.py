"""Printing what others wrote: nothing is markup, the terminal obeys nothing, and what its encoding lacks is a `?`."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.core.text import shortened, visible

LONGEST = 1000  # characters of a sentence, which may hold all that a compiler said


def printable(text: str, console: Console, longest: int | None = None) -> str:
    """The text as one line, shortened to `longest` characters."""
    line = " ".join(visible(text).split())
    line = line if longest is None else shortened(line, longest)
    return line.encode(console.encoding, "replace").decode(console.encoding)


def say(console: Console, line: str, style: str = "") -> None:
    """Print a sentence, which wraps at the terminal's width."""
    console.print(Text(printable(line, console, LONGEST), style=style, overflow="fold"))


def new_table(*headings: str) -> Table:
    """An empty table; its first columns have these headings and break words that are too long."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made
