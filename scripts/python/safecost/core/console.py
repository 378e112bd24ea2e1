"""Printing what others wrote: nothing is markup, no terminal or CI runner obeys it, what an encoding lacks is a `?`."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from safecost.core.text import shortened, visible

LONGEST = 1000  # characters of a sentence, which may hold all that a compiler said
_UNBROKEN = 100_000  # columns, more than any line has


def output(stream: TextIO | None = None) -> Console:
    """A console on stdout or another stream: a terminal's lines wrap, and those of a file or a pipe do not, for grep.

    COLUMNS, where it is set, is the width of either.
    """
    file = sys.stdout if stream is None else stream
    given = os.environ.get("COLUMNS", "").isdigit() or file.isatty()
    return Console(file=file, width=None if given else _UNBROKEN)


def show_table(console: Console, table: Table) -> None:
    """Print a table, its lines broken between words alone; where these are wider than a terminal, that wraps rows."""
    unbroken = console.options.update(max_width=_UNBROKEN)
    widths, floors = [], []
    for column in table.columns:
        cells = [Measurement.get(console, unbroken, cell) for cell in (column.header, *column.cells)]
        widths.append(max(column.min_width or 0, *(cell.maximum for cell in cells)))
        floors.append(widths[-1] if column.no_wrap else max(column.min_width or 0, *(cell.minimum for cell in cells)))
    between = Measurement.get(console, unbroken, table).maximum - sum(widths)
    while sum(widths) + between > console.width and widths != floors:
        _, widest = max((width, index) for index, width in enumerate(widths) if width > floors[index])
        widths[widest] -= 1
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    terminal, console.width = console.width, max(console.width, sum(widths) + between)
    console.print(table)
    console.width = terminal


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


def in_actions() -> bool:
    """Does the runner of GitHub Actions read what is printed?"""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def no_commands(*streams: TextIO) -> Iterator[None]:
    """Let GitHub's runner obey nothing of what is printed within: a name that was read could begin a line of a table.

    The word that ends it is drawn anew, so that no file can hold it.
    """
    tokens = [(stream, secrets.token_hex(16)) for stream in streams if in_actions()]
    for stream, token in tokens:
        print(f"::stop-commands::{token}", file=stream, flush=True)
    try:
        yield
    finally:
        for stream, token in tokens:
            print(f"::{token}::", file=stream, flush=True)


def quote(text: str) -> None:
    """Print on stderr, line by line, what a compiler or a tool wrote."""
    with no_commands(sys.stderr):
        print(visible(text), file=sys.stderr)
