"""What a user gives to see several runs side by side: each read and checked, the same run taken once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from safecost.core.errors import UsageError
from safecost.core.text import counted, file_name, shown
from safecost.cross_run.agreement import LETTERS, MOST_RUNS, Given
from safecost.document import io as document

MOST_BYTES = document.SIZE_LIMIT
"""Of all documents together: they are in memory at once, and this is far above what real runs have."""


def read_runs(paths: Sequence[Path]) -> tuple[list[Given], list[str]]:
    """The runs in the order given, and notes of what was left out.

    Raises UsageError where one cannot be read, where they are too many or too large, or where all are the same run.
    """
    if len(paths) > MOST_RUNS:
        raise UsageError(f"{len(paths)} runs are given, and a page has room for {MOST_RUNS}: choose among them.")
    runs: list[Given] = []
    notes: list[str] = []
    seen: dict[str, Given] = {}
    total = 0
    for path in paths:
        file = document.run_file(path)
        data = document.read_bytes(file)
        total += len(data)
        if total > MOST_BYTES:
            raise UsageError(
                f"these documents have {total} bytes together or more, and at most {MOST_BYTES} are held side by side:"
                " give fewer."
            )
        made = document.parse(data, str(file))
        digest = hashlib.sha256(document.encode(made)).hexdigest()
        if digest in seen:
            first = seen[digest]
            notes.append(f"{_name(path)} is the same run as {first.letter} ({first.name}), so it is shown once.")
            continue
        seen[digest] = Given(LETTERS[len(runs)], _name(path), made)
        runs.append(seen[digest])
    if len(runs) < 2:
        raise UsageError(
            f"{file_name(paths[0])} is given {counted(len(paths), 'time')}, by one name or"
            " several: to see runs side by side give another one, or give it once for its own report."
        )
    return runs, notes


def _name(path: Path) -> str:
    """What a reader knows the run by, the name of its folder or of its document: a machine's paths are private."""
    whole = path.resolve()
    name = whole.parent.name if whole.name in {document.RUN_FILE, document.RECORD_FILE} else whole.name
    return shown(name or "run", quoted=False)
