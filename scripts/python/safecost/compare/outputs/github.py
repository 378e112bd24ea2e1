"""What GitHub Actions shows of a comparison: annotations, and the summary of the step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from safecost.compare.gate import Decision
from safecost.compare.outputs.markdown import markdown
from safecost.compare.outputs.words import about, headline, listed, verdict_of
from safecost.core.text import shortened, visible

MOST = 10
"""Annotations of one kind that GitHub shows for a step; more are dropped without a word."""

SUMMARY_LIMIT = 1024 * 1024 - 1024
"""Bytes of a step's summary; GitHub refuses a larger one as a whole. A kilobyte is left for what else the step says."""

_LONGEST = 1_000  # characters of one message


def commands(decision: Decision) -> Iterator[str]:
    """Workflow commands, one a line: an error for each row that fails, a warning for each that would; the worst ten.

    Where there are more, the last one counts them.
    """
    worst = [row for row in listed(decision) if decision.status(row) in ("fails", "advisory")]
    lines = [
        (
            "error" if decision.status(row) == "fails" else "warning",
            f"safecost: {verdict_of(row, decision)}",
            f"{row.name}: {about(row)}",
        )
        for row in worst
    ]
    if not lines and decision.exit_code:
        lines.append(("error", "safecost", headline(decision)))
    rest = len(lines) - MOST
    if rest > 0:
        kind = lines[MOST - 1][0]
        more = f"{rest + 1} more rows like these: see the step's summary, or the file that --json writes."
        lines = [*lines[: MOST - 1], (kind, "safecost", more)]
    for kind, title, message in lines:
        yield f"::{kind} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """A message as the runner reads it: one line, of which nothing can begin another command."""
    return (
        shortened(visible(" ".join(text.split())), _LONGEST)
        .replace("%", "%25")
        .replace("\r", "%0D")
        .replace("\n", "%0A")
    )


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def append_summary(decision: Decision, path: Path) -> str | None:
    """Append the comparison to a step's summary as far as it fits; returns what went wrong, which is no failure."""
    try:
        taken = path.stat().st_size if path.exists() else 0
        text = markdown(decision, max(0, SUMMARY_LIMIT - taken - 2))
        if not text:
            return "The step's summary is full: nothing was added."
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n" if taken else f"{text}\n")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return f"The step's summary cannot be written: {getattr(error, 'strerror', None) or error}."
    return None
