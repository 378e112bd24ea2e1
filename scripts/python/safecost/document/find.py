"""Finds a finished run that holds a case."""

from __future__ import annotations

from pathlib import Path

from safecost.core.errors import UsageError
from safecost.core.paths import LOCAL_RESULTS
from safecost.document import io as document
from safecost.document.types import Document


def read(run: Path | None, case: str) -> Document:
    """The document of `run`, or of the newest local run that measured `case`.

    Raises UsageError that says how to get one where there is none.
    """
    if run is not None:
        return document.read(run)
    candidates = map(document.find_run, LOCAL_RESULTS.glob("*"))
    files = [file for file in candidates if file is not None and file.is_file()]
    for file in sorted(files, key=lambda one: one.stat().st_mtime, reverse=True):
        try:
            made = document.read(file)
        except UsageError:  # written by another version: an older run must not hide a newer one
            continue
        if any(panel.case == case for panel in made.panels) or any(code.case == case for code in made.codes):
            return made
    raise UsageError(
        f"no run in results/{LOCAL_RESULTS.name} holds {case}: measure it with --measure, or give a run with --run."
    )
