"""The record of a run: what is published of it, small; `safecost report` makes the rest from that."""

from __future__ import annotations

from pathlib import Path

from safecost.core import compressed, pages
from safecost.core.errors import UsageError
from safecost.core.paths import public_name
from safecost.document import io as document
from safecost.report import charts
from safecost.report import page as report


def write(run: Path, folder: Path) -> Path:
    """Write run.json.xz, report.md, which it returns, and one chart into the folder.

    The document keeps its bytes. Raises UsageError where the folder holds another run.
    """
    file = document.run_file(run)
    data = document.read_bytes(file)
    parsed = document.parse(data, str(file))
    if (folder / document.RUN_FILE).exists():
        raise UsageError(f"--record {folder} holds a run itself: choose another folder.")
    compressed.publish(data, folder / document.RECORD_FILE, document.SIZE_LIMIT)
    drawn = charts.overview(parsed)
    charts.save(drawn, folder, charts.FILE_NAME)
    pages.save(folder / "report.md", report.markdown(parsed, drawn, command(folder)))
    return folder / "report.md"


def command(*runs: Path) -> str:
    """What a reader types to make the report of published runs."""
    return f"scripts/safecost report {' '.join(map(public_name, runs))}"
