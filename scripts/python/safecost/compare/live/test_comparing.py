"""A live comparison's decisions, on sides that were never built and launches that are made up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from safecost.compare.gate import Policy, decide
from safecost.compare.limits import KnownBadEntry, LimitEntry
from safecost.compare.live import asked, gating
from safecost.compare.live.arms import panels_of, side_of
from safecost.compare.live.comparing import CONFIRMING, Comparing
from safecost.compare.live.timing import Timings
from safecost.compare.rows import ComparisonRow
from safecost.core.errors import OK, REGRESSION, WRONG_RESULT
from safecost.document.evidence import VerifyAnswer, VerifyProblem
from safecost.run.panels import PlannedPanel
from safecost.run.schedule import QUICK, Mode
from safecost.testing import commands
from safecost.testing.sample_evidence import planned, point

VARIANTS = (
    planned("raw", "raw"),
    planned("aa", "aa", 1.0),
    planned("at", "safe"),
    planned("span", "safe"),
)
BUILDS = {"base:gcc-o2": VARIANTS, "head:gcc-o2": VARIANTS}
POLICY = Policy(datetime.now(UTC).date())
AT_IS_KNOWN = KnownBadEntry(name="*/at/*", reason="a new compiler", expires=date(9999, 1, 1))


@dataclass
class Made:
    """A bench whose launches are made up: how many times as long each variant of head takes, look by look."""

    analyses: Sequence[Mapping[str, float]]
    asked: list[tuple[tuple[PlannedPanel, ...], int]] = field(default_factory=list)
    linked: list[tuple[int, int]] = field(default_factory=list)
    disturb: int = 0  # launches of a confirmation in which head happens to be fast
    disturb_first: int = 0  # such launches before that
    disturbed: int = 0

    def link(self, panels: Sequence[PlannedPanel], mode: Mode, seed: int) -> None:
        self.linked.append((mode.launches, seed))

    def time(
        self,
        panels: Sequence[PlannedPanel],
        mode: Mode,
        seed: int,
        margin: float,
        *,
        deciding: Mapping[PlannedPanel, Collection[str]] | None = None,
        what: str = "measure",
    ) -> tuple[Timings, KeyboardInterrupt | None]:
        factors = self.analyses[len(self.asked)]
        self.disturbed = self.disturb if deciding is not None else self.disturb_first
        self.asked.append((tuple(panels), seed))
        random = np.random.default_rng(seed)
        made = Timings()
        for panel in panels:
            made.launches[panel] = [
                [
                    list(
                        100.0
                        * (factors.get(arm.variant, 1.0) if side_of(arm) == "head" and at >= self.disturbed else 1.0)
                        * random.lognormal(0.0, 0.0005, 20)
                    )
                    for arm in panel.contenders
                ]
                for at in range(mode.launches)
            ]
        return made, None


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    both = tmp_path / "old", tmp_path / "new"
    for folder in both:
        commands.put(folder, "a/b", commands.case_text({"raw": commands.SUM, "at": commands.AT}))
    return both


def comparing(
    folders: tuple[Path, Path], *analyses: Mapping[str, float], disturb_first: int = 0
) -> tuple[Comparing, Made]:
    """A comparison whose launches are these, and that has been timed once."""
    made = Comparing(asked.of_folders(*folders, "gcc-o2", (), asked.ComparisonExtent(QUICK)), seed=3)
    made.head.measurement.sampler.start()
    made.panels = panels_of("a/b", BUILDS, [point(64, None, "L1", 0)])
    bench = Made(analyses, disturb_first=disturb_first)
    made._bench = bench  # type: ignore[assignment]
    made.time()
    made.complete = True
    return made, bench


def decided(one: Comparing, policy: Policy = POLICY) -> tuple[int, dict[tuple[str, str], ComparisonRow]]:
    """The exit code of a gate on the times alone, as on an idle machine, and the rows by variant and metric."""
    made = one.comparison()
    made = replace(made, advisory=(), gone=(), rows=tuple(row for row in made.rows if row.tier == "time"))
    decision = decide(gating.confirmed(one, made, policy), policy)
    return decision.exit_code, {(str(row.place.variant), row.metric): row for row in decision.comparison.rows}


def test_what_is_slower_in_both_looks_fails(folders: tuple[Path, Path]) -> None:
    one, bench = comparing(folders, {"at": 1.02}, {"at": 1.02})
    code, rows = decided(one)
    assert code == REGRESSION
    assert rows["at", "direct_time"].confirmed is True
    assert rows["at", "idiom_time"].verdict == "regression"
    assert rows["at", "idiom_time"].change == pytest.approx(0.02, abs=2e-3)
    assert rows["span", "direct_time"].verdict == "unchanged"
    assert len(bench.asked) == 2


def test_what_fresh_launches_do_not_show_does_not_fail(folders: tuple[Path, Path]) -> None:
    one, _ = comparing(folders, {"at": 1.02}, {})
    code, rows = decided(one)
    assert code == OK
    row = rows["at", "direct_time"]
    assert (row.verdict, row.confirmed, row.note) == ("inconclusive", False, "fresh launches do not show it")


def test_fresh_launches_that_do_not_decide_confirm_nothing(folders: tuple[Path, Path]) -> None:
    """At the very edge of the margin: neither a regression nor none."""
    one, _ = comparing(folders, {"at": 1.02}, {"at": 1.01})
    code, rows = decided(one)
    assert (code, rows["at", "direct_time"].confirmed) == (OK, False)


def test_two_disturbed_launches_of_nine_do_not_hide_a_regression(folders: tuple[Path, Path]) -> None:
    one, bench = comparing(folders, {"at": 1.02}, {"at": 1.02}, disturb_first=2)
    (first,) = [row for row in one.comparison().rows if row.suspected and row.metric == "direct_time"]
    assert first.verdict == "inconclusive"
    code, rows = decided(one)
    assert code == REGRESSION
    row = rows["at", "direct_time"]
    assert (row.verdict, row.confirmed, row.note) == ("regression", True, "undecided until fresh launches")
    assert len(bench.asked) == 2


def test_a_suspicion_that_fresh_launches_do_not_share_stays_one(folders: tuple[Path, Path]) -> None:
    one, bench = comparing(folders, {"at": 1.02}, {}, disturb_first=2)
    code, rows = decided(one)
    row = rows["at", "direct_time"]
    assert (code, row.verdict, row.confirmed) == (OK, "inconclusive", None)
    decided(one)
    assert len(bench.asked) == 2, "asked again, the answer is the same"


def test_a_suspicion_is_looked_into_only_where_times_count(folders: tuple[Path, Path]) -> None:
    one, bench = comparing(folders, {"at": 1.02}, disturb_first=2)
    made = replace(one.comparison(), advisory=("Somebody else uses the machine.",), gone=())
    gating.confirmed(one, made, POLICY)
    assert len(bench.asked) == 1


@pytest.mark.parametrize(("disturbed", "code"), [(1, REGRESSION), (4, REGRESSION), (10, OK)])
def test_some_disturbed_launches_do_not_hide_a_regression(
    folders: tuple[Path, Path], disturbed: int, code: int
) -> None:
    """Of up to 20 launches of a confirmation; half of them are no accident any more."""
    one, bench = comparing(folders, {"at": 1.02}, {"at": 1.02})
    bench.disturb = disturbed
    assert decided(one)[0] == code


def test_a_confirmation_is_fresh(folders: tuple[Path, Path]) -> None:
    """New layouts, and inputs and order from another seed; only what fails, with what it is over."""
    one, bench = comparing(folders, {"at": 1.02}, {"at": 1.02})
    decided(one)
    (_, seed), (again, other_seed) = bench.asked
    assert other_seed != seed
    assert bench.linked[-1] == (CONFIRMING.launches, other_seed)
    assert [{arm.variant for arm in panel.contenders} for panel in again] == [{"raw", "aa", "at"}]


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, time="advisory"),
        replace(POLICY, known_bad=(AT_IS_KNOWN,)),
        replace(POLICY, limits=(LimitEntry(metric="*_time", relative=0.05),)),
    ],
    ids=["advisory", "known bad", "within its limit"],
)
def test_what_cannot_fail_is_not_timed_again(folders: tuple[Path, Path], policy: Policy) -> None:
    one, bench = comparing(folders, {"at": 1.02})
    assert decided(one, policy)[0] == OK
    assert len(bench.asked) == 1


def test_a_confirmation_is_held_to_the_limit_of_its_row(folders: tuple[Path, Path]) -> None:
    limit = replace(POLICY, limits=(LimitEntry(metric="*_time", relative=0.03),))
    one, _ = comparing(folders, {"at": 1.05}, {"at": 1.02})
    code, rows = decided(one, limit)
    assert (code, rows["at", "direct_time"].verdict) == (OK, "inconclusive")


def test_two_looks_in_a_row_are_told_apart(folders: tuple[Path, Path]) -> None:
    """Asked twice for the same rows, the second answer is the first: nothing is timed until it fails."""
    one, bench = comparing(folders, {"at": 1.02}, {})
    decided(one)
    code, rows = decided(one)
    assert (code, rows["at", "direct_time"].confirmed, len(bench.asked)) == (OK, False, 2)


def test_what_slows_all_of_head_is_told_for_time_and_not_for_idioms(folders: tuple[Path, Path]) -> None:
    slower = dict.fromkeys(("raw", "aa", "at", "span"), 1.3)
    one, _ = comparing(folders, slower, slower)
    code, rows = decided(one)
    assert code == REGRESSION
    assert {key for key, row in rows.items() if row.verdict == "regression"} == {
        ("raw", "direct_time"), ("at", "direct_time"), ("span", "direct_time")
    }  # fmt: skip


def test_results_that_differ_between_the_sides_are_wrong_and_not_timed(folders: tuple[Path, Path]) -> None:
    one, _ = comparing(folders, {})
    problem = VerifyProblem(
        kind="digest", variant="at", profile="head:gcc-o2", size=64, rate=None, threads=None,
        message="digest 1, 3 of 4 agree on 2",
    )  # fmt: skip
    one._take("a/b", VerifyAnswer(plugins=(), problems=(problem,), checked=4))
    (row,) = [row for row in one.comparison().rows if row.metric == "result"]
    assert (row.verdict, row.head) == ("wrong", "differs from base")
    assert "digest 1" in str(row.note)
    assert decide(replace(one.comparison(), advisory=()), POLICY).exit_code == WRONG_RESULT


def test_results_that_go_wrong_as_they_are_timed_are_wrong(folders: tuple[Path, Path]) -> None:
    one, _ = comparing(folders, {})
    one.timings.wrong[one.panels[0].case] = "at gives rubbish after the last round"
    (row,) = [row for row in one.comparison().rows if row.metric == "result"]
    assert (row.verdict, row.head) == ("wrong", "goes wrong")
    assert decide(replace(one.comparison(), advisory=()), POLICY).exit_code == WRONG_RESULT


def test_what_cannot_be_timed_side_by_side_is_missing(folders: tuple[Path, Path]) -> None:
    one, _ = comparing(folders, {})
    (panel,) = one.panels
    one.timings.launches[panel] = []
    one.timings.broken[panel] = "layout: base lays its input out differently"
    made = one.comparison()
    times = [row for row in made.rows if row.tier == "time"]
    assert {row.verdict for row in times} == {"missing"}
    assert any("lays its input out differently" in warning for warning in made.warnings)


def test_aa_pairs_that_differ_make_times_advice(folders: tuple[Path, Path]) -> None:
    """Head's A/A pair is the same source as its raw code: planted here are 2 % between them."""
    calm, _ = comparing(folders, {})
    assert not any("A/A pair" in reason for reason in calm.comparison().advisory)
    one, _ = comparing(folders, {"aa": 1.02})
    assert any("1 of 1 A/A pair differs" in reason for reason in one.comparison().advisory)


def test_an_interrupt_is_told(folders: tuple[Path, Path]) -> None:
    one, _ = comparing(folders, {})
    one.complete = False
    assert "The comparison was interrupted." in one.comparison().gone
