"""A history to and from files of JSON Lines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

from safecost.core import files
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import counted, file_name
from safecost.history import lines, tables
from safecost.history.store import File, Store


def export(store: Store, out: Path | None, stdout: IO[bytes]) -> str:
    """Write everything to a file, atomically, or to `stdout`; return what to say of it. Raises ToolError.

    A file is replaced only where the database holds all of its records: it may have come with another branch.
    """
    if out is None:
        for record in store.everything():
            stdout.write(lines.encode(record))
        return ""
    name = file_name(out)
    buffer, ours, count = io.BytesIO(), set(), 0
    for record in store.everything():
        buffer.write(lines.encode(record))
        ours.add((record.RECORD, tables.key(record)))
        count += 1
    if out.exists():
        for number, record in lines.read(out):
            if (record.RECORD, tables.key(record)) not in ours:
                raise UsageError(
                    f"{name}, line {number}, is not in {store.name}: 'scripts/safecost history import {name}' first, so"
                    " that nothing is lost; nothing was written."
                )
    try:
        files.replace(out, buffer.getvalue(), durable=True)
    except OSError as error:
        raise ToolError(f"{name} cannot be written: {error.strerror}.") from error
    return f"wrote {counted(count, 'line')} to {name}"


def load(store: Store, path: Path) -> str:
    """Add the records of a file, and say how many were new. Raises ToolError, and then nothing was added."""
    source = File(path)
    for _ in source:  # before the database is locked: a long file takes its time
        pass
    added = store.add(source)
    name = file_name(path)
    return f"{name}: {counted(added.new, 'new record')}, {added.known} already in {store.name}"
