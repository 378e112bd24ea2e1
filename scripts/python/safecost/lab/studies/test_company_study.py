"""The study of company: what is drawn, what counts as agreement, and what an interrupt leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from safecost.core.errors import UsageError
from safecost.core.paths import ROOT
from safecost.document import io as document
from safecost.document.types import Document
from safecost.lab.selftest.experiments import Reading
from safecost.lab.studies import company_study as study
from safecost.lab.studies.company_study import Company, CompanyPair, agreement, alone, drawn, markdown, measure
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.stats.pairs import summarise
from safecost.testing.sample_evidence import point

NAMES = ("a/b/at/size:64@gcc-o2", "a/b/raw/size:64@gcc-o2")
PAIR = CompanyPair("a/b", "gcc-o2", (64, None, None, None), NAMES, 1.10, 1.098, 1.102)
PANEL = PlannedPanel(
    "a/b", "gcc-o2", point(64, None, "L1", 0),
    (PlannedContender("raw", "gcc-o2", "raw"), PlannedContender("at", "gcc-o2", "safe")),
)  # fmt: skip


class MadeUpBench:
    """Reads 1.1 alone and `google` by Google Benchmark; it is interrupted after so many launches."""

    def __init__(self, google: float, most: int = 1000) -> None:
        self.panels: Sequence[PlannedPanel] = [PANEL]
        self._google, self._most = google, most
        self.asked: list[tuple[str, ...]] = []

    def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
        if len(self.asked) == self._most:
            raise KeyboardInterrupt
        self.asked.append(tuple(panel.names))
        times = np.array([[110.0] * 9, [100.0] * 9]) + 1e-3 * launch + 0 * contender_seconds
        return Reading(times, times, 10, 0.1)

    def interleaved(self, panel: PlannedPanel, launch: int, seconds: float, repetitions: int) -> str:
        def entry(name: str, time: float) -> dict[str, object]:
            return {"name": name, "real_time": time + 1e-4 * launch + 0 * seconds, "time_unit": "us"}

        top, bottom = panel.names
        entries = [entry(top, self._google), entry(bottom, 1.0)] * repetitions
        return json.dumps({"benchmarks": [*entries, entry(top, 99.0) | {"aggregate_name": "mean"}]})


def test_pairs_are_drawn_by_seed_each_case_before_any_twice(sample_document: Document) -> None:
    first, again, other = (drawn(sample_document, 6, seed) for seed in (1, 1, 2))
    assert first == again != other
    everything = drawn(sample_document, 1000, 1)
    assert len(set(everything)) == len(everything)
    cases = {pair.case for pair in everything}
    assert set(Counter(pair.case for pair in everything[: len(cases)]).values()) == {1}
    with pytest.raises(UsageError, match="no pair with an interval"):
        drawn(replace(sample_document, panels=()), 6, 1)


def test_both_ways_are_timed_with_the_numerator_first() -> None:
    found, bench = [Company(PAIR)], MadeUpBench(1.2)
    measure(bench, found, 6, 1)
    assert set(bench.asked) == {NAMES}
    assert found[0].alone == [pytest.approx(1.1, rel=1e-4)] * 6
    assert found[0].google == [pytest.approx(1.2, rel=1e-3)] * 6
    text = "\n".join(markdown(found))
    assert "alone: 1 of 1 pairs agree with their panel within 1 %, 0 differ, 0 are not decided" in text
    assert "by Google Benchmark: 0 of 1 pairs agree with their panel within 1 %, 1 differ" in text
    assert text.count(f"    - differs: {NAMES[0]} over raw@gcc-o2") == 1


def test_an_interrupt_keeps_what_was_timed() -> None:
    found = [Company(PAIR)]
    with pytest.raises(KeyboardInterrupt):
        measure(MadeUpBench(1.1, most=3), found, 6, 1)
    assert len(found[0].alone) == len(found[0].google) == 3
    assert "0 differ, 1 are not decided" in markdown(found)[0]


@pytest.mark.parametrize(
    ("ratio", "spread", "wanted"),
    [
        (1.10, 0.001, "agrees"),
        (1.105, 0.001, "agrees"),
        (1.12, 0.001, "differs"),
        (1.08, 0.001, "differs"),
        (1.11, 0.001, "not decided"),
        (1.10, 0.02, "not decided"),
    ],
)
def test_agreement_is_within_the_margin_with_both_intervals(ratio: float, spread: float, wanted: str) -> None:
    ratios = [ratio * (1 + spread * at) for at in (-1, -0.5, 0, 0, 0.5, 1)]
    assert agreement(PAIR, summarise(ratios, 0.01)) == wanted
    assert agreement(PAIR, summarise(ratios[:5], 0.01)) == "not decided"


def test_a_pair_that_cannot_be_timed_here_is_left_out() -> None:
    assert alone(replace(PAIR, place=(65, None, None, None)), [PANEL]) is None
    assert alone(replace(PAIR, names=(NAMES[0], "a/b/gone/size:64@gcc-o2")), [PANEL]) is None
    assert "| – | not decided | – | not decided |" in markdown([Company(PAIR)])[-1]


@pytest.mark.build
def test_a_small_study_of_a_published_run(tmp_path: Path) -> None:
    run = document.read(ROOT / "results" / "2026-11-30-amd-epyc-2cpu-second")
    panels = [panel for panel in run.panels if (panel.case, panel.profile) == ("indexing/sum", "gcc-o2")]
    document.write(replace(run, panels=tuple(panels)), tmp_path / "run.json")
    out = tmp_path / "company.json"
    words = [str(tmp_path / "run.json"), "--pairs", "1", "--launches", "6", "--out", str(out)]
    ended = CliRunner().invoke(study.main, words)
    assert ended.exit_code == 0, ended.output
    (pair,) = json.loads(out.read_text(encoding="utf-8"))["pairs"]
    assert len(pair["alone"]) == len(pair["google"]) == 6
    assert "| indexing/sum/" in ended.output
