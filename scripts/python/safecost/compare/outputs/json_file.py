"""A comparison as JSON, versioned; comparison.schema.json is made of the types here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from safecost.compare.gate import Decision, RowStatus
from safecost.compare.rows import METRICS, How, Limit, Metric, RowPlace, RowVerdict, SideFacts, Tier, Value
from safecost.core.decoding import filled

SCHEMA = "safecost-comparison"

Sentences = tuple[str, ...]
_MetricName = Annotated[Metric, Meta(extra_json_schema={"enum": list(METRICS)})]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate makes of the comparison."""

    exit_code: Annotated[
        Literal[0, 1, 3, 4, 5],
        Meta(description="0 passes; 1 missing; 3 regression; 4 refused, too noisy; 5 wrong result or broken claim."),
    ]
    reasons: Annotated[Sentences, Meta(description="Worst first; empty for exit code 0.")]
    time_counts: Annotated[bool, Meta(description="Could a time have failed it?")]
    notes: Annotated[Sentences, Meta(description="Of limits and excuses.")]


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its name and what it does to the gate; `place` has null where a part does not apply."""

    name: str
    place: RowPlace
    tier: Tier
    metric: _MetricName
    base: Annotated[Value, Meta(description="Counts of one call, bytes, a ratio of times, nanoseconds; or words.")]
    head: Value
    verdict: RowVerdict
    change: Annotated[float | None, Meta(description="Head over base less 1.")]
    low: Annotated[float | None, Meta(description="The interval of the change.")]
    high: float | None
    level: Annotated[float | None, Meta(description="The least probability that the interval holds the change.")]
    detectable: float | None
    same_code: Annotated[bool | None, Meta(description="Are both the same bytes?")]
    confirmed: Annotated[bool | None, Meta(description="Did fresh launches show it again?")]
    known_bad: Annotated[str | None, Meta(description="The reason for which it is excused.")]
    note: str | None
    limit: Limit | None
    standing: RowStatus


@dataclass(frozen=True, slots=True)
class ComparisonFile:
    """What has changed from base to head, and what a gate makes of it; docs/COMPARING.md explains the words."""

    schema: Literal["safecost-comparison"]
    schema_version: Literal[2]  # 1 said unresolved for inconclusive, struck for disqualified
    how: Annotated[
        How, Meta(description="Two runs; base and head in one process; or times of Google Benchmark, each by itself.")
    ]
    margin: Annotated[float, Meta(gt=0, description="The relative difference of times that counts.")]
    base: SideFacts
    head: SideFacts
    gate: Gate
    advisory: Annotated[Sentences, Meta(description="Why times are advice only.")]
    gone: Annotated[Sentences, Meta(description="Kinds of rows that base has and head did not look at.")]
    warnings: Sentences
    rows: tuple[Row, ...]


def encode(decision: Decision) -> str:
    """The text of a file: the same for the same decision, one value in a line."""
    made = decision.comparison
    rows = tuple(filled(Row, row, standing=decision.status(row)) for row in made.rows)
    gate = filled(Gate, decision)
    file = filled(ComparisonFile, made, schema=SCHEMA, schema_version=2, gate=gate, rows=rows)
    return json.dumps(msgspec.to_builtins(file), ensure_ascii=True, indent=1) + "\n"


def is_comparison(plain: Any) -> bool:
    """Is decoded JSON a comparison, rather than something that can be compared?"""
    return isinstance(plain, dict) and plain.get("schema") == SCHEMA
