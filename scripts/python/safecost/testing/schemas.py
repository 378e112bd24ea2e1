"""The schemas that are made of types; `python -m safecost.testing.schemas` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from safecost.catch.outcomes import OutcomesFile
from safecost.compare.limits import KnownBadFile, LimitsFile
from safecost.compare.outputs.json_file import ComparisonFile
from safecost.core.decoding import strict
from safecost.core.paths import PACKAGE
from safecost.document.evidence import AnyAnswer
from safecost.document.plan import PROTOCOL, AnyPlan
from safecost.document.types import SCHEMA_VERSION, Document

RENEW = "PYTHONPATH=scripts/python .venv/bin/python -m safecost.testing.schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KINDS: Mapping[str, tuple[Any, str]] = {
    "document/schemas/plan.schema.json": (AnyPlan, f"safecost plan, protocol {PROTOCOL}"),
    "document/schemas/evidence.schema.json": (AnyAnswer, f"safecost evidence, protocol {PROTOCOL}"),
    "document/schemas/run.schema.json": (strict(Document), f"safecost-run {SCHEMA_VERSION}"),
    "compare/limits.schema.json": (LimitsFile, "safecost limits"),
    "compare/known_bad.schema.json": (KnownBadFile, "safecost known-bad rows"),
}


# What only safecost writes, with all of its entries.
_WRITTEN: Mapping[str, tuple[Any, str]] = {
    "compare/outputs/comparison.schema.json": (strict(ComparisonFile), "safecost-comparison 2"),
    "catch/outcomes.schema.json": (strict(OutcomesFile), "safecost-outcomes 1"),
}


def generated() -> Mapping[str, str]:
    """The text of each schema by its file in the package."""
    read = {name: _text(_versioned(msgspec.json.schema(kind)), title) for name, (kind, title) in _KINDS.items()}
    return read | {name: _text(_whole(msgspec.json.schema(kind)), title) for name, (kind, title) in _WRITTEN.items()}


def file_of(name: str) -> Path:
    """Where a schema is checked in."""
    return PACKAGE / name


def _versioned(schema: dict[str, Any]) -> dict[str, Any]:
    """What is only a default in Python must be there on the way, and be the one number that both sides know."""
    for part in schema["$defs"].values():
        if "protocol" in part.get("properties", {}):
            part["properties"]["protocol"] = {"const": PROTOCOL}
            part["required"] = ["protocol", *part["required"]]
    return schema


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """What has a default is written all the same."""
    for part in schema["$defs"].values():
        part["required"] = list(part["properties"])
        for entry in part["properties"].values():
            entry.pop("default", None)
    return schema


def _text(schema: Mapping[str, Any], title: str) -> str:
    return json.dumps({"$schema": _DIALECT, "title": title, **schema}, indent=1) + "\n"


if __name__ == "__main__":
    for name, text in generated().items():
        file_of(name).write_text(text, encoding="utf-8")
