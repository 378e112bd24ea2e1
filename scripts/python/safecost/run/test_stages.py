"""Broken promises in a run: what they disqualify, and how the run ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from safecost.catch import proving, races
from safecost.catch.proving import ProvingIssue
from safecost.core.errors import HARNESS, OK, WRONG_RESULT
from safecost.core.paths import BENCH, Folders
from safecost.document.judged import Rejection
from safecost.document.outcome import Outcome
from safecost.document.types import Document, Problem
from safecost.reject import rulings as rejected
from safecost.run import stages
from safecost.run.command import exit_code
from safecost.run.schedule import DEFAULT, FULL, QUICK, Mode
from safecost.run.state import RunOptions, RunState, begun
from safecost.suite.profiles import choose
from safecost.testing.sample_evidence import described
from safecost.toolchain.build import Built


def run_of(mode: Mode = DEFAULT, pattern: str | None = None) -> RunState:
    """A run of the suite's cases as it stands behind `verify`, with nothing built."""
    options = RunOptions(mode, choose("gcc-o2", ()), Folders.of([BENCH]), pattern, BENCH)
    return replace(begun(options), descriptions={("indexing/sum", "gcc-o2"): described()})


def prove(state: RunState, monkeypatch: pytest.MonkeyPatch, *issues: ProvingIssue) -> RunState:
    def proved(self: proving.Proving, _: Built) -> None:
        self.proved.troubles += issues
        self.proved.outcomes.append(Outcome("indexing/sum", "gcc-o2", "at", "safe", "one_past_end", "reported"))

    monkeypatch.setattr(proving.Proving, "prove", proved)
    made, interrupt = stages.prove(state)
    assert interrupt is None
    return made


def test_a_broken_claim_strikes_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    where = "indexing/sum/at/one_past_end@gcc-o2"
    run = prove(run_of(), monkeypatch, ProvingIssue(where, "claimed: caught (always); seen: silent", broken=True))
    (problem,) = run.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("claim", "indexing/sum", True)
    assert where in problem.message
    assert [(one.case, one.variant, one.outcome) for one in run.proofs] == [("indexing/sum", "at", "reported")]


def test_what_could_not_be_proved_strikes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = prove(
        run_of(), monkeypatch, ProvingIssue("indexing/sum@gcc-o2", "could not be proved: it hung", broken=False)
    )
    assert [(one.kind, one.case, one.disqualifies) for one in run.problems] == [("prove", "indexing/sum", False)]


def test_faults_of_a_disqualified_case_are_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of().with_problem("digest", "wrong", "indexing/sum", "at", "gcc-o2", (1, None, None, None))
    asked: list[str] = []
    monkeypatch.setattr(proving.Proving, "prove", lambda self, _: asked.extend(case.name for case in self.cases))
    stages.prove(run)
    assert "indexing/gather" in asked and "indexing/sum" not in asked


def test_an_interrupt_leaves_what_was_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: proving.Proving, _: Built) -> None:
        self.proved.outcomes.append(Outcome("indexing/sum", "gcc-o2", "at", "safe", "one_past_end", "reported"))
        raise KeyboardInterrupt

    monkeypatch.setattr(proving.Proving, "prove", interrupted)
    made, interrupt = stages.prove(run_of())
    assert isinstance(interrupt, KeyboardInterrupt)
    assert [one.outcome for one in made.proofs] == ["reported"]


@pytest.mark.parametrize(("mode", "pattern", "asked"), [(QUICK, None, 0), (DEFAULT, "sum", 0), (DEFAULT, None, 1)])
def test_only_whole_runs_that_are_not_quick_ask_the_compilers(
    monkeypatch: pytest.MonkeyPatch, mode: Mode, pattern: str | None, asked: int
) -> None:
    calls: list[int] = []

    def collect() -> list[Rejection]:
        calls.append(1)
        return []

    monkeypatch.setattr(rejected, "collect", collect)
    stages.reject(run_of(mode, pattern))
    assert len(calls) == asked


@pytest.mark.parametrize(
    ("kind", "disqualifies", "code"),
    [("claim", True, WRONG_RESULT), ("snippet", False, WRONG_RESULT), ("prove", False, HARNESS), ("resume", False, OK)],
)
def test_a_broken_promise_ends_the_run_with_5(
    sample_document: Document, kind: Any, disqualifies: bool, code: int
) -> None:
    problem = Problem(kind, None, None, None, None, None, "it broke", disqualifies)
    assert exit_code(replace(sample_document, problems=(problem,))) == code


@pytest.mark.parametrize(("mode", "asked"), [(QUICK, False), (DEFAULT, True), (FULL, True)])
def test_races_are_looked_for_unless_the_run_is_quick(mode: Mode, asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Built] = []

    def jobs(_: Any, __: Any, built: Built) -> tuple[list[Any], None, Built]:
        calls.append(built)
        return [], None, Built()

    monkeypatch.setattr(races, "jobs", jobs)
    prove(run_of(mode), monkeypatch)
    assert bool(calls) is asked


def test_what_will_be_skipped_is_reported_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def built(*_: object) -> Built:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "build_with_calibration", built)
    profiles = tuple(replace(one, compiler="no-such-compiler") for one in choose("gcc-o2", ()))
    with pytest.raises(KeyboardInterrupt):
        stages.build(replace(run_of(), profiles=profiles))
    assert "profile gcc-o2 will be skipped: there is no no-such-compiler" in capsys.readouterr().err
