"""Tests of the figures: what counts as met, and what is written; no speed is claimed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from safecost.document.types import Document
from safecost.lab import pools
from safecost.lab.pools import PoolPoint, PoolRow
from safecost.lab.self_benchmark import figures
from safecost.lab.self_benchmark.figures import Figure, Pace


def figure(measured: float | None, target: float | None = 10.0, detail: str = "") -> Figure:
    return Figure("report", "the report of that run", "s", target, measured, detail)


@pytest.fixture
def made(sample_document: Document) -> Pace:
    shown = (figure(2.5, detail="a | b"), figure(None, detail="it said:\nno"), figure(12.0), figure(3.0, None))
    points = tuple(PoolPoint(size, 4, 100.0 + size, 1.5, 1.4, 1.6) for size in pools.POOLS)
    rows = (
        PoolRow("iteration/sort", 1024, "raw", points, 1.0, None),
        PoolRow("iteration/sort", 1024, "a_variant_with_a_name_as_long_as_this", points, 0.93, "differ"),
    )
    return Pace("2026-01-31T12:00:00Z", sample_document.suite, sample_document.machine, True, shown, rows)


@pytest.mark.parametrize(
    ("measured", "target", "status"),
    [(10.0, 10.0, "met"), (10.1, 10.0, "missed"), (1.0, None, "measured"), (None, 10.0, "failed"), (0, 0, "met")],
)
def test_status(measured: float | None, target: float | None, status: str) -> None:
    assert figure(measured, target).status == status


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.123, "s", "0.12 s"), (47.26, "s", "47.3 s"), (253.77, "s", "254 s"), (60.0, "s", "60 s"), (3, "", "3")],
)
def test_amounts_have_three_digits_or_fewer(value: float, unit: str, text: str) -> None:
    assert figures.amount(value, unit) == text


def test_markdown_keeps_one_line_a_figure(made: Pace) -> None:
    lines = figures.markdown(made).splitlines()
    assert lines[0].startswith("Measured 2026-01-31, ")
    assert lines[4:8] == [
        "| `report` | the report of that run | 10 s | 2.50 s | met | a \\| b |",
        "| `report` | the report of that run | 10 s | – | failed | it said: no |",
        "| `report` | the report of that run | 10 s | 12 s | missed |  |",
        "| `report` | the report of that run | – | 3 s | measured |  |",
    ]
    assert "| one input | 16 KiB | 64 KiB | 256 KiB | 512 KiB | 2 MiB |" in "\n".join(lines)
    raw, other = lines[-2:]
    assert raw.startswith("| iteration/sort/raw | 100 ns | 16,484 ns |") and raw.endswith("|  |")
    assert other.endswith("| 1.500 | 1.500 | differ, -7.0% |")
    assert "interrupted" in figures.markdown(replace(made, complete=False)).splitlines()[0]


def test_json_tells_status_and_everything_else(made: Pace) -> None:
    written = json.loads(json.dumps(figures.to_json(made), allow_nan=False))
    assert (written["schema"], written["schema_version"]) == ("safecost-pace", 1)
    assert [one["status"] for one in written["figures"]] == ["met", "failed", "missed", "measured"]
    assert written["pools"][1]["points"][0] == {
        "pool_bytes": 0, "inputs": 4, "nanoseconds": 100.0, "ratio": 1.5, "low": 1.4, "high": 1.6,
    }  # fmt: skip


def test_the_table_fits_eighty_columns_and_says_why_a_piece_failed(made: Pace, console: Console) -> None:
    figures.render(made, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"12 s +missed", text) and re.search(r"– +failed", text)
    assert "report: it said:" in text
    assert re.search(r"^ raw, ns +100 +16,484 ", text, re.MULTILINE)
    assert re.search(r"^ a_variant\S* +1\.50 .* differ *$", text, re.MULTILINE)
