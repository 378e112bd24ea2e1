"""Tests of the pieces on this machine, and of the documents that name them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import ROOT
from safecost.document.types import Document
from safecost.lab.self_benchmark import pieces
from safecost.lab.self_benchmark.figures import amount
from safecost.lab.self_benchmark.workshop import PATIENCE, QuickRun, Workshop

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


LOG = """\
# ninja log v5
0\t1500\t1\tCMakeFiles/indexing.sum.dir/indexing/sum.cc.o\tc0ffee
0\t300\t1\tCMakeFiles/table.dir/cases/src/kernel/table.cc.o\tc0ffee
1500\t1750\t1\tindexing/sum.so\tc0ffee
10\t4010\t1\t/cases/build/profiles/rust/strings/tokenize.so\tc0ffee
5\t6\t1\tbuild.ninja\tc0ffee
0\t1000\t1\tCMakeFiles/iteration.sort.dir/home/cases/iteration/sort/sort.cc.o\tc0ffee
0\t1000\t1\tCMakeFiles/iteration.sort.dir/home/cases/iteration/sort/networks.cc.o\tc0ffee
"""


def test_a_build_log_tells_what_each_case_took() -> None:
    expected = {"indexing/sum": 1.75, "strings/tokenize": 4.0, "iteration/sort": 2.0}
    assert pieces.steps_of_cases(LOG) == pytest.approx(expected)


def quick_run_of(tmp_path: Path, document: Document, launches: Sequence[Mapping[str, object]]) -> Workshop:
    """A workshop whose quick run has left these launches."""
    (tmp_path / "launches").mkdir()
    for number, launch in enumerate(launches):
        panel = {"case": "", "profile": "gcc-o2", "size": 8, "rate": None, "threads": None}
        entry = {"run": "0", "launch": number, "seed": 1, "layouts": [0], "ticks": [0, 1], "seconds": 1.0}
        if "failure" in launch:
            del entry["seconds"], entry["layouts"], entry["ticks"]
        entry |= {key: value for key, value in launch.items() if key != "case"}
        written = {"journal": {**entry, "panel": panel | {"case": launch["case"]}}, "context": {}}
        (tmp_path / "launches" / f"{number}.json").write_text(json.dumps(written), encoding="utf-8")
    workshop = Workshop(tmp_path)
    workshop.quick_run = QuickRun(tmp_path, document, 1.0)
    return workshop


def test_the_longest_case_of_a_run_is_named(tmp_path: Path, sample_document: Document) -> None:
    launches = [{"case": "a/one", "seconds": 1.5}, {"case": "b/two", "seconds": 2.0}, {"case": "a/one", "seconds": 2.5}]
    failed = {"case": "b/two", "failure": {"kind": "crash", "message": "", "contender": None}}
    found = pieces.case_run(quick_run_of(tmp_path, sample_document, [*launches, failed]))
    assert (found.value, found.detail) == (4.0, "a/one 4.0 s, b/two 2.0 s")


def test_a_run_without_launches_is_no_figure(tmp_path: Path, sample_document: Document) -> None:
    with pytest.raises(ToolError, match="timed nothing"):
        pieces.case_run(quick_run_of(tmp_path, sample_document, []))


# -- the documents -------------------------------------------------------------------------------------------


def test_the_document_has_the_figures_that_the_command_measures() -> None:
    text = (DOCS / "PACE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \| \w+ \|", text, re.MULTILINE)
    expected = [(name, one.what, amount(one.target, one.unit)) for name, one in pieces.PIECES.items()]
    assert rows == expected
    for name in pieces.PIECES:
        assert f"**{name}**" in text
