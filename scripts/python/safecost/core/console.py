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
