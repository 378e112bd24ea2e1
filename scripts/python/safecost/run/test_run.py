"""Tests of the whole command on real plugins: what a run in which nothing is wrong leaves behind."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.document.types import Document
from safecost.run import schedule
from safecost.testing import commands
from safecost.testing.commands import AT, SUM, asked_for, case_of, case_text, panels_of, put, quick, read

pytestmark = pytest.mark.build


def test_a_good_run_leaves_a_document_a_report_a_table_and_every_launch() -> None:
    calm = commands.calm()
    assert calm.ended.code == 0, calm.ended
    run = calm.document.run
    most = schedule.QUICK.launches
    assert (run.complete, run.mode, run.seed, run.launches, run.filter) == (True, "quick", 7, most, "^calm/")
    assert run.seconds.build > 0 and run.seconds.verify > 0 and run.seconds.measure > 0
    assert {case.status for case in calm.document.cases} == {"measured"}
    assert not calm.document.problems
    assert "calm/sum" in (calm.out / "report.html").read_text(encoding="utf-8")
    assert "calm/sum small" in calm.ended.out and "equivalent" in calm.ended.out
    last = calm.ended.out.splitlines()[-1]
    assert Path(last.removeprefix("report: ")).resolve() == (calm.out / "report.html").resolve()
    for stage in ("build", "verify", "measure"):
        assert re.search(rf"^{stage}: \d+ in ", calm.ended.err, re.MULTILINE)
    launches = sum(len(panel.launches) for panel in calm.document.panels)
    assert launches == most * len(calm.document.panels) == most * (4 + 2)  # two are of calibrations
    assert len(list((calm.out / "launches").glob("*.json"))) == launches


def test_each_panel_holds_what_its_ratios_compare() -> None:
    document = commands.calm().document
    plain, hardened = panels_of(document, "calm/sum")
    assert (plain.profile, hardened.profile) == ("gcc-o2", "gcc-o2-assertions")
    assert {arm.variant for arm in plain.contenders} == {"raw", "aa", "index", "at"}
    assert ("raw", "gcc-o2") in {(arm.variant, arm.profile) for arm in hardened.contenders}
    assert {pair.kind for pair in plain.pairs} == {"idiom", "aa"}
    assert {pair.kind for pair in hardened.pairs} == {"idiom", "aa", "profile", "full"}
    both = (*plain.pairs, *hardened.pairs)
    assert all(len(pair.ratios) == schedule.QUICK.launches and pair.level is not None for pair in both)


def test_nothing_private_is_in_the_document() -> None:
    text = (commands.calm().out / "run.json").read_text(encoding="utf-8")
    for private in (str(ROOT), str(Path.home()), str(commands.workshop()), commands.workshop().name):
        assert private not in text
    for name in (socket.gethostname(), getpass.getuser()):
        assert len(name) < 4 or not re.search(rf"\b{re.escape(name)}\b", text)


def test_an_idiom_that_a_toolchain_lacks_is_a_named_gap() -> None:
    gaps = commands.calm().document.gaps
    assert {(gap.case, gap.variant, gap.profile) for gap in gaps} == {
        ("calm/gap", "views", profile) for profile in ("gcc-o2", "gcc-o2-assertions")
    }
    assert gaps[0].reason == "this library has no such view"
    assert "gap: calm/gap/views@gcc-o2,gcc-o2-assertions: this library has no such view" in commands.calm().ended.out


def test_a_filter_down_to_a_variant_measures_it_its_raw_code_and_a_null(tmp_path: Path) -> None:
    commands.calm()
    ended = quick(tmp_path / "out", "--filter", "calm/sum/at$")
    assert ended.code == 0, ended
    (panel,) = asked_for(read(tmp_path / "out"))
    assert {arm.variant for arm in panel.contenders} == {"raw", "aa", "at"}


def test_every_run_measures_calibrations_in_one_plain_profile_of_its_own() -> None:
    document = commands.calm().document
    known = [panel for panel in document.panels if panel not in asked_for(document)]
    assert [(panel.case, panel.profile) for panel in known] == [
        ("calibration/branchy", "gcc-o2"), ("calibration/straight", "gcc-o2"),
    ]  # fmt: skip
    planted = {panel.contenders[pair.numerator].variant: pair.planted for panel in known for pair in panel.pairs}
    assert planted == {"aa": 1.0, "copy": 1.0, "plus_1": 1.01, "plus_2": 1.02, "plus_5": 1.05, "minus_2": 0.98}
    assert {pair.kind for panel in known for pair in panel.pairs} == {"aa", "calibration"}
    assert re.search(r"^calibrations: \d of 8 planted differences found", commands.calm().ended.out, re.MULTILINE)


def test_a_control_of_ones_own_says_what_it_plants(tmp_path: Path) -> None:
    """This one lies: it does what raw does, once, and says that it does it one and a half times."""
    put(commands.cases(), "lies/half", case_text({"raw": SUM, "more": SUM}).replace(
        '.safe<more>("more", "more")', '.calibration<more>("more", 1.5, "raw, one and a half times")'
    ))  # fmt: skip
    ended = quick(tmp_path / "out", "--filter", "^lies/")
    assert ended.code == 0, ended
    (panel,) = panels_of(read(tmp_path / "out"), "lies/half")
    (pair,) = [pair for pair in panel.pairs if pair.kind == "calibration"]
    assert pair.planted == 1.5
    assert "lies/half/more/size:512@gcc-o2 was built to be 1.500 and reads" in " ".join(ended.out.split())


def test_an_ad_hoc_profile_is_measured_and_an_absent_compiler_costs_one_line(tmp_path: Path) -> None:
    commands.calm()
    level = "v3" if "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8") else "v2"
    ended = commands.safecost(
        *("run", "--quick", "--cases", commands.cases(), "--out", tmp_path / "out", "--filter", "calm/sum/"),
        *("--profile", f"mine: g++ -O3 -march=x86-64-{level}", "--profile", "x: no-such-compiler -O2"),
    )
    assert ended.code == 0, ended
    skipped = [line for line in ended.err.splitlines() if "skipped" in line]
    assert len(skipped) == 1 and "no-such-compiler" in skipped[0]
    assert "skipped: x: no-such-compiler not found" in ended.out
    document = read(tmp_path / "out")
    mine, absent = document.profiles
    assert (mine.name, mine.status, mine.plain) == ("mine", "measured", "mine")
    assert mine.flags[1] == (f"-march=x86-64-{level}", "given on the command line")
    assert mine.compiler is not None and mine.compiler.startswith("GNU ")
    assert (absent.name, absent.status) == ("x", "absent") and "no-such-compiler" in str(absent.reason)
    assert {panel.profile for panel in document.panels} == {"mine"}  # calibrations and all


def test_a_run_that_measures_nothing_says_so_and_is_no_success(tmp_path: Path) -> None:
    commands.calm()
    common = ("run", "--quick", "--cases", commands.cases())
    nowhere = commands.safecost(
        *common, "--out", tmp_path / "a", "--profile", "x: no-such-compiler", "--filter", "calm/sum/"
    )
    assert nowhere.code == 1
    assert "safecost: nothing was measured: no chosen profile is present" in nowhere.err
    nobody = commands.safecost(
        *common, "--out", tmp_path / "b", "--profiles", "gcc-o2", "--filter", "calm/sum/at@nobody"
    )
    assert nobody.code == 1
    assert "safecost: nothing was measured: --filter 'calm/sum/at@nobody' finds no contender" in nobody.err
    for out in ("a", "b"):
        assert not read(tmp_path / out).panels


def test_an_edit_is_measured_and_a_stale_plugin_never(tmp_path: Path) -> None:
    def run(name: str, text: str) -> Document:
        put(commands.cases(), "edited/one", text)
        ended = quick(tmp_path / name, "--filter", "edited/one")
        assert ended.code == (1 if name == "broken" else 0), ended
        return read(tmp_path / name)

    one = run("one", case_text({"raw": SUM}))
    broken = run("broken", case_text({"raw": SUM + "no_such_thing();"}))
    other = run("other", case_text({"raw": SUM + SUM.replace("31", "33")}))
    assert not broken.panels and not any(plugin.case == "edited/one" for plugin in broken.plugins)
    assert case_of(broken, "edited/one").status == "not_built"
    first, second = (plugin for document in (one, other) for plugin in document.plugins if plugin.case == "edited/one")
    assert first.sha256 != second.sha256
    before, after = (asked_for(document)[0].contenders[0].nanoseconds for document in (one, other))
    assert min(after) > 1.3 * min(before)  # twice the work


def test_a_twin_that_does_not_compile_costs_the_twin(tmp_path: Path) -> None:
    if shutil.which("rustc") is None and not (Path.home() / ".cargo/bin/rustc").exists():
        pytest.skip("rustc is not installed")
    for name in ("good", "bad"):
        put(commands.cases(), f"twins/{name}", case_text({"raw": SUM, "at": AT}))
    put(commands.cases(), "twins/good", commands.twin_text(), "rs")
    put(commands.cases(), "twins/bad", commands.twin_text().replace("context.values.len() as", "no_such as"), "rs")
    ended = quick(tmp_path / "out", "--filter", "^twins/", profiles="rust")
    document = read(tmp_path / "out")
    if any(profile.status == "absent" for profile in document.profiles):
        pytest.skip("rustc or Clang is absent or too old")
    assert ended.code == 1, ended
    (problem,) = document.problems
    assert (problem.kind, problem.case, problem.profile) == ("build", "twins/bad", "rust")
    assert "no_such" in problem.message and str(commands.workshop()) not in problem.message
    (panel,) = asked_for(document)
    assert panel.case == "twins/good"
    assert {pair.kind for pair in panel.pairs} == {"idiom", "language", "aa"}
