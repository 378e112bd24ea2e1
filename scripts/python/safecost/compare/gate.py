"""Whether a comparison passes: limits, what is known to be bad, and the exit code, with reasons. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from safecost.compare.limits import KnownBadEntry, LimitEntry, holds, limit_of
from safecost.compare.rows import VERDICTS, WORDS, Comparison, ComparisonRow, Metric, RowPlace, judged
from safecost.core.errors import HARNESS, OK, REGRESSION, TOO_NOISY, WRONG_RESULT
from safecost.core.text import counted, shown

TimePolicy = Literal["auto", "gate", "advisory"]
"""auto: times count where nothing speaks against it; gate: they must, or the gate refuses; advisory: they never do."""

RowStatus = Literal["fails", "advisory", "excused", "fine"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project wants of its gate; `today` decides which known-bad rows have expired."""

    today: date
    limits: tuple[LimitEntry, ...] = ()
    known_bad: tuple[KnownBadEntry, ...] = ()
    time: TimePolicy = "auto"
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate makes of a comparison, whose rows have the project's limits and excuses now.

    `failing` are the rows for which it is red, worst first; `reasons` are sentences, the first names the exit code's.
    `notes` are of the policy: entries that have expired, or that hold nothing.
    """

    exit_code: int
    comparison: Comparison
    failing: tuple[ComparisonRow, ...]
    failing_keys: frozenset[tuple[RowPlace, Metric]]
    reasons: tuple[str, ...]
    time_counts: bool
    notes: tuple[str, ...]

    def status(self, row: ComparisonRow) -> RowStatus:
        """What a row does to the gate."""
        if row.known_bad is not None:
            return "excused"
        if row.verdict not in ("wrong", "regression", "missing"):
            return "fine"
        return "fails" if row.key in self.failing_keys else "advisory"


def decide(comparison: Comparison, policy: Policy) -> Decision:
    """Apply the policy; the worst that is found decides: a wrong result, a regression, what is missing, noise."""
    limited = [_limited(row, policy.limits) for row in comparison.rows]
    rows = tuple(_excused(row, policy) for row in limited)
    judged_now = replace(comparison, rows=rows)
    time_counts = policy.time != "advisory" and not comparison.advisory
    failing = tuple(sorted((row for row in rows if _fails(row, judged_now, policy, time_counts)), key=severity))
    found = sorted(_reasons(judged_now, policy, failing), key=lambda each: _PRECEDENCE.index(each[0]))
    code = found[0][0] if found else OK
    reasons = tuple(reason for _, reason in found)
    keys = frozenset(row.key for row in failing)
    return Decision(code, judged_now, failing, keys, reasons, time_counts, tuple(_notes(policy, limited)))


_PRECEDENCE = (WRONG_RESULT, REGRESSION, HARNESS, TOO_NOISY)


def severity(row: ComparisonRow) -> tuple[int, int, float, str, str]:
    """A key that sorts rows worst first: by verdict, words before numbers before times, then by how much."""
    change = row.low if row.low is not None else row.change
    kind = 2 if row.tier == "time" else 0 if row.metric in WORDS else 1
    return VERDICTS.index(row.verdict), kind, -abs(change or 0.0), row.name, row.metric


def _limited(row: ComparisonRow, rules: Sequence[LimitEntry]) -> ComparisonRow:
    limit = limit_of(row, rules)
    return row if limit is None else judged(row, limit)


def _excused(row: ComparisonRow, policy: Policy) -> ComparisonRow:
    """The row with the reason that excuses it; a wrong result has no excuse."""
    if row.verdict not in ("regression", "missing"):
        return row
    for entry in _in_force(policy):
        if holds(entry, row):
            return replace(row, known_bad=entry.reason)
    return row


def _in_force(policy: Policy) -> list[KnownBadEntry]:
    return [entry for entry in policy.known_bad if entry.expires >= policy.today]


def _fails(row: ComparisonRow, comparison: Comparison, policy: Policy, time_counts: bool) -> bool:
    if row.known_bad is not None:
        return False
    if row.verdict == "wrong":
        return True
    if row.verdict == "missing":  # no noise makes a row go away
        return not policy.allow_missing and (row.tier == "exact" or policy.time != "advisory")
    if row.verdict != "regression":
        return False
    # Timed in one process, a regression can be looked at again, and counts only if it was.
    unconfirmed = comparison.how == "live" and row.confirmed is not True
    return row.tier == "exact" or (time_counts and not unconfirmed)


def _reasons(comparison: Comparison, policy: Policy, failing: Sequence[ComparisonRow]) -> Iterator[tuple[int, str]]:
    """Every reason for another exit code than 0."""
    by_verdict = {verdict: [row for row in failing if row.verdict == verdict] for verdict in VERDICTS}
    if wrong := by_verdict["wrong"]:
        yield WRONG_RESULT, f"{counted(len(wrong), 'wrong result or broken claim', 'wrong results or broken claims')}."
    if worse := by_verdict["regression"]:
        yield REGRESSION, f"{counted(len(worse), 'regression')}: {_by_metric(worse)}."
    if missing := by_verdict["missing"]:
        verb = "is" if len(missing) == 1 else "are"
        yield (
            HARNESS,
            f"{counted(len(missing), 'row')} of base {verb} missing in head ({_by_metric(missing)}): what was not"
            " looked at cannot pass.",
        )
    # A kind of rows that head has none of has no row that an entry could name: one that is about all rows excuses it.
    if not policy.allow_missing and not any(entry.name == entry.metric == "*" for entry in _in_force(policy)):
        yield from ((HARNESS, gone) for gone in comparison.gone)
    if policy.time == "gate":
        if not any(row.tier == "time" for row in comparison.rows):
            yield HARNESS, "Times are to be gated, and there are none."
        for reason in comparison.advisory:
            yield TOO_NOISY, f"Times are to be gated and cannot be: {reason}"


def _by_metric(rows: Iterable[ComparisonRow]) -> str:
    counts = Counter(row.metric.replace("_", " ") for row in rows)
    return ", ".join(f"{metric} {count}" for metric, count in counts.items())


def _notes(policy: Policy, rows: Sequence[ComparisonRow]) -> Iterator[str]:
    """What to tidy up in the policy."""
    for at, limit in enumerate(policy.limits, 1):
        if not any(holds(limit, row) for row in rows):
            yield f"Limit {at} ({shown(limit.name)}) holds no row."
    bad = [row for row in rows if row.verdict in ("regression", "missing")]
    for at, entry in enumerate(policy.known_bad, 1):
        about = f"Known-bad entry {at} ({shown(entry.name)})"
        if not any(holds(entry, row) for row in bad):
            yield f"{about} holds nothing that is bad: remove it."
        elif entry.expires < policy.today:
            yield f"{about} expired on {entry.expires.isoformat()}: its rows count again."
