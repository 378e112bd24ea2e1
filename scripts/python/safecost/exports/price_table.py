"""The prices of safety as a table: a row for each compiler, scope, tier and raw code it is over."""

from __future__ import annotations

import csv
import io

from safecost.exports.selected import Selected
from safecost.report import safety
from safecost.report.prices import groups

COLUMNS = (
    "profile", "tier", "builds", "scope", "over", "mean", "low", "high", "priced", "cases", "median",
    "worst", "worst_contender", "left_out_low", "left_out_high", "chosen_from", "filtered",
)  # fmt: skip


def price_table(selected: Selected) -> str:
    """CSV of the prices, RFC 4180, empty where there is none; of the whole run, whatever was selected.

    `priced` of `cases` have a price; a `filtered` run has prices of what was measured and of nothing else.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for group in groups(selected.document) if selected.document.proofs else ():
        for (scope, tier, over), made in group.frontiers.items():
            if tier not in safety.tiers(group):
                continue
            worst, left_out = made.worst, made.left_out or (None, None)
            writer.writerow(
                (
                    group.name,
                    tier,
                    " ".join(safety.builds(group, tier)),
                    scope,
                    over,
                    made.mean,
                    made.low,
                    made.high,
                    len(made.prices),
                    made.cases,
                    made.median,
                    worst and worst.ratio,
                    worst and f"{worst.case}/{worst.variant}@{worst.profile}",
                    *left_out,
                    made.chosen_from,
                    "no" if selected.document.run.filter is None else "yes",
                )
            )
    return buffer.getvalue()
