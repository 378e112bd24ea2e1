"""The study of peers, end to end: what it prints and keeps, and that it goes on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from safecost.core.errors import HARNESS, ToolError
from safecost.core.paths import ROOT, RUNNER
from safecost.document.plan import Arm, PanelPlan, PluginAt, encoded
from safecost.lab.studies import peers_study as study
from safecost.lab.studies.common import between_marks
from safecost.lab.studies.peers import programs
from safecost.lab.studies.peers.kernels import SETS, build, chosen
from safecost.lab.studies.peers.records import PLANTED

DOCUMENT = ROOT / "docs" / "PEERS.md"


@pytest.mark.parametrize("seconds", ["", "1,two", "0.2,,1", "0", "nan", "1e9"])
def test_seconds_are_numbers(seconds: str) -> None:
    ended = CliRunner().invoke(study.main, ["--seconds", seconds])
    assert ended.exit_code == HARNESS
    assert "--seconds" in ended.output and "give numbers from 0.01 to 100" in ended.output


def test_the_document_has_the_marks_of_the_table() -> None:
    assert "| new |" in between_marks(DOCUMENT.read_text(encoding="utf-8"), "peers", "| new |\n")


def test_the_document_names_every_kernel() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [it.name for it in SETS["all"] if f"`{it.case}`" not in text] == []


@pytest.mark.build
def test_what_is_planted_is_what_is_executed(tmp_path: Path) -> None:
    if not shutil.which("valgrind"):
        pytest.skip("no Valgrind here")
    (kernel,) = build(chosen("gather"))
    (layout,) = kernel.paths((0,))  # counted is what was linked first
    path = str(layout.parents[3] / f"{kernel.kernel.timed_case}.so")
    executed = []
    for variant in (kernel.base, *PLANTED):
        plan = PanelPlan(
            case=kernel.kernel.timed_case, data=str(kernel.data), scratch=str(tmp_path), size=kernel.size, rate=None,
            threads=None, seed=1, pool_bytes=kernel.pool_bytes, fewest_inputs=kernel.fewest_inputs,
            generator=PluginAt(profile="p", path=path), contenders=(Arm(profile="p", path=path, variant=variant),),
        )  # fmt: skip
        (tmp_path / "plan.json").write_bytes(encoded(plan))
        collecting = "--toggle-collect=*peers::repeated<*"
        counting = ["--tool=callgrind", f"--callgrind-out-file={tmp_path / 'out'}", collecting]
        # Each input takes its turn.
        called = [str(RUNNER), "call", "--plan", str(tmp_path / "plan.json"), "--calls=202"]
        done = subprocess.run(["valgrind", *counting, *called], capture_output=True, text=True, check=True)
        executed.append(int(done.stderr.split("Collected :")[1].split()[0]))
    assert [count / executed[0] for count in executed[1:]] == pytest.approx([1.0, 1.01, 1.02], abs=5e-5)


@pytest.mark.build
def test_a_small_study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unavailable(*_: object) -> Path:
        raise ToolError("not for tests")

    monkeypatch.setattr(programs, "nanobench", unavailable)
    monkeypatch.setattr(programs, "tango", unavailable)
    out, document = tmp_path / "peers.jsonl", tmp_path / "PEERS.md"
    document.write_text("above\n<!-- peers begins -->\n<!-- peers ends -->\nbelow\n", encoding="utf-8")
    words = ["--kernels", "gather", "--seconds", "0.05", "--repeats", "1", "--out", str(out), "--write", str(document)]
    ended = CliRunner().invoke(study.main, words)
    assert ended.exit_code == 0, ended.output
    text = document.read_text(encoding="utf-8")
    assert re.search(r"\| A/A called different, 0\.05 s \| \d+ % \(\d of 1\) \| \d+ % \(\d of 1\) \|", text)
    assert "- tango: left out, not for tests." in text
    assert text.startswith("above\n") and text.endswith("below\n") and str(ROOT) not in text
    kept = out.read_text(encoding="utf-8").splitlines()
    assert len(kept) == 1 + 3 * 3  # three tools, three pairs
    again = CliRunner().invoke(study.main, words)
    assert again.exit_code == 0, again.output
    assert out.read_text(encoding="utf-8").splitlines() == kept
