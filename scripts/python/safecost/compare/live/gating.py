"""Before a gate decides on times: rows that fail, or may, are looked at once more, with fresh launches."""

from __future__ import annotations

from dataclasses import replace

from safecost.compare.gate import Policy, decide
from safecost.compare.live.comparing import Comparing
from safecost.compare.rows import Comparison


def confirmed(comparing: Comparing, made: Comparison, policy: Policy) -> Comparison:
    """The comparison with every regression in time confirmed or denied, save what the policy excuses.

    Where times count, what is suspected of one is looked at as well: a gate that waits for the first launches to
    agree misses half of what is just beyond the margin. The project's limits hold for all looks. Where times are
    never to count, nothing is timed again.
    """
    if policy.time == "advisory":
        return made
    decision = decide(made, policy)
    wanted = [
        row
        for row in decision.comparison.rows
        if row.tier == "time"
        and not row.known_bad
        and (row.verdict == "regression" or (decision.time_counts and row.suspected))
    ]
    again = {row.key: row for row in comparing.confirm(wanted)}
    return replace(made, rows=tuple(again.get(row.key, row) for row in made.rows))
