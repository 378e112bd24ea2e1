"""Each format is one function from what is selected to text; the same run gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from safecost.document.metrics import Part, metrics_of, spec_of
from safecost.document.rows import ExactValues
from safecost.exports.latex import latex
from safecost.exports.price_table import price_table
from safecost.exports.selected import Selected
from safecost.history.records import CodeRecord, CountRecord, PairRecord, ProofRecord
from safecost.stats.spread import Spread

_CACHES = {"data": "Data", "instruction": "Instruction", "unified": "Unified"}  # as Google Benchmark spells them


def google_benchmark(selected: Selected) -> str:
    """Google Benchmark's JSON: a benchmark is a contender, a repetition one launch, so that compare.py can test them.

    Its times are wall times of a call, the median over a launch's rounds; `cpu_time` repeats them. What is exact of a
    contender stands there as user counters.
    """
    machine, run = selected.document.machine, selected.document.run
    context = {
        "date": run.started.replace("Z", "+00:00"),
        "executable": "safecost",
        "num_cpus": machine.logical_cpus,
        "mhz_per_cpu": 0,
        "cpu_scaling_enabled": machine.governor not in {None, "performance"},
        "caches": [
            {"type": _CACHES.get(one.kind, one.kind), "level": one.level, "size": one.bytes, "num_sharing": 0}
            for one in machine.caches
        ],
        "load_avg": [machine.load_before],
        "library_build_type": "release",
        "safecost_version": selected.document.suite.version,
        "safecost_commit": selected.document.suite.commit or "unknown",
    }
    exact = ExactValues(selected.document)
    counters = {
        one.name: exact.of(one.panel.case, one.contender.variant, one.contender.profile, one.panel.place)
        for one in selected.timed
    }
    benchmarks = [
        {
            "name": one.name,
            "family_index": index,
            "per_family_instance_index": 0,
            "run_name": one.name,
            "run_type": "iteration",
            "repetitions": len(one.contender.nanoseconds),
            "repetition_index": repetition,
            "threads": 1,
            "iterations": launch.calls * launch.rounds,
            "real_time": nanoseconds,
            "cpu_time": nanoseconds,
            "time_unit": "ns",
            **{key: value for key, value in counters[one.name].items() if value is not None},
        }
        for index, one in enumerate(selected.timed)
        for repetition, (launch, nanoseconds) in enumerate(
            zip(one.panel.launches, one.contender.nanoseconds, strict=True)
        )
    ]
    return _json({"context": context, "benchmarks": benchmarks})


def github_action_benchmark(selected: Selected) -> str:
    """The list that github-action-benchmark reads as customSmallerIsBetter: ratios, and instructions of a call."""
    found: list[dict[str, Any]] = []
    for pair in selected.costs:
        one = {"name": pair.subject, "unit": "ratio", "value": pair.ratio}
        if pair.low is not None and pair.high is not None:
            one["range"] = f"{pair.low:.4g} to {pair.high:.4g}"
        said = f"{pair.kind} cost, {pair.verdict}, {pair.launches} launches"
        found.append({**one, "extra": said})
    instructions = spec_of("instructions")
    for count in selected.counts:
        value = instructions.read(count)
        if value is not None:
            found.append({"name": f"instructions of {count.subject}", "unit": instructions.unit, "value": value})
    return _json(found)


def bencher(selected: Selected) -> str:
    """Bencher Metric Format: a benchmark is a pair or a contender; https://bencher.dev/bmf.json is its schema."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for pair in selected.costs:
        metric = {"value": pair.ratio}
        if pair.low is not None and pair.high is not None:
            metric |= {"lower_value": pair.low, "upper_value": pair.high}
        found[_short(pair.subject)] = {"ratio": metric}
    for one in selected.timed:
        times = one.contender.nanoseconds
        found.setdefault(_short(one.name), {})["latency"] = {
            "value": one.nanoseconds, "lower_value": min(times), "upper_value": max(times)
        }  # fmt: skip
    parts: tuple[tuple[Part, Sequence[CountRecord | CodeRecord | ProofRecord]], ...] = (
        ("count", selected.counts),
        ("code", selected.codes),
        ("proof", selected.proofs),
    )
    for part, records in parts:
        for record in records:
            values = {spec.key: spec.read(record) for spec in metrics_of(part)}
            measures = found.setdefault(_short(record.subject), {})
            measures.update({key: {"value": value} for key, value in values.items() if value is not None})
    return _json({name: measures for name, measures in found.items() if measures})


def as_csv(selected: Selected) -> str:
    """Every pair with all that is known of it, RFC 4180; A/A pairs and calibrations too, for whoever judges the run.

    Behind that stands what is exact of the numerator, and where the interval's width comes from.
    """
    names = [field.name for field in fields(PairRecord) if field.name != "run"]
    exact = ExactValues(selected.document)
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # commas, quotes doubled, lines end with CR LF
    shares = [field.name for field in fields(Spread)]
    widths = [f"width_{name}" for name in shares]
    writer.writerow(["name", *names, *(spec.key for spec in ExactValues.SPECS), *widths])
    for pair in selected.pairs:
        own = (pair.subject, *(getattr(pair, name) for name in names))
        values = exact.of(pair.case, pair.variant, pair.profile, pair.place).values()
        spread = selected.spreads[pair.subject]
        parts = (None if spread is None else getattr(spread, name) for name in shares)
        writer.writerow([_cell(value) for value in (*own, *values, *parts)])
    return buffer.getvalue()


FORMATS: Mapping[str, Callable[[Selected], str]] = {
    "google-benchmark": google_benchmark,
    "github-action-benchmark": github_action_benchmark,
    "bencher": bencher,
    "csv": as_csv,
    "prices": price_table,
    "latex": latex,
}


def _short(name: str) -> str:
    return name[:1024]  # what Bencher takes


def _cell(value: Any) -> Any:
    """A value for a spreadsheet, which must not take a text from a stranger's run for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
