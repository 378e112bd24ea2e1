"""Tests of the whole command on real plugins: every fault is planted in a case file, and must be caught and named."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.document.types import Case, Document, Panel, Problem
from safecost.testing import commands
from safecost.testing.commands import AT, FOREVER, NULL_WRITE, OFF_BY_ONE, SUM, Outcome, case_text, put, quick, read

pytestmark = pytest.mark.build


def late(trouble: str) -> str:
    """Trouble that comes after more calls than verification makes."""
    return f"static int calls = 0; if (++calls > 5'000) {trouble} {SUM}"


TROUBLE = {
    "off_by_one": case_text({"raw": SUM, "less": OFF_BY_ONE, "at": AT}),
    "broken": case_text({"raw": SUM, "at": "no_such_thing(in);"}),
    "kernels": case_text(
        {
            "raw": SUM,
            "null_write": NULL_WRITE,
            "aborts": "std::abort();",
            "leaves": "std::exit(3);",
            "hangs": FOREVER,
            "throws": 'throw std::runtime_error("no such luck");',
            "at": AT,
        }
    ),
    "generator": case_text({"raw": SUM, "at": AT}, fill=NULL_WRITE),
    "loading": case_text({"raw": SUM, "at": AT}, top="const int at_start = [] { std::abort(); return 1; }();"),
    "late_crash": case_text({"raw": SUM, "late": late("std::abort();")}),
    "late_hang": case_text({"raw": SUM, "late": late(FOREVER)}),
    "late_exit": case_text({"raw": SUM, "late": late("std::_Exit(0);")}),
    "vanished": case_text({"raw": "if (!in.empty()) digest = in[0];", "at": "if (!in.empty()) digest = in.at(0);"}),
    "alike": case_text({"raw": SUM, "at": AT}, fill="for (auto& value : values) value = 7;"),
    "mutates": case_text({"raw": SUM, "changes": SUM + " if (!in.empty()) ++in[0];"}),
    "misnamed": case_text(
        {"raw": SUM}, added='.fault({.name = "One past!", .cwe = 125, .description = "", .contract = ""})'
    ),
}


@pytest.fixture(scope="module")
def troubled() -> Outcome:
    """One run over every kind of trouble, and a case that is fine but for what it prints and how it is written."""
    for name, text in TROUBLE.items():
        put(commands.cases(), f"trouble/{name}", text)
    # Large enough that the words do not hide how the work grows.
    talks = case_text({"raw": SUM, "talks": 'std::puts("hello"); std::fflush(stdout);' + SUM}, size=4_096)
    private = f"// by me at {ROOT} on {socket.gethostname()}\r\n\f// \x1b[31mred\n"
    put(commands.cases(), "trouble/odd", talks + private).write_bytes((talks + private).encode() + b"// caf\xe9\n")
    out = commands.workshop() / "troubled"
    limits = {"SAFECOST_VERIFY_SECONDS": "1", "SAFECOST_LAUNCH_SECONDS": "5"}
    ended = quick(out, "--filter", "^trouble/", **limits)
    assert (out / "run.json").exists(), ended.err
    return Outcome(ended, out, read(out))


def case_of(document: Document, name: str) -> Case:
    return next(case for case in document.cases if case.name == name)


def problems_of(document: Document, name: str) -> list[Problem]:
    return [problem for problem in document.problems if problem.case == name]


def panels_of(document: Document, name: str) -> list[Panel]:
    return [panel for panel in document.panels if panel.case == name]


def asked_for(document: Document) -> list[Panel]:
    """The panels without the calibrations, which come with every run."""
    return [panel for panel in document.panels if not any(arm.role == "calibration" for arm in panel.contenders)]


# ---- a run in which nothing is wrong ---------------------------------------------------------------------------------


def test_a_good_run_leaves_a_document_a_report_a_table_and_every_launch() -> None:
    calm = commands.calm()
    assert calm.ended.code == 0, calm.ended
    run = calm.document.run
    assert (run.complete, run.mode, run.seed, run.launches, run.filter) == (True, "quick", 7, 6, "^calm/")
    assert run.seconds.build > 0 and run.seconds.verify > 0 and run.seconds.measure > 0
    assert {case.status for case in calm.document.cases} == {"measured"}
    assert not calm.document.problems
    assert "calm/sum" in (calm.out / "report.html").read_text(encoding="utf-8")
    assert "calm/sum L1" in calm.ended.out and "equivalent" in calm.ended.out
    last = calm.ended.out.splitlines()[-1]
    assert Path(last.removeprefix("report: ")).resolve() == (calm.out / "report.html").resolve()
    for stage in ("build", "verify", "measure"):
        assert re.search(rf"^{stage}: \d+ in ", calm.ended.err, re.MULTILINE)
    launches = sum(len(panel.launches) for panel in calm.document.panels)
    assert launches == 6 * len(calm.document.panels) == 6 * (4 + 2)  # two are of calibrations
    assert len(list((calm.out / "launches").glob("*.json"))) == launches


def test_each_panel_holds_what_its_ratios_compare() -> None:
    document = commands.calm().document
    plain, hardened = panels_of(document, "calm/sum")
    assert (plain.profile, hardened.profile) == ("gcc-o2", "gcc-o2-assertions")
    assert {arm.variant for arm in plain.contenders} == {"raw", "aa", "index", "at"}
    assert ("raw", "gcc-o2") in {(arm.variant, arm.profile) for arm in hardened.contenders}
    assert {pair.kind for pair in plain.pairs} == {"idiom", "aa"}
    assert {pair.kind for pair in hardened.pairs} == {"idiom", "aa", "profile", "full"}
    assert all(len(pair.ratios) == 6 and pair.level is not None for pair in (*plain.pairs, *hardened.pairs))


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
    assert len([line for line in ended.err.splitlines() if "no-such-compiler" in line]) == 1
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


# ---- trouble in a case costs that case -------------------------------------------------------------------------------


def test_a_wrong_result_ends_the_run_with_5_and_the_rest_is_measured(troubled: Outcome) -> None:
    assert troubled.ended.code == 5, troubled.ended
    assert "Traceback" not in troubled.ended.err
    odd = case_of(troubled.document, "trouble/odd")
    assert odd.status == "measured"
    assert len(panels_of(troubled.document, "trouble/odd")[0].launches) == 6
    assert "trouble/odd L1" in troubled.ended.out


def test_an_off_by_one_strikes_its_case_with_both_digests(troubled: Outcome) -> None:
    (problem,) = problems_of(troubled.document, "trouble/off_by_one")
    assert (problem.kind, problem.variant, problem.profile, problem.disqualifies) == ("digest", "less", "gcc-o2", True)
    assert problem.size == 1  # the smallest size at which one less is another sum
    digests = re.findall(r"\b[0-9a-f]{16}\b", problem.message)
    assert len(set(digests)) == 2
    assert case_of(troubled.document, "trouble/off_by_one").status == "disqualified"
    assert not panels_of(troubled.document, "trouble/off_by_one")
    said = " ".join(troubled.ended.out.split())
    assert "disqualified: trouble/off_by_one: less@gcc-o2 at size 1: digest" in said
    assert all(digest in said for digest in digests)


def test_what_does_not_compile_is_told_in_the_compilers_words(troubled: Outcome) -> None:
    (problem,) = problems_of(troubled.document, "trouble/broken")
    assert (problem.kind, problem.profile, problem.disqualifies) == ("build", "gcc-o2", False)
    first, *rest = problem.message.splitlines()
    assert first.startswith("does not compile: bench/trouble/broken.cc:")
    assert "no_such_thing" in first
    assert any("no_such_thing(in);" in line for line in rest)  # the compiler shows the line
    assert "ninja" not in problem.message and "FAILED" not in problem.message
    paths = re.findall(r"(?<![\w.])/[^\s:'\"]+", problem.message)
    assert all(path.startswith("/usr/") for path in paths)
    assert case_of(troubled.document, "trouble/broken").status == "not_built"
    assert str(commands.cases() / "trouble/broken.cc") in troubled.ended.err  # in the terminal, a path to click on


@pytest.mark.parametrize(
    ("variant", "kind", "message"),
    [
        ("null_write", "crash", "Segmentation fault"),
        ("aborts", "crash", "Aborted"),
        ("leaves", "crash", "exit code 3"),
        ("hangs", "hang", "did not come back within 1 s"),
        ("throws", "digest", "no such luck"),
    ],
)
def test_a_kernel_that_goes_astray_is_contained_and_named(
    troubled: Outcome, variant: str, kind: str, message: str
) -> None:
    (problem,) = [one for one in problems_of(troubled.document, "trouble/kernels") if one.variant == variant]
    assert (problem.kind, problem.profile, problem.disqualifies) == (kind, "gcc-o2", True)
    assert problem.size == 0
    assert message in problem.message
    assert "trouble/kernels: " + variant + "@gcc-o2 at size 0" in " ".join(troubled.ended.out.split())


def test_a_kernel_beside_those_that_go_astray_is_not_blamed(troubled: Outcome) -> None:
    blamed = {problem.variant for problem in problems_of(troubled.document, "trouble/kernels")}
    assert blamed == {"null_write", "aborts", "leaves", "hangs", "throws"}


@pytest.mark.parametrize(
    ("case", "kind", "message"),
    [
        ("generator", "crash", "while its inputs were generated: crashed: Segmentation fault"),
        ("late_crash", "crash", "while it was timed: crashed: Aborted"),
        ("late_hang", "hang", "while it was timed: did not come back within 5 s"),
        ("late_exit", "crash", "while it was timed: ended the process with exit code 0"),
        ("vanished", "growth", "its work vanished"),
        ("alike", "pool", "all inputs of the pool are alike"),
        ("mutates", "digest", "a second call on the same input gives another digest"),
    ],
)
def test_a_case_in_trouble_is_disqualified_and_named(troubled: Outcome, case: str, kind: str, message: str) -> None:
    found = problems_of(troubled.document, f"trouble/{case}")
    assert {(problem.kind, problem.disqualifies) for problem in found} == {(kind, True)}
    assert all(message in problem.message for problem in found)
    assert case_of(troubled.document, f"trouble/{case}").status == "disqualified"
    assert not re.search(rf"trouble/{case} L1 ", troubled.ended.out)  # no row: its numbers are worthless


@pytest.mark.parametrize("case", ["late_crash", "late_hang"])
def test_who_ended_a_launch_is_named(troubled: Outcome, case: str) -> None:
    (problem,) = problems_of(troubled.document, f"trouble/{case}")
    assert (problem.variant, problem.profile, problem.size) == ("late", "gcc-o2", 512)


def test_inputs_that_are_alike_are_told_once(troubled: Outcome) -> None:
    assert len(problems_of(troubled.document, "trouble/alike")) == 1


@pytest.mark.parametrize(
    ("case", "kind", "message"),
    [
        ("loading", "load", "while it was loaded: crashed: Aborted"),
        ("misnamed", "abi", "has a fault named 'One past!': use lower case"),
    ],
)
def test_a_plugin_that_cannot_be_used_costs_that_plugin(troubled: Outcome, case: str, kind: str, message: str) -> None:
    (problem,) = problems_of(troubled.document, f"trouble/{case}")
    assert (problem.kind, problem.profile, problem.variant, problem.disqualifies) == (kind, "gcc-o2", None, False)
    assert message in problem.message
    found = case_of(troubled.document, f"trouble/{case}")
    assert found.status == "not_measured" and message in str(found.reason)


def test_sources_are_embedded_without_what_is_private_or_no_text(troubled: Outcome) -> None:
    (source,) = case_of(troubled.document, "trouble/odd").sources
    assert source.name == "odd.cc"
    assert "std::puts" in source.text and "caf\ufffd" in source.text and "// red" in source.text
    assert str(ROOT) not in source.text
    assert len(socket.gethostname()) < 4 or socket.gethostname() not in source.text


def test_a_build_failure_alone_ends_the_run_with_1(tmp_path: Path, troubled: Outcome) -> None:
    del troubled
    ended = quick(tmp_path / "out", "--filter", "^trouble/(broken|odd)")
    assert ended.code == 1, ended
    assert [panel.case for panel in asked_for(read(tmp_path / "out"))] == ["trouble/odd"]


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


# ---- interrupts ------------------------------------------------------------------------------------------------------


def descendants(process: int) -> set[int]:
    """Every process that this one has started, and what those have."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Interrupted:
    """A run that is sent a signal once `ready`; then its exit code, what it said, and who is left of its processes."""

    def __init__(self, out: Path, words: tuple[str, ...], ready: Callable[[set[int]], bool], number: int) -> None:
        given = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--out", out)
        process = subprocess.Popen(
            commands.arguments("run", *given, *words),
            env=commands.environment(SAFECOST_VERIFY_SECONDS="100"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started: set[int] = set()
        try:
            deadline = time.monotonic() + commands.PATIENCE
            while not ready(started) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                started = descendants(process.pid)
            os.killpg(process.pid, number)
            sent = time.monotonic()
            self.out, self.err = process.communicate(timeout=60)
            self.seconds = time.monotonic() - sent
            self.code = process.returncode
            time.sleep(0.1)
            self.left = {child for child in started if alive(child)}
        finally:
            for child in {process.pid, *started}:
                if alive(child):
                    os.kill(child, signal.SIGKILL)


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_what_was_measured_and_nobody_behind(tmp_path: Path, number: int, code: int) -> None:
    commands.calm()
    out = tmp_path / "out"

    def measuring(started: set[int]) -> bool:
        return len(list(out.glob("launches/*.json"))) >= 3 and any(" time " in command_of(one) for one in started)

    ended = Interrupted(out, ("--full", "--filter", "^calm/"), measuring, number)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert not ended.left
    document = read(out)
    assert not document.run.complete
    assert 3 <= sum(len(panel.launches) for panel in document.panels) < 40
    assert "interrupted: this run holds what was measured until then" in ended.out
    assert (out / "report.html").exists()


def test_an_interrupt_while_a_kernel_is_verified_does_not_wait_for_it(tmp_path: Path) -> None:
    put(commands.cases(), "waiting/hangs", case_text({"raw": SUM, "hangs": FOREVER}))

    def verifying(started: set[int]) -> bool:
        return sum(" verify " in command_of(one) for one in started) >= 2  # the supervisor and its worker

    ended = Interrupted(tmp_path / "out", ("--quick", "--filter", "waiting/hangs"), verifying, signal.SIGINT)
    assert ended.code == 130, ended.err
    assert ended.seconds < 20  # the limit is 100
    assert not ended.left
    document = read(tmp_path / "out")
    assert not document.run.complete and not document.panels
    assert case_of(document, "waiting/hangs").status == "not_measured"


@pytest.fixture
def endless_header(tmp_path: Path) -> Iterator[Path]:
    """A header that a compiler reads for ever."""
    header = tmp_path / "endless.h"
    os.mkfifo(header)
    yield header
    header.unlink()


def test_an_interrupt_ends_the_compilers_too(tmp_path: Path, endless_header: Path) -> None:
    file = put(commands.cases(), "endless/one", case_text({"raw": SUM}, top=f'#include "{endless_header}"'))

    def compiling(started: set[int]) -> bool:
        return any("cc1plus" in (said := command_of(one)) and "endless" in said for one in started)

    try:
        ended = Interrupted(tmp_path / "out", ("--quick", "--filter", "endless/one"), compiling, signal.SIGINT)
    finally:
        file.unlink()
    assert ended.code == 130, ended.err
    assert not ended.left
    document = read(tmp_path / "out")
    assert (document.run.complete, case_of(document, "endless/one").status) == (False, "not_measured")
    assert not document.problems  # nothing is wrong with the case
