"""Tests of the pieces on this machine, and of the documents that name them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.lab.self_benchmark import pieces
from safecost.lab.self_benchmark.figures import amount
from safecost.lab.self_benchmark.workshop import PATIENCE, Workshop

DOCS = ROOT / "docs"


def test_the_launcher_is_timed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pieces, "STARTS", 1)
    found = pieces.noop(Workshop(tmp_path))
    assert 0 < found.value < PATIENCE
    assert found.detail.startswith("median of 1, ")


@pytest.mark.build
def test_an_empty_kernel_goes_through_the_real_border(tmp_path: Path) -> None:
    found = pieces.border(Workshop(tmp_path))
    assert 0 < found.value < 1_000  # a call, whatever the machine: neither nothing nor a whole epoch
    assert "9 launches" in found.detail


# -- the documents -------------------------------------------------------------------------------------------


def test_the_document_has_the_figures_that_the_command_measures() -> None:
    text = (DOCS / "PACE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \| \w+ \|", text, re.MULTILINE)
    expected = [(name, one.what, amount(one.target, one.unit)) for name, one in pieces.PIECES.items()]
    assert rows == expected
    for name in pieces.PIECES:
        assert f"**{name}**" in text
