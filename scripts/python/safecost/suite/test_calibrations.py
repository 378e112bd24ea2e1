"""Calibrations: which run measures which of them, and that they do what they say, instruction by instruction."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, PACKAGE, ROOT, Folders
from safecost.run.panels import pairs, plan
from safecost.suite import calibrations, cases, profiles
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile
from safecost.testing import plugin_abi
from safecost.testing.commands import case_text, put
from safecost.testing.sample_evidence import planned, point
from safecost.toolchain.build import Built, build_all, build_with_calibration

OURS = ["calibration/branchy", "calibration/straight"]
REPEATS = {"base": 100, "aa": 100, "plus_1": 101, "plus_2": 102, "plus_5": 105, "minus_2": 98}
KNOWN = profiles.shipped()


def strangers(folder: Path, *names: str) -> list[CaseFiles]:
    for name in names:
        put(folder, name, case_text({"raw": "", "at": ""}))
    return cases.find(Folders.of([folder]))


# ---- who measures them -----------------------------------------------------------------------------------------------


def test_calibrations_come_with_whatever_was_chosen(tmp_path: Path) -> None:
    assert [case.name for case in calibrations.added(strangers(tmp_path, "a/b"))] == ["a/b", *OURS]
    every = cases.find(Folders.of(()))
    assert calibrations.added(every) == every  # none twice
    some = cases.choose(every, cases.pattern_of("indexing/sum"))
    assert [case.name for case in calibrations.added(some)] == ["indexing/sum", *OURS]


def test_a_case_keeps_its_name_against_a_control(tmp_path: Path) -> None:
    mine = strangers(tmp_path, OURS[0])
    assert [case.data for case in calibrations.added(mine)] == [tmp_path / "calibration", BENCH / "calibration"]
    assert not calibrations.is_calibration(mine[0])


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[str]]]:
    """The cases and profiles of each build; clang-o2 is absent."""
    seen: list[tuple[list[str], list[str]]] = []

    def build_all(_: Folders, chosen: list[CaseFiles], wanted: list[BuildProfile], __: str = "") -> Built:
        names, built = [case.name for case in chosen], [profile.name for profile in wanted]
        seen.append((names, built))
        absent = {name: "no such compiler" for name in built if name == "clang-o2"}
        return Built({(n, p): Path("x.so") for n in names for p in built if p not in absent}, absent)

    monkeypatch.setattr("safecost.toolchain.build.build_all", build_all)
    return seen


def build(tmp_path: Path, *names: str) -> Built:
    chosen = calibrations.added(strangers(tmp_path, "a/b"))
    return build_with_calibration(Folders.of([tmp_path]), chosen, [KNOWN[name] for name in names])


def test_the_first_plain_profile_that_is_present_builds_them(
    tmp_path: Path, builds: list[tuple[list[str], list[str]]]
) -> None:
    built = build(tmp_path, "rust", "clang-o2", "gcc-o2-assertions", "gcc-o2")
    assert builds[1:] == [(OURS, ["gcc-o2"])]
    assert [profile for case, profile in built.plugins if case == OURS[0]] == ["gcc-o2"]
    assert ("a/b", "rust") in built.plugins and "clang-o2" in built.absent


def test_without_a_compiler_for_them_there_are_none(tmp_path: Path, builds: list[tuple[list[str], list[str]]]) -> None:
    assert not any(case in OURS for case, _ in build(tmp_path, "rust", "clang-o2").plugins)
    assert len(builds) == 1


def test_who_asks_for_nothing_else_gets_them_in_every_profile(builds: list[tuple[list[str], list[str]]]) -> None:
    chosen = cases.choose(cases.find(Folders.of(())), cases.pattern_of("^calibration/"))
    build_with_calibration(Folders.of(()), calibrations.added(chosen), [KNOWN["gcc-o2"], KNOWN["gcc-o3"]])
    assert builds == [(OURS, ["gcc-o2", "gcc-o3"])]


def test_a_filter_that_matches_nothing_is_refused_all_the_same() -> None:
    with pytest.raises(UsageError, match="matches no case"):
        calibrations.added(cases.choose(cases.find(Folders.of(())), cases.pattern_of("no_such_thing")))


# ---- what they are compared with -------------------------------------------------------------------------------------


def test_a_control_is_compared_with_the_raw_code_beside_it_and_nothing_else() -> None:
    mine = (
        planned("base", "raw"),
        planned("plus_1", "calibration", 1.01),
        planned("aa", "aa", 1.0),
    )
    wanted = [KNOWN["gcc-o2-assertions"], KNOWN["gcc-o2-again"], KNOWN["gcc-o2"]]
    variants = {("calibration/x", profile.name): mine for profile in wanted}
    for profile in wanted:
        (panel,) = plan(["calibration/x"], [profile], {"calibration/x": [point(1, None, "L1", 0)]}, variants, 0)
        assert {arm.profile for arm in panel.contenders} == {profile.name}
        found = [
            (pair.kind, pair.numerator, pair.denominator, pair.planted) for pair in pairs(panel, profile, [1.0] * 3)
        ]
        assert found == [("aa", 2, 0, 1.0), ("calibration", 1, 0, 1.01)]


def test_a_full_run_builds_the_profile_again_whose_hardening_it_prices() -> None:
    usual = [profile for profile in KNOWN.values() if profile.by_default]
    assert [profile.name for profile in profiles.with_rebuilds(usual) if profile not in usual] == ["gcc-o2-again"]
    assert profiles.with_rebuilds([KNOWN["clang-o2"]]) == [KNOWN["clang-o2"]]
    assert len(profiles.with_rebuilds([KNOWN["gcc-o2"], KNOWN["gcc-o2-again"]])) == 2


# ---- what they do ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built() -> dict[tuple[str, str], Path]:
    """The plugins of the calibrations by GCC and Clang."""
    chosen = [case for case in cases.find(Folders.of(())) if calibrations.is_calibration(case)]
    made = build_all(Folders.of(()), chosen, [KNOWN["gcc-o2"], KNOWN["clang-o2"]])
    assert not made.failures
    return made.plugins


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that calls one kernel."""
    source = PACKAGE / "testing" / "call_kernel.cc"
    out = tmp_path_factory.mktemp("caller") / "call_kernel"
    plugin_abi.run(["g++", "-std=c++20", "-O1", "-I", ROOT / "src", source, "-o", out, "-ldl"])
    return out


