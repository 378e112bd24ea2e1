"""`safecost explain` in the terminal: the reasons, the numbers, then source and machine code side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

from safecost.core.console import new_table, printable, show_table
from safecost.core.errors import UsageError
from safecost.core.text import number, visible
from safecost.document.types import Document
from safecost.explain.kernels import (
    HEADING,
    Contrast,
    Subject,
    aligned,
    case_of,
    compare,
    differing,
    profiles_of,
    why,
)

STYLES = {"c": "bold red", "f": "red", "h": "dim", "v": "green", "x": "magenta", "j": "", HEADING: "bold"}
LEGEND = (
    "c check",
    "f reports a failed check",
    "h only an exception gets here",
    "v vector arithmetic",
    "j jump",
    "x call",
)
_BETWEEN = " │ "
_NARROWEST = 24  # columns of one side
_WIDEST = 200  # of both sides, where nothing says how wide the reader is
_INDENT = "    "
_MOST_PIECES = 8  # of one line; nobody writes longer ones to be read


def tell(
    document: Document,
    case: str,
    profile: str | None,
    names: Sequence[str],
    console: Console,
    *,
    source: bool = True,
    only_differences: bool = False,
) -> None:
    """Explain a case of a run; without `names`, code is shown of its slowest variant, without `profile`, in its first.

    Raises UsageError for what the run does not hold, and says what it holds instead.
    """
    found = case_of(document, case)
    known = profiles_of(document, case)
    if not known:
        raise UsageError(f"the run measured nothing of {case}: {found.reason or 'see its report'}.")
    if profile is not None and profile not in known:
        raise UsageError(f"the run has nothing of {case} in {profile!r}: choose from {', '.join(known)}.")
    chosen = profile or known[0]
    comparisons = compare(document, found, chosen, names)
    if not comparisons:
        raise UsageError(f"{case} has no two variants to compare in {chosen}.")
    listed = len(comparisons) if names else 1
    render(comparisons, document.run.margin, console, listed=listed, source=source, only_differences=only_differences)


def render(
    comparisons: Sequence[Contrast],
    margin: float,
    console: Console,
    *,
    listed: int,
    source: bool = True,
    only_differences: bool = False,
) -> None:
    """Print what is known of the comparisons, and source and machine code of the first `listed` of them.

    Nothing is read as markup, and what a terminal would obey is spelled out. Colours repeat letters in the margin.
    """
    for comparison in comparisons:
        _say(console, f"{comparison.subject.name} against {comparison.base.name}", "bold")
        for line in textwrap.wrap(visible(" ".join(why(comparison, margin))), max(20, _width(console) - 3)):
            _say(console, f"  {line}")
    _numbers(comparisons, console)
    for comparison in comparisons[:listed]:
        if source:
            _sources(comparison, console)
        _listings(comparison, console, only_differences)
    rest = [comparison.subject.variant.name for comparison in comparisons[listed:]]
    if rest:
        _say(console, f"source and machine code of the others: --variants NAME, of {', '.join(rest)}", "dim")


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(visible(line), style=style), soft_wrap=True)


def _numbers(comparisons: Sequence[Contrast], console: Console) -> None:
    """A line for each contender: time, what it executes, what was emitted."""
    subjects: dict[str, Subject] = {}
    times: dict[str, float] = {}
    for comparison in comparisons:
        for subject in (comparison.base, comparison.subject):
            subjects.setdefault(subject.name, subject)
        if comparison.timings:
            times.setdefault(comparison.base.name, comparison.timings[0].base_nanoseconds)
            times.setdefault(comparison.subject.name, comparison.timings[0].nanoseconds)
    table = new_table("")
    for heading in ("ns", "executed", "bytes", "instr", "check", "pack", "call"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, subject in subjects.items():
        table.add_row(*(Text(printable(cell, console)) for cell in _row(subject, times.get(name))))
    console.print()
    show_table(console, table)


def _row(subject: Subject, nanoseconds: float | None) -> tuple[str, ...]:
    code = subject.code
    figures = [code.bytes, code.instructions, code.checks, code.packed, code.calls] if code else ["–"] * 5
    return (subject.name, "–" if nanoseconds is None else number(nanoseconds), subject.executed, *map(str, figures))


def _sources(comparison: Contrast, console: Console) -> None:
    columns = []
    for subject in (comparison.base, comparison.subject):
        excerpts = subject.excerpts
        heading = ": ".join([subject.variant.name, *(f"{one.file}, line {one.first}" for one in excerpts[:1])])
        lines = [line for one in excerpts[:1] for line in one.text.split("\n")]
        for one in excerpts[1:]:
            lines += ["", f"// {one.file}, line {one.first}", *one.text.split("\n")]
        columns.append((heading, lines))
    console.print()
    width = _side(console)
    _beside(console, [(columns[0][0], columns[1][0], "bold", "bold")], width)
    left, right = ([cut for line in lines for cut in _wrapped(line, width)] for _, lines in columns)
    _beside(console, ((a, b, "", "") for a, b in zip_longest(left, right, fillvalue="")), width)


def _listings(comparison: Contrast, console: Console, only_differences: bool) -> None:
    one, other = comparison.base.code, comparison.subject.code
    if one is None or other is None:
        return
    console.print()
    width = _side(console)
    _beside(console, [(comparison.base.name, comparison.subject.name, "bold", "bold")], width)
    pairs = aligned(one.listing.split("\n"), other.listing.split("\n"))
    for pair in differing(pairs) if only_differences else pairs:
        if isinstance(pair, int):
            _say(console, f"  … {pair} rows with equal mnemonics", "dim")
            continue
        left, right = (line or "" for line in pair)
        pieces = zip_longest(_wrapped(left, width), _wrapped(right, width), fillvalue="")
        _beside(console, ((a, b, STYLES.get(left[:1], ""), STYLES.get(right[:1], "")) for a, b in pieces), width)
    _say(console, "; ".join(LEGEND), "dim")


def _width(console: Console) -> int:
    return min(console.width, _WIDEST)


def _side(console: Console) -> int:
    return max(_NARROWEST, (_width(console) - len(_BETWEEN)) // 2)


def _wrapped(line: str, width: int) -> list[str]:
    """A line in pieces that fit, broken at a space where one is near; what follows the first is indented."""
    rest = visible(line.expandtabs(2)).rstrip()
    pieces: list[str] = []
    while len(pieces) < _MOST_PIECES:
        room = width if not pieces else width - len(_INDENT)
        cut = len(rest) if len(rest) <= room else max(rest.rfind(" ", room // 2, room) + 1, 0) or room
        pieces.append((_INDENT if pieces else "") + rest[:cut].rstrip())
        rest = rest[cut:]
        if not rest:
            break
    return pieces


def _beside(console: Console, rows: Iterable[tuple[str, str, str, str]], width: int) -> None:
    for left, right, left_style, right_style in rows:
        line = Text(set_cell_size(visible(left), width), style=left_style)
        line.append(_BETWEEN, style="dim")
        line.append(set_cell_size(visible(right), width).rstrip(), style=right_style)
        console.print(line, soft_wrap=True)
