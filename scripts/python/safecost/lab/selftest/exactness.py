"""Are instruction counts the same in every run? Counts some cases again, each time in another environment."""

from __future__ import annotations

import os
import secrets
from collections import defaultdict
from unittest import mock

from safecost.core.errors import ToolError
from safecost.core.text import counted
from safecost.lab.selftest.bench import RealBench
from safecost.lab.selftest.figures import Counted


def count_again(
    bench: RealBench, runs: int, cases: tuple[str, ...] = ("calibration/branchy", "indexing/gather")
) -> Counted:
    """Count every contender of a few cases in so many runs; raises ToolError where nothing was counted."""
    found: dict[tuple[str, str, str, int], list[int | None]] = defaultdict(list)
    for number in range(runs):
        padding = {f"SAFECOST_PADDING_{i}": secrets.token_hex(40 * number) for i in range(number)}
        with mock.patch.dict(os.environ, padding):
            result = bench.count(cases)
        if result.counting.status != "counted":
            raise ToolError(result.counting.reason or "nothing was counted")
        for one in result.counts:
            found[one.case, one.profile, one.variant, one.size].append(one.instructions)
    if not found:
        raise ToolError(f"none of {counted(len(cases), 'case')} could be counted")
    same = sum(len(set(values)) == 1 and values[0] is not None and len(values) == runs for values in found.values())
    return Counted(len(found), runs, same)
