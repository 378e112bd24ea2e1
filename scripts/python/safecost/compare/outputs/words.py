"""What every output of a comparison says alike: headline, order of rows, sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from safecost.compare.gate import Decision, severity
from safecost.compare.rows import Comparison, ComparisonRow, How, Metric, RowVerdict, change_text, value_text
from safecost.core.errors import HARNESS, OK, REGRESSION, TOO_NOISY, WRONG_RESULT
from safecost.core.text import counted, percent
from safecost.document.metrics import METRICS

METRIC_NAMES: dict[Metric, str] = {spec.name: spec.words for spec in METRICS}
MEANINGS: dict[int, str] = {
    OK: "passes",
    HARNESS: "something that base has is missing in head",
    REGRESSION: "regression",
    TOO_NOISY: "refused, too noisy",
    WRONG_RESULT: "wrong result or broken claim",
}
HOW: dict[How, str] = {
    "documents": "two runs; ratios of times are compared with ratios, each measured in its own run",
    "live": "base and head timed in one process",
    "unpaired": "times of Google Benchmark, each side by itself",
}
SPOKEN_OF: tuple[RowVerdict, ...] = ("wrong", "regression", "missing", "changed", "improvement")
"""Verdicts whose rows are listed; of the others there are counts, but for what may be a difference."""


def headline(decision: Decision) -> str:
    """`Gate: 3, regression. 2 regressions: instructions 2.`"""
    reasons = " ".join(decision.reasons) or "Nothing that counts has become worse."
    return f"Gate: {decision.exit_code}, {MEANINGS[decision.exit_code]}. {reasons}"


def listed(decision: Decision) -> list[ComparisonRow]:
    """The rows worth a line, worst first: those that fail, those that would, then the rest that differs, or may."""
    rows = [row for row in decision.comparison.rows if row.verdict in SPOKEN_OF or _may_differ(row)]
    order = ("fails", "advisory", "excused", "fine")
    return sorted(rows, key=lambda row: (order.index(decision.status(row)), severity(row)))


def _may_differ(row: ComparisonRow) -> bool:
    """Is it a time that is not decided, and reads as beyond the margin?"""
    if row.verdict != "inconclusive" or row.change is None or row.limit is None:
        return False
    return abs(math.log1p(row.change)) > math.log1p(row.limit.relative)


def verdict_of(row: ComparisonRow, decision: Decision) -> str:
    """`regression`, `regression (advisory)`, `missing (known bad)`."""
    status = decision.status(row)
    extra = {"advisory": " (advisory)", "excused": " (known bad)"}.get(status, "")
    return row.verdict + extra


def counts(comparison: Comparison) -> str:
    """How many rows have which verdict: `210 rows: 2 regression, 208 unchanged`."""
    tally = Counter(row.verdict for row in comparison.rows)
    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.items(), key=lambda one: -one[1]))
    return f"{counted(len(comparison.rows), 'row')}: {said}"


def by_metric(comparison: Comparison) -> list[tuple[str, dict[RowVerdict, int]]]:
    """For each metric that has rows, how many have which verdict."""
    tally: dict[Metric, Counter[RowVerdict]] = {}
    for row in comparison.rows:
        tally.setdefault(row.metric, Counter())[row.verdict] += 1
    return [(METRIC_NAMES[metric], dict(found)) for metric, found in tally.items()]


def cells(row: ComparisonRow) -> list[str]:
    """What a table has of a row: name, metric, base, head, change."""
    values = [value_text(value, row.metric) for value in (row.base, row.head)]
    return [row.name, METRIC_NAMES[row.metric], *values, change_text(row)]


def about(row: ComparisonRow) -> str:
    """A row in a sentence: `instructions 9,231 → 9,400, +1.8 %, limit 0.2 % or 1`, with its note."""
    words = f"{METRIC_NAMES[row.metric]} {value_text(row.base, row.metric)} → {value_text(row.head, row.metric)}"
    if row.change is not None:
        words += f", {change_text(row)}"
    if row.limit is not None and row.verdict == "regression" and isinstance(row.head, float):
        words += f", limit {row.limit.words}"
    if row.place.against is not None:
        words += f", over {row.place.against}"
    return words + "".join(f"; {one}" for one in remarks(row))


def remarks(row: ComparisonRow) -> Iterator[str]:
    """What is said of a row beside its numbers."""
    if row.note:
        yield row.note
    if row.known_bad is not None:
        yield f"known bad: {row.known_bad}"
    if row.tier == "time" and row.same_code and row.verdict in ("regression", "improvement"):
        yield "the machine code is the same in both"
    if row.confirmed is False:
        yield "fresh launches did not confirm it"


def closing(decision: Decision) -> list[tuple[str, str]]:
    """(kind, sentence) of what is said below the rows: why times are advice, warnings, the policy's notes."""
    comparison = decision.comparison
    lines = [("advisory", reason) for reason in comparison.advisory]
    lines += [("warning", gone) for gone in comparison.gone]
    lines += [("warning", warning) for warning in comparison.warnings]
    return lines + [("policy", note) for note in decision.notes]


def margin_words(comparison: Comparison) -> str:
    """What a difference of times has to exceed."""
    return f"a difference of times counts beyond {percent(comparison.margin)}"
