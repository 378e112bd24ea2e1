"""Tests of the measuring stage on times that are made up: what ends a panel, and what the document says of it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from safecost.core.paths import BENCH, Folders
from safecost.document import types as doc
from safecost.document.measured import Launch, Pair
from safecost.machine.facts import Sampler
from safecost.run import assemble as run_document
from safecost.run import schedule, timing
from safecost.run.journal import TimedLaunch
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.run.schedule import MODES, Mode
from safecost.run.state import RunOptions, begun
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import choose
from safecost.testing.sample_evidence import point
from safecost.toolchain.runner import Failure

ARMS = (
    PlannedContender("raw", "gcc-o2", "raw"),
    PlannedContender("aa", "gcc-o2", "aa"),
    PlannedContender("at", "gcc-o2", "safe"),
)


def panel(name: str) -> PlannedPanel:
    return PlannedPanel(f"made/{name}", "gcc-o2", point(64, None, "L1", 0), ARMS)


class MadeUp:
    """A measuring stage without runner and plugins: `spreads` are the standard deviations of launches, by panel."""

    def __init__(self, mode: Mode, out: Path, spreads: dict[str, float], effect: float = 1.0) -> None:
        options = RunOptions(mode, choose("gcc-o2", ()), Folders((BENCH,), out / "build"), None, out, seed=3)
        cases = tuple(CaseFiles(f"made/{name}", (BENCH / "CMakeLists.txt",)) for name in spreads)
        self.state = replace(begun(options), cases=cases)
        self._spreads, self._effect, self.within = spreads, effect, 0.0
        self.visits: list[tuple[int, str]] = []
        self.before: Callable[[int, PlannedPanel], Failure | None] = lambda *_: None

    def run(self) -> None:
        panels = [panel(name) for name in self._spreads]
        state, interrupt = timing.measure(self.state, panels, self._time)
        self.state = replace(state, complete=interrupt is None)
        if interrupt is not None:
            raise interrupt

    def document(self) -> doc.Document:
        return run_document.assemble(self.state, Sampler().stop())

    def _time(self, number: int, panel: PlannedPanel, seed: int, scratch: Path) -> TimedLaunch | Failure:
        del scratch
        self.visits.append((number, panel.case))
        if failure := self.before(number, panel):
            return failure
        dice, spread = random.Random(seed), self._spreads[panel.case.partition("/")[2]]
        times = [100.0 * math.exp(dice.gauss(0.0, spread)) for _ in ARMS]
        times[2] *= self._effect
        rounds = [[one * math.exp(dice.gauss(0.0, self.within)) for _ in range(8)] for one in times]
        return TimedLaunch(Launch(seed, (0, 1), 10, 8, 0.0), rounds, [0, 1] * 4, 0.1, 0, 10)


def pairs(made: doc.Document, kind: str) -> list[Pair]:
    return [pair for one in made.panels for pair in one.pairs if pair.kind == kind]


@pytest.mark.parametrize(
    "mode", [mode for mode in MODES.values() if len(mode.analyses) > 1], ids=lambda mode: mode.name
)
def test_a_panel_that_is_decided_takes_no_further_launches_and_a_noisy_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: Mode
) -> None:
    run, most = MadeUp(mode, tmp_path, {"calm": 0.0001, "wild": 0.1}), mode.launches
    run.run()
    made = run.document()
    assert [(one.case, one.ended, len(one.launches)) for one in made.panels] == [
        ("made/calm", "decided", 8),
        ("made/wild", "all_launches", most),
    ]
    assert (made.run.analyses, made.run.launches, made.run.complete) == (mode.analyses, most, True)
    assert [visit for visit in run.visits if visit[0] >= 8] == [(number, "made/wild") for number in range(8, most)]
    said = capsys.readouterr().err
    assert f"measure: {8 + most} in " in said and f"1 of 2 panels were decided before launch {most}" in said


def test_an_inconclusive_pair_says_whether_launches_or_their_rounds_differ(tmp_path: Path) -> None:
    for spread, within, words in (
        (0.05, 0.0001, "launches differ by more than their rounds explain"),
        (0.0, 0.1, "rounds within a launch differ: longer launches would help"),
    ):
        run = MadeUp(schedule.PUBLISH, tmp_path, {"one": spread})
        run.within = within
        run.run()
        (pair,) = pairs(run.document(), "idiom")
        assert pair.verdict == "inconclusive" and words in str(pair.reason)
        assert pair.spread is not None
        assert (pair.spread.launches > 0.9) == (spread > 0.0)


def test_a_quick_run_looks_at_nothing_and_calibrations_nothing(tmp_path: Path) -> None:
    run = MadeUp(schedule.QUICK, tmp_path, {"calm": 0.0001})
    run.run()
    made = run.document()
    assert [(one.ended, len(one.launches)) for one in made.panels] == [("all_launches", schedule.QUICK.launches)]
    assert made.run.false_discovery_rate is None
    assert all(pair.q is None and pair.p is not None for one in made.panels for pair in one.pairs)


def test_false_discoveries_are_controlled_over_all_pairs_but_aa_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = MadeUp(schedule.FULL, tmp_path, {"one": 0.0001, "two": 0.0001, "disqualified": 0.0001}, effect=1.5)
    run.before = lambda number, one: (
        Failure("crash", "it ended") if (number, one.case) == (7, "made/disqualified") else None
    )
    run.run()
    made = run.document()
    assert {(pair.verdict, pair.q is None) for pair in pairs(made, "idiom")[:2]} == {("slower", False)}
    assert all(pair.q is None for pair in pairs(made, "aa"))
    asked: list[Sequence[float]] = []

    def doubtful(p: Sequence[float]) -> list[float]:
        asked.append(p)
        return [1.0] * len(p)

    monkeypatch.setattr(run_document, "q_values", doubtful)
    made = run.document()
    assert [len(p) for p in asked] == [2]  # one of each panel that is not disqualified
    assert [(pair.verdict, pair.q) for pair in pairs(made, "idiom")[:2]] == [("inconclusive", 1.0)] * 2
    assert "control of false discoveries" in str(pairs(made, "idiom")[0].reason)
    assert {pair.verdict for pair in pairs(made, "aa")[:2]} == {"equivalent"}


def test_a_panel_that_breaks_takes_its_case_with_it_and_nobody_else(tmp_path: Path) -> None:
    run = MadeUp(schedule.QUICK, tmp_path, {"good": 0.001, "bad": 0.001})
    run.before = lambda number, one: Failure("crash", "it ended") if (number, one.case) == (2, "made/bad") else None
    run.run()
    assert [(one.case, one.ended, len(one.launches)) for one in run.document().panels] == [
        ("made/good", "all_launches", schedule.QUICK.launches),
        ("made/bad", "broken", 2),
    ]


def test_an_interrupt_leaves_panels_that_say_so(tmp_path: Path) -> None:
    run = MadeUp(schedule.DEFAULT, tmp_path, {"one": 0.1, "two": 0.1})

    def interrupt(number: int, _: PlannedPanel) -> None:
        if number == 5:
            raise KeyboardInterrupt

    run.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        run.run()
    made = run.document()
    assert not made.run.complete
    assert [(one.ended, len(one.launches)) for one in made.panels] == [("interrupted", 5)] * 2


def test_the_modes_are_where_measuring_has_them() -> None:
    assert schedule.QUICK.beyond is None and schedule.PUBLISH.beyond == pytest.approx(0.005)
