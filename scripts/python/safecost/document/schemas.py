"""The schemas of the borders, made of their types; `python -m safecost.document.schemas` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from safecost.document.evidence import Evidence
from safecost.document.plan import PROTOCOL, Plan

FOLDER = Path(__file__).with_name("schemas")
RENEW = "PYTHONPATH=scripts/python .venv/bin/python -m safecost.document.schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generated() -> Mapping[str, str]:
    """The text of each schema by its file's name."""
    return {
        "plan.schema.json": _text(_versioned(msgspec.json.schema(Plan)), "What the programs of src/runner are asked"),
        "evidence.schema.json": _text(
            _versioned(msgspec.json.schema(Evidence)), "What the programs of src/runner answer"
        ),
    }


def _versioned(schema: dict[str, Any]) -> dict[str, Any]:
    """What is only a default in Python must be there on the way, and be the one number that both sides know."""
    for part in schema["$defs"].values():
        if "protocol" in part["properties"]:
            part["properties"]["protocol"] = {"const": PROTOCOL}
            part["required"] = ["protocol", *part["required"]]
    return schema


def _text(schema: Mapping[str, Any], title: str) -> str:
    return json.dumps({"$schema": _DIALECT, "title": title, **schema}, indent=1) + "\n"


def renew(folder: Path = FOLDER) -> None:
    """Write every schema."""
    for name, text in generated().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    renew()
