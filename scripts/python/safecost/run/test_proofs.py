"""Broken promises in a run: what they disqualify, and how the run ends."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from safecost.catch import proving
from safecost.catch.proving import ProvingIssue
from safecost.cli import exit_code
from safecost.core.errors import HARNESS, OK, WRONG_RESULT
from safecost.core.paths import BENCH, Folders
from safecost.document.outcome import Outcome
from safecost.document.types import Document, Problem, Rejection
from safecost.reject import rulings as rejected
from safecost.run import proofs as run_proofs
from safecost.run.measure import Measurement
from safecost.run.schedule import DEFAULT, QUICK, Mode
from safecost.suite.cases import find
from safecost.testing.sample_evidence import described
from safecost.toolchain.build import Built


def run_of(mode: Mode = DEFAULT, pattern: str | None = None) -> Measurement:
    """A run of the suite's cases as it stands behind `verify`, with nothing built."""
    run = object.__new__(Measurement)
    folders = Folders.of([BENCH])
    options: Any = SimpleNamespace(folders=folders, mode=mode, filter=pattern)
    run.options, run.cases, run.profiles, run.built = options, find(folders), [], Built()
    run.problems, run.proofs, run.rejections = [], [], []
    run.descriptions = {("indexing/sum", "gcc-o2"): described()}
    return run


def prove(run: Measurement, monkeypatch: pytest.MonkeyPatch, *troubles: ProvingIssue) -> None:
    def proved(self: proving.Proving, _: Built) -> None:
        self.proved.troubles += troubles
        self.proved.outcomes.append(Outcome("indexing/sum", "gcc-o2", "at", "safe", "one_past_end", "reported"))

    monkeypatch.setattr(proving.Proving, "prove", proved)
    run_proofs.prove(run)


def test_a_broken_claim_strikes_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    where = "indexing/sum/at/one_past_end@gcc-o2"
    prove(run, monkeypatch, ProvingIssue(where, "claimed: caught (always); seen: silent", broken=True))
    (problem,) = run.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("claim", "indexing/sum", True)
    assert where in problem.message
    assert [(one.case, one.variant, one.outcome) for one in run.proofs] == [("indexing/sum", "at", "reported")]


def test_what_could_not_be_proved_strikes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    prove(run, monkeypatch, ProvingIssue("indexing/sum@gcc-o2", "could not be proved: it hung", broken=False))
    assert [(one.kind, one.case, one.disqualifies) for one in run.problems] == [("prove", "indexing/sum", False)]


def test_faults_of_a_disqualified_case_are_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    run.problems.append(Problem("digest", "indexing/sum", "at", "gcc-o2", 1, None, "wrong", True))
    asked: list[str] = []
    monkeypatch.setattr(proving.Proving, "prove", lambda self, _: asked.extend(case.name for case in self.cases))
    run_proofs.prove(run)
    assert "indexing/gather" in asked and "indexing/sum" not in asked


@pytest.mark.parametrize(("mode", "pattern", "asked"), [(QUICK, None, 0), (DEFAULT, "sum", 0), (DEFAULT, None, 1)])
def test_only_whole_runs_that_are_not_quick_ask_the_compilers(
    monkeypatch: pytest.MonkeyPatch, mode: Mode, pattern: str | None, asked: int
) -> None:
    calls: list[int] = []

    def collect() -> list[Rejection]:
        calls.append(1)
        return []

    monkeypatch.setattr(rejected, "collect", collect)
    run_proofs.ask_compilers(run_of(mode, pattern))
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
