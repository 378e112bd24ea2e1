"""A comparison as Markdown: for a comment, a file, or the summary of a step in GitHub Actions."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.compare.gate import Decision
from safecost.compare.outputs.words import (
    HOW,
    by_metric,
    cells,
    closing,
    headline,
    listed,
    margin_words,
    remarks,
    verdict_of,
)
from safecost.compare.rows import VERDICTS, ComparisonRow
from safecost.core.pages import inline

MOST_ROWS = 300  # code hosts refuse to render longer pages
MOST_LINES = 50  # of each kind of sentence below the rows
_TITLES = {"advisory": "Times are advice only", "warning": "Warnings", "policy": "Limits and excuses"}
HEADINGS = "| What | Metric | Base | Head | Change | Verdict |\n|---|---|---:|---:|---|---|"


def markdown(decision: Decision, most_bytes: int | None = None) -> str:
    """The comparison, with as many of its rows as fit into MOST_ROWS and, where given, into so many bytes of UTF-8.

    Whatever is left out is counted. Even without any row the text may need a few thousand bytes; below that it is the
    headline alone, and below that nothing.
    """
    rows = listed(decision)
    shown = rows[:MOST_ROWS]
    while most_bytes is not None and len(_page(decision, shown, len(rows) - len(shown)).encode()) > most_bytes:
        if not shown:
            short = f"## safecost compare\n\n**{inline(headline(decision))}**\n"
            return short if len(short.encode()) <= most_bytes else ""
        shown = shown[: len(shown) // 2]
    return _page(decision, shown, len(rows) - len(shown))


def _page(decision: Decision, shown: Sequence[ComparisonRow], rest: int) -> str:
    comparison = decision.comparison
    parts = ["## safecost compare", f"**{inline(headline(decision))}**"]
    parts.append(f"{inline(HOW[comparison.how].capitalize())}; {inline(margin_words(comparison))}.")
    if shown:
        parts.append("\n".join([HEADINGS, *(_line(row, decision) for row in shown)]))
    if rest:
        parts.append(f"{rest} more rows are not shown; the file that --json writes has them all.")
    for kind, title in _TITLES.items():
        lines = [f"- {inline(line)}" for one, line in closing(decision) if one == kind]
        if lines:
            parts.append(f"{title}:\n\n" + "\n".join(lines[:MOST_LINES]))
    parts.append(_summary(decision))
    parts.append(_sides(decision))
    return "\n\n".join(parts) + "\n"


def _line(row: ComparisonRow, decision: Decision) -> str:
    over = f", over {row.place.against}" if row.place.against else ""
    verdict = verdict_of(row, decision)
    strong = f"**{verdict}**" if decision.status(row) == "fails" else verdict
    note = "".join(f"; {inline(one)}" for one in remarks(row))
    name, metric, *values = cells(row)
    return "| " + " | ".join([*map(inline, (name, metric + over, *values)), strong + note]) + " |"


def _summary(decision: Decision) -> str:
    """Rows by metric and verdict."""
    found = by_metric(decision.comparison)
    used = [verdict for verdict in VERDICTS if any(verdict in tally for _, tally in found)]
    lines = ["| Rows | " + " | ".join(used) + " |", "|---" + "|---:" * len(used) + "|"]
    lines += [
        f"| {name} | " + " | ".join(str(tally.get(verdict, 0)) for verdict in used) + " |" for name, tally in found
    ]
    return "\n".join(lines)


def _sides(decision: Decision) -> str:
    """Facts of base and head side by side."""
    base, head = decision.comparison.base, decision.comparison.head
    before, after = dict(base.facts), dict(head.facts)
    lines = ["| | Base | Head |", "|---|---|---|", f"| name | {inline(base.name)} | {inline(head.name)} |"]
    for what in dict.fromkeys([*before, *after]):
        lines.append(f"| {inline(what)} | {inline(before.get(what, '-'))} | {inline(after.get(what, '-'))} |")
    return "\n".join(lines)
