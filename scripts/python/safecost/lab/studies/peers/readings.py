"""From what each tool writes to an estimate: pure functions."""

from __future__ import annotations

import importlib
import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from safecost.core.errors import ToolError
from safecost.lab.studies.peers.records import PeerEstimate
from safecost.stats.pairs import summarise

ALPHA = 0.05  # of compare.py, unless it is told otherwise
TANGO_Z = 2.6  # from which on tango calls a difference significant
COMPARE_FOLDER = Path("/usr/share/benchmark")

Compare = Callable[[Mapping[str, Any], Mapping[str, Any]], float]
"""The p of Google Benchmark's U test of two runs, of one benchmark each."""


def of_launches(ratios: Sequence[float], margin: float) -> PeerEstimate:
    """safecost: the median over launches with its interval, and the verdict against the margin."""
    pair = summarise(ratios, margin)
    if pair.low is None or pair.high is None:
        raise ToolError(f"safecost has no interval over {len(ratios)} launches: give more seconds.")
    different = not pair.low <= 1.0 <= pair.high
    return PeerEstimate(pair.ratio, pair.low, pair.high, different, pair.verdict in {"slower", "faster"})


def compare_py() -> Compare:
    """The U test of compare.py, by its own functions; raises ToolError where it is not installed."""
    if not (COMPARE_FOLDER / "gbench" / "report.py").exists():
        raise ToolError(f"compare.py is not in {COMPARE_FOLDER}: Debian has it in libbenchmark-tools")
    if str(COMPARE_FOLDER) not in sys.path:
        sys.path.append(str(COMPARE_FOLDER))
    report = importlib.import_module("gbench.report")

    def compare(base: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        found = report.get_difference_report(base, other, utest=True)
        return float(found[0]["utest"]["time_pvalue"])

    return compare


def of_google(texts: Sequence[str], names: tuple[str, str], compare: Compare) -> PeerEstimate:
    """Google Benchmark: the medians of the repetitions, and compare.py's U test. `texts` are one run's JSON, or two."""
    try:
        runs = [json.loads(text) for text in texts]
        # compare.py matches benchmarks by name; its filter mode renames them so.
        base, other = (
            {"benchmarks": [{**each, "name": "pair"} for each in run["benchmarks"] if _is_repetition(each, name)]}
            for run, name in zip((runs[0], runs[-1]), names, strict=True)
        )
        times = [median(each["real_time"] for each in one["benchmarks"]) for one in (base, other)]
        ratio = times[1] / times[0]
        p = compare(base, other)
    except (ValueError, KeyError, TypeError, ArithmeticError, LookupError) as error:
        raise ToolError(f"Google Benchmark gave no times of {' and '.join(names)}: {error}.") from error
    return PeerEstimate(ratio, None, None, p < ALPHA)


def _is_repetition(entry: Mapping[str, Any], name: str) -> bool:
    return entry.get("run_type") == "iteration" and entry["name"].split("/")[0] == name


def of_nanobench(text: str) -> PeerEstimate:
    """nanobench's compare(), whose ratio is that of the base over the other."""
    try:
        said = json.loads(text)
        ratio, low, high = (1.0 / said[name] for name in ("relative", "high", "low"))
        return PeerEstimate(ratio, low, high, bool(said["significant"]))
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise ToolError(f"nanobench gave no ratio: {text.strip()[-200:]!r}.") from error


def of_tango(text: str, samples: str) -> PeerEstimate:
    """tango: the change of its samples with an interval by its own z, and the star of what it prints."""
    said = re.search(r"([+-]\d+(?:\.\d+)?)%(\*?)\s*$", text, re.MULTILINE)
    rows = [[float(cell) for cell in line.split(",")] for line in samples.splitlines()]
    if said is None or not rows:
        raise ToolError(f"tango gave no change: {text.strip()[-200:]!r}.")
    base = fmean(row[0] for row in rows)
    differences = [row[1] - row[0] for row in rows]
    change, different = fmean(differences) / base, said[2] == "*"
    if len(rows) == 1:  # of little time; it stars that, too
        return PeerEstimate(1.0 + change, None, None, different)
    error = stdev(differences) / math.sqrt(len(rows)) / base
    low, high = (1.0 + change + side * TANGO_Z * error for side in (-1.0, 1.0))
    return PeerEstimate(1.0 + change, max(low, 1e-9), high, different)
