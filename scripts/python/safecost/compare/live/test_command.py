"""What is refused before anything is built, in words that tell what to do instead."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from safecost import cli
from safecost.compare import command as compare_command
from safecost.compare.live import asked
from safecost.compare.live.arms import Pairing
from safecost.compare.live.asked import ComparisonExtent
from safecost.compare.live.command import EXAMPLES
from safecost.core.errors import USAGE, UsageError
from safecost.core.paths import ROOT
from safecost.testing import commands


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    commands.put(tmp_path / "cases", "a/b", commands.case_text({"raw": commands.SUM}))
    return tmp_path / "cases"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "nothing to compare: give two runs, or what to measure side by side"),
        ("--quick --cases .", "nothing to compare"),
        ("base", "there is no head to compare base with"),
        ("base head --quick", "--quick is of comparisons that measure, and base was measured"),
        ("base head --profiles gcc-o2", "--profiles is of comparisons that measure"),
        ("--profiles gcc-o2", "1 profile to compare (gcc-o2): give two or more, base first"),
        ("--profiles ,", "0 profiles to compare (none)"),
        ("--profiles gcc-o2,gcc-o3,gcc-o2", "gcc-o2 is given twice"),
        ("--profiles gcc-o2,nowhere", "no profile 'nowhere'"),
        ("--profiles clang-o2,gcc-o2,rust", "clang-o2 builds c++ and rust builds rust"),
        ("--profile '-O2'", "is not of the form"),
        ("--revisions HEAD", "Option '--revisions' requires 2 arguments"),
        ("--revisions HEAD . --case-folders a b", "--revisions and --case-folders exclude each other"),
        ("--revisions HEAD . --cases a", "--cases is of profiles"),
        ("--revisions no-such-revision HEAD", "'no-such-revision' is no commit, branch or tag"),
        ("--revisions . .", "are the same (the working tree): there is nothing to compare"),
        ("--case-folders nowhere elsewhere", "nowhere: no such folder"),
        ("--case-folders . ./", "are the same folder"),
        ("--profiles gcc-o2,gcc-o3 --quick --full", "--quick and --full exclude each other"),
        ("--profiles gcc-o2,gcc-o3 --filter '('", "is not a regular expression"),
        ("--profiles gcc-o2,gcc-o3 --filter nowhere/at_all", "matches no case"),
        ("--profiles gcc-o2,gcc-o3 --filter ^calibration/", "no case to compare but calibrations"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [word.strip("'") for word in words.split()]
    assert cli.entry(["compare", *arguments]) == USAGE
    said = capsys.readouterr()
    assert sentence in " ".join(said.err.split())
    assert said.out == ""


def test_base_is_the_profile_that_is_named_first(cases: Path) -> None:
    made = asked.of_profiles("new,old", ("old: g++ -O2", "new: g++ -O3"), [cases], ComparisonExtent())
    assert (made.base.title, made.head.title) == ("new", "old")
    made = asked.of_profiles(None, ("old: g++ -O2", "new: g++ -O3"), [cases], ComparisonExtent())
    assert (made.base.title, made.head.title) == ("old", "new")
    made = asked.of_profiles("gcc-o2", ("mine: g++ -O3",), [cases], ComparisonExtent())
    assert (made.base.title, made.head.title) == ("gcc-o2", "mine")
    assert made.head.facts == (("flags", "-O3"),)
    made = asked.of_profiles("gcc-o2", ("mine: g++ -O3", "yours: g++ -O1"), [cases], ComparisonExtent())
    assert made.pairings == (Pairing("gcc-o2", "mine"), Pairing("gcc-o2", "yours"))
    assert (made.base.title, made.head.title) == ("gcc-o2", "mine, yours")
    assert made.head.facts == (("flags", "mine: -O3; yours: -O1"),)


def test_a_hardened_profile_takes_its_plain_sibling_along_by_which_proofs_know_its_checks(cases: Path) -> None:
    extent, trunk = ComparisonExtent(), "trunk: clang-o2-hardened @ clang++-99"
    made = asked.of_profiles("gcc-o2-hardened,trunk", (trunk,), [cases], extent)
    assert made.pairings == (Pairing("gcc-o2-hardened", "trunk"),)
    assert [profile.name for profile in made.base.state.profiles] == ["gcc-o2-hardened", "gcc-o2"]
    assert [profile.name for profile in made.head.state.profiles] == ["trunk", "trunk-plain"]
    assert {profile.compiler for profile in made.head.state.profiles} == {"clang++-99"}


def test_a_rust_profile_takes_the_one_along_that_draws_its_inputs(cases: Path) -> None:
    made = asked.of_profiles("rust,rust-overflow-checks", (), [cases], ComparisonExtent())
    assert [profile.name for profile in made.base.state.profiles] == ["rust", "clang-o2"]


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("old", "new"):
        commands.put(tmp_path / name / "cases", "a/b", commands.case_text({"raw": commands.SUM}))
    made = asked.of_folders(tmp_path / "old/cases", tmp_path / "new/cases", "gcc-o2", (), ComparisonExtent())
    assert made.base.title != made.head.title


def test_a_folder_without_cases_is_refused(tmp_path: Path, cases: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no <family>/<case>\.cc in it"):
        asked.of_folders(cases, tmp_path / "empty", "gcc-o2", (), ComparisonExtent())


def test_every_example_has_options_that_there_are() -> None:
    page = (ROOT / "docs/COMPARING.md").read_text(encoding="utf-8")
    shown = re.findall(r"^    (safecost compare .*)$", page, re.MULTILINE)
    in_a_job = re.findall(r"scripts/(safecost compare --revisions .*)$", page, re.MULTILINE)
    assert len(shown) >= 4 and in_a_job
    for line in (*EXAMPLES, *shown, *in_a_job):
        command = re.split(r"\s{2,}", re.sub(r"\$\{\{.*?\}\}", "main", line))[0]  # then comes what it is for
        words = shlex.split(command)
        context = compare_command.compare.make_context("compare", words[2:])
        assert context.params["base"] is None, line
        assert any(context.params[name] for name in ("revisions", "case_folders", "profiles", "profile")), line
