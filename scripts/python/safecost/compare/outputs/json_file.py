"""A comparison as JSON: versioned, and held to comparison.schema.json."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from safecost.compare.gate import Decision
from safecost.compare.rows import METRICS, ComparisonRow, SideFacts

SCHEMA = "safecost-comparison"
SCHEMA_VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("comparison.schema.json")


def to_json(decision: Decision) -> dict[str, Any]:
    """Plain dictionaries, lists and scalars: the comparison, every row of it, and what the gate makes of them."""
    comparison = decision.comparison
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "how": comparison.how,
        "margin": comparison.margin,
        "base": _side(comparison.base),
        "head": _side(comparison.head),
        "gate": {
            "exit_code": decision.exit_code,
            "reasons": list(decision.reasons),
            "time_counts": decision.time_counts,
            "notes": list(decision.notes),
        },
        "advisory": list(comparison.advisory),
        "gone": list(comparison.gone),
        "warnings": list(comparison.warnings),
        "rows": [_row(row, decision) for row in comparison.rows],
    }


def schema() -> dict[str, Any]:
    """The schema of the file, which holds the names of the metrics as of today."""
    plain: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    plain["$defs"]["row"]["properties"]["metric"]["enum"] = list(METRICS)
    return plain


def encode(decision: Decision) -> str:
    """The text of a file: the same for the same decision, one value in a line."""
    return json.dumps(to_json(decision), ensure_ascii=True, indent=1) + "\n"


def _side(side: SideFacts) -> dict[str, Any]:
    return {"name": side.name, "facts": [list(fact) for fact in side.facts]}


def _row(row: ComparisonRow, decision: Decision) -> dict[str, Any]:
    place = {field.name: getattr(row.place, field.name) for field in fields(row.place)}
    limit = None if row.limit is None else {"relative": row.limit.relative, "absolute": row.limit.absolute}
    own = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in ("place", "limit")}
    status = decision.status(row)
    return {"name": row.name, "place": place, "tier": row.tier, **own, "limit": limit, "standing": status}


def is_comparison(plain: Any) -> bool:
    """Is decoded JSON a comparison, rather than something that can be compared?"""
    return isinstance(plain, dict) and plain.get("schema") == SCHEMA
