"""The table of outcomes in the terminal: a matrix per case, variants by faults, a letter for each profile."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.catch import races
from safecost.catch.proving import Proved
from safecost.core.console import show_table
from safecost.document.outcome import ALL_KINDS, LETTERS, Outcome

_NONE = "."  # the variant is not built by that profile


def render(proved: Proved, console: Console, details: bool) -> None:
    """Print the matrix of each case and what its letters mean, and on stderr what went wrong; nothing is markup."""
    for case in dict.fromkeys(one.case for one in proved.outcomes):
        outcomes = [one for one in proved.outcomes if one.case == case]
        profiles = list(dict.fromkeys(one.profile for one in outcomes))
        _line(console, f"{case}: {' '.join(profiles)}")
        show_table(console, _matrix(outcomes, profiles))
    used = {one.kind for one in proved.outcomes}
    legend = ", ".join(f"{LETTERS[kind]} {kind.replace('_', ' ')}" for kind in ALL_KINDS if kind in used)
    if legend:
        _line(console, f"capital: caught; {legend}; {_NONE} not built")
    if details:
        for one in proved.outcomes:
            _line(console, line_of(one))
    _confirmations(proved, console, details)
    if any("race" in fault.oracles for faults in proved.faults.values() for fault in faults):
        _line(console, "races that are rejected when they are compiled, as scripts/safecost rejected shows:")
        for line in races.rejections():
            _line(console, f"  {line}")
    for trouble in proved.troubles:
        print(f"{'broken' if trouble.broken else 'problem'}: {trouble.where}: {trouble.message}", file=sys.stderr)


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)


def _confirmations(proved: Proved, console: Console, details: bool) -> None:
    """Which faults are real, in one line, or one line each with `details`; and why a tool did not look."""
    for tool, reason in proved.gaps.items():
        print(f"gap: {tool}: {reason}", file=sys.stderr)
    if not proved.confirmations:
        return
    confirmed = sum(one.confirmed for one in proved.confirmations)
    missed = sum(one.confirmed and bool(one.missed) for one in proved.confirmations)
    _line(
        console,
        f"faults of raw code: {confirmed} of {len(proved.confirmations)} confirmed, {missed} of them not by every "
        f"oracle that they name; {len(proved.dirty)} errors on valid input",
    )
    for one in proved.confirmations:
        if details or one.missed or not one.confirmed:
            _line(console, f"{one.name}: {one.words}")


def _matrix(outcomes: Sequence[Outcome], profiles: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    faults = list(dict.fromkeys(one.fault for one in outcomes))
    table.add_column("variant")
    for fault in faults:
        table.add_column(Text(fault))
    for variant in dict.fromkeys(one.variant for one in outcomes):
        of_variant = [one for one in outcomes if one.variant == variant]
        cells = [Text(_letters([one for one in of_variant if one.fault == fault], profiles)) for fault in faults]
        table.add_row(Text(variant), *cells)
    return table


def _letters(outcomes: Sequence[Outcome], profiles: Sequence[str]) -> str:
    """One letter a profile, in the order of the title."""
    kinds = {one.profile: one.kind for one in outcomes}
    return " ".join(LETTERS[kinds[profile]] if profile in kinds else _NONE for profile in profiles)


def line_of(one: Outcome) -> str:
    """An outcome as a sentence: what it is, to whom it is owed, what said it, and what the worlds saw."""
    parts = [f"{one.case}/{one.variant}/{one.fault}@{one.profile}: {one.words}"]
    if one.attribution:
        parts.append(f"[{one.attribution}]")
    if one.mechanism:
        parts.append(f"by {one.mechanism}{f': {one.text}' if one.text else ''}")
    if one.reason:
        parts.append(f"({one.reason})")
    if one.evidence:
        parts.append("; ".join(f"{seen.worlds or seen.kind}: {seen.text}" for seen in one.evidence))
    return " ".join(parts)
