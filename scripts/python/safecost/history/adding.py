"""Adds a run document to a history."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from safecost.core.text import counted, file_name
from safecost.document import io as document
from safecost.history import of_document
from safecost.history.records import RunRecord
from safecost.history.store import Store

_NOUNS = {"pair": "pair", "count": "count", "code": "kernel", "proof": "outcome"}


def add(store: Store, run: Path) -> str:
    """Add the run in a folder or file, and say what was added; raises ToolError."""
    file = document.run_file(run)
    made = document.read(file)
    name = file_name(file)
    records = of_document.records(made, name)
    known = store.known_as(records[0]) if isinstance(records[0], RunRecord) else None
    if known is None and not store.add(records).new:
        known = records[0].run
    if known is not None:
        return f"{name}: already in {store.name}, as run {known[:8]}"
    kinds = Counter(one.RECORD for one in records)
    what = ", ".join(counted(kinds[kind], noun) for kind, noun in _NOUNS.items())
    incomplete = "" if made.run.complete else "; it was interrupted, and what it lacks is no part of it"
    return f"{name}: added to {store.name} as run {records[0].run[:8]}: {what}{incomplete}"
