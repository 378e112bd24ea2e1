"""What a user gives as base and head: a run's folder, its document, or a file of Google Benchmark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safecost.compare import documents as comparison_of
from safecost.compare import google_benchmark, unpaired
from safecost.compare.google_benchmark import Benchmarks, BenchmarkTimes
from safecost.compare.outputs.json_file import is_comparison
from safecost.compare.rows import Comparison, SideFacts
from safecost.core.errors import UsageError
from safecost.core.text import file_name, shown
from safecost.document import io as document
from safecost.document.types import Document

WANTED = "the folder of a run, its run.json, or the JSON of Google Benchmark"


def compare(base: Path, head: Path, pattern: re.Pattern[str] | None = None, margin: float | None = None) -> Comparison:
    """The rows of two files whose names match; raises UsageError that says what is wrong with which."""
    before, after = read(base, "base"), read(head, "head")
    if isinstance(before, Document) and isinstance(after, Document):
        made = comparison_of.compare(before, after, (file_name(base), file_name(head)), margin)
    else:
        old, new = _benchmarks(before, base), _benchmarks(after, head)
        said = tuple(warning for one in (before, after) if isinstance(one, Benchmarks) for warning in one.warnings)
        used = unpaired.MARGIN if margin is None else margin
        made = unpaired.compare(old, new, used, said)
    if base.samefile(head):
        made = replace(made, warnings=("Base and head are the same file.", *made.warnings))
    return _with_common_rows(made, pattern)


def read(path: Path, role: str) -> Document | Benchmarks:
    """What a file holds; `role`, base or head, says what is missing where there is none."""
    name = file_name(path)
    file = document.run_file(path)
    if not file.exists():
        remedy = "give the baseline, or measure one in the same job first" if role == "base" else "measure it first"
        raise UsageError(f"there is no {role}: {file_name(file)} does not exist; {remedy}.")
    plain = document.read_json(file, WANTED)
    if google_benchmark.is_google_benchmark(plain):
        return google_benchmark.parse(plain, str(file))
    if is_comparison(plain):
        raise UsageError(f"{name} is a comparison, and not what can be compared: give {WANTED}.")
    if not isinstance(plain, dict) or "schema" not in plain:
        raise UsageError(f"{name} is neither a run document nor the JSON of Google Benchmark: give {WANTED}.")
    return document.checked(plain, str(file))


def _benchmarks(one: Document | Benchmarks, path: Path) -> tuple[SideFacts, Mapping[str, BenchmarkTimes]]:
    if isinstance(one, Benchmarks):
        return SideFacts(file_name(path), one.facts), one.times
    return comparison_of.side(one, file_name(path)), google_benchmark.times_of(one)


def _with_common_rows(made: Comparison, pattern: re.Pattern[str] | None) -> Comparison:
    """The comparison with the rows that match; raises UsageError where base and head have nothing in common."""
    rows = tuple(row for row in made.rows if pattern is None or pattern.search(row.name))
    if made.rows and not rows and pattern is not None:
        raise UsageError(f"--filter {shown(pattern.pattern)} leaves nothing of {len(made.rows)} rows.")
    if not any(row.base is not None and row.head is not None for row in rows):
        if unusable := next((warning for warning in made.warnings if "has no usable time" in warning), None):
            raise UsageError(f"{unusable} So base and head have no time in common; nothing was compared.")
        has = [
            next((row.name for row in rows if getattr(row, which) is not None), "nothing") for which in ("base", "head")
        ]
        raise UsageError(
            f"base and head have nothing in common: base has {shown(has[0], quoted=False)}, head"
            f" {shown(has[1], quoted=False)}, and so on; nothing was compared."
        )
    return replace(made, rows=rows)
