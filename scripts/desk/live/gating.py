"""Before a gate goes red on times: rows that would fail are looked at once more, with fresh launches."""

from __future__ import annotations

from dataclasses import replace

from desk.comparison import Comparison
from desk.gate import Policy, decide
from desk.live.comparing import Comparing


def confirmed(comparing: Comparing, made: Comparison, policy: Policy) -> Comparison:
    """The comparison with every regression in time confirmed or denied, save what the policy excuses.

    The project's limits hold for both looks. Where times are never to count, nothing is timed again.
    """
    if policy.time == "advisory":
        return made
    judged = decide(made, policy).comparison
    wanted = {
        row.key for row in judged.rows if row.tier == "time" and row.verdict == "regression" and not row.known_bad
    }
    again = {row.key: row for row in comparing.confirm([row for row in judged.rows if row.key in wanted])}
    return replace(made, rows=tuple(again.get(row.key, row) for row in made.rows))