def instructions(caller: Path, plugin: Path, variant: str, size: int) -> int:
    """How many instructions one more call of a kernel executes, with all that it calls; counted by Valgrind."""

    def total(calls: int) -> int:
        words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        words += [str(caller), str(plugin), variant, str(size), str(calls)]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
        counted = re.search(r"I\s+refs:\s+([\d,]+)", said)
        assert counted is not None, said
        return int(counted[1].replace(",", ""))

    return total(2) - total(1)


@pytest.mark.build
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2"])
@pytest.mark.parametrize(("case", "size"), [("calibration/straight", 1024), ("calibration/branchy", 64)])
def test_a_control_executes_its_planted_share_of_instructions(
    built: dict[tuple[str, str], Path], caller: Path, case: str, size: int, profile: str
) -> None:
    if (case, profile) not in built:
        pytest.skip(f"{profile} is absent")
    executed = {name: instructions(caller, built[case, profile], name, size) for name in REPEATS}
    assert executed["aa"] == executed["base"]
    for name, repeats in REPEATS.items():
        assert executed[name] / executed["base"] == pytest.approx(repeats / 100, rel=2e-5), executed
    one = executed["plus_1"] - executed["base"]
    for name, repeats in REPEATS.items():  # a loop that begins elsewhere may take an instruction more or less
        assert abs(executed[name] - executed["base"] - one * (repeats - 100)) <= 2, executed
