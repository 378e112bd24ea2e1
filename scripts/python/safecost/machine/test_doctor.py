"""Tests of what the doctor finds, on machines made of small scripts."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from safecost.core.paths import ROOT
from safecost.machine import doctor
from safecost.machine.doctor import Diagnosis
from safecost.suite import toolbox
from safecost.suite.toolbox import Tool

GCC = Tool("GCC", ("g++",), "g++", "profiles gcc-o2", required=True, floor=(12,), asks=("-dumpfullversion",))


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def printed(findings: list[Diagnosis]) -> str:
    console = Console(file=io.StringIO(), width=60)
    doctor.render(findings, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_newest_compiler_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    program(first, "g++-9", "9.5.0")
    newest = program(second, "g++-14", "14.2.0")
    program(first, "g++", "9.5.0")
    program(second, "g++-99", "99.0.0").chmod(0o644)  # not a program
    finding, path = doctor.examine_tool(GCC, [first, second])
    assert path == newest
    assert finding == Diagnosis("GCC", "found", f"14.2.0, {newest}", "profiles gcc-o2")
    plain = program(first, "g++", "15.1.0")
    assert doctor.examine_tool(GCC, [first, second])[1] == plain


def test_a_compiler_that_is_too_old_is_missing(tmp_path: Path) -> None:
    program(tmp_path, "g++", "11.4.0")
    finding, path = doctor.examine_tool(GCC, [tmp_path])
    assert path is None
    assert finding.status == "missing"
    assert finding.detail.startswith("11.4.0 at ") and finding.detail.endswith("is older than 12")


def test_a_tool_that_does_not_answer_is_found_all_the_same(tmp_path: Path) -> None:
    silent = tmp_path / "g++"
    silent.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    silent.chmod(0o755)
    finding, path = doctor.examine_tool(GCC, [tmp_path])
    assert (finding.status, path) == ("found", silent)
    assert finding.detail.startswith("of unknown version")


def test_rust_tells_its_llvm(tmp_path: Path) -> None:
    program(tmp_path, "rustc", "rustc 1.95.0 (59807616e)\nbinary: rustc\nLLVM version: 22.1.2")
    rust = next(tool for tool in toolbox.compilers() if tool.subject == "Rust")
    assert doctor.examine_tool(rust, [tmp_path])[0].detail.startswith("1.95.0 (LLVM 22.1.2), ")
    program(tmp_path, "rustc", "rustc 1.63.0\nLLVM version: 14.0.6")
    too_old = doctor.examine_tool(rust, [tmp_path])[0]
    assert too_old.status == "missing"
    assert too_old.remedy == doctor.how_to_get_rust()
    assert not too_old.required


def test_the_probe_is_read_back() -> None:
    lines = ["int x;", "found 0 ", "found 1 90100", "found 2 3 . 11 . 2", "found 13 20220623 . 1"]
    text = "\n".join(lines).replace("found", "safecost_found")
    assert doctor.read_probe(text) == {0: "", 1: "9.1.0", 2: "3.11.2", 13: "20220623.1"}
    assert doctor.read_probe("") == {}


def test_a_missing_library_is_told_with_its_header_and_package(tmp_path: Path) -> None:
    compiler = program(tmp_path, "g++", "safecost_found 1 100201")
    findings = {finding.subject: finding for finding in doctor.examine_libraries(compiler)}
    assert findings["fmt"] == Diagnosis("fmt", "found", "10.2.1", "the runner")
    benchmark = findings["Google Benchmark"]
    assert (benchmark.status, benchmark.required) == ("missing", True)
    assert benchmark.detail == "<benchmark/benchmark.h> not found"
    assert benchmark.remedy and benchmark.remedy.endswith("libbenchmark-dev")


def test_libcxx_needs_its_static_library(tmp_path: Path) -> None:
    clang = program(tmp_path, "clang++-19", "190107")
    assert doctor.examine_libcxx(clang).detail == "its static library not found by clang++-19"
    program(tmp_path, "clang++-19", "\n190107\n/usr/lib/libc++.a")
    assert "static library" in doctor.examine_libcxx(clang).detail  # an answer to another question is none
    clang.write_text("#!/bin/sh\ncase $1 in -print*) echo /lib/libc++.a;; *) echo 190107;; esac\n", encoding="ascii")
    assert doctor.examine_libcxx(clang).detail == "19.1.7"


def test_a_libcxx_of_another_llvm_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "BUILD", tmp_path)
    clang = tmp_path / "clang++-22"
    clang.write_text("#!/bin/sh\ncase $1 in -print*) echo /lib/libc++.a;; *) echo 190107 22;; esac\n", encoding="ascii")
    clang.chmod(0o755)
    other = doctor.examine_libcxx(clang)
    assert (other.status, "that of LLVM 19 is there" in other.detail) == ("missing", True)
    (tmp_path / "libcxx-22").mkdir()
    assert doctor.examine_libcxx(clang).status == "found"


def test_a_package_of_llvm_is_the_newest_that_apt_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program(tmp_path, "apt-get", "")
    candidates = {"clang-19": "1:19.1", "clang-22": "1:22.1", "clang-23": "(none)", "rustc": "1.85.1+dfsg1"}
    program(
        tmp_path, "apt-cache", "".join(f"{n}:\n  Installed: (none)\n  Candidate: {c}\n" for n, c in candidates.items())
    )
    doctor.newest_llvm.cache_clear()
    assert doctor.how_to_get("libc++-N-dev").endswith(" libc++-22-dev")
    assert doctor.how_to_get_rust().endswith(" rustc")
    doctor.newest_llvm.cache_clear()


def test_profiles_are_named_by_compiler_and_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecost.suite.profiles.FOLDER", tmp_path)
    written = {"clang": "libstdc++", "libcxx": "libc++"}
    for name, library in written.items():
        file = {"summary": "", "language": "c++", "compiler": "clang", "library": library, "flags": []}
        (tmp_path / f"{name}.json").write_text(json.dumps(file), encoding="utf-8")
    (tmp_path / "fast.json").write_text('{"summary": "", "plain": "libcxx", "flags": []}', encoding="utf-8")
    assert toolbox.profiles_of("clang") == "profiles clang, fast, libcxx"
    assert toolbox.profiles_of("clang", "libc++") == "profiles fast, libcxx"
    assert toolbox.profiles_of("gcc") == "profiles of gcc"


def test_every_package_named_here_is_one_that_set_up_installs() -> None:
    lines = (ROOT / "scripts/packages.txt").read_text(encoding="utf-8").splitlines()
    installed = {
        words[1] for line in lines if (words := line.split()) and words[0] in ("need", "run", "test", "python")
    }
    named = {tool.package for tool in (*toolbox.TOOLS, *toolbox.compilers()) if tool.package}
    named |= {library.package for library in toolbox.LIBRARIES}
    assert named - installed == {"git", "gdb"}  # useful to have, needed by nothing


@pytest.mark.parametrize(
    ("status", "required", "code"),
    [("missing", True, 1), ("missing", False, 0), ("found", False, 0), ("noise", False, 0)],
)
def test_exit_code(status: doctor.DiagnosisStatus, required: bool, code: int) -> None:
    findings = [Diagnosis("x", "found", ""), Diagnosis("y", status, "", required=required)]
    assert doctor.exit_code(findings) == code


def test_render_shows_each_finding_and_leaves_commands_whole() -> None:
    command = "sudo apt-get install --no-install-recommends " + "a-package-with-a-long-name " * 3
    text = printed(
        [
            Diagnosis("CMake", "found", "3.25.1, /opt/[bold]/cmake"),
            Diagnosis("Ninja", "missing", "not found", "every build", command, required=True),
            Diagnosis("noise", "noise", "SMT is on.", "", "switch it off"),
        ]
    )
    assert "/opt/[bold]/cmake" in text
    assert "Ninja: not found; required for every build" in text
    assert command.strip() in text
    assert "SMT is on." in text and "switch it off" in text
    assert "cannot work" in text


def test_render_of_a_perfect_machine() -> None:
    text = printed([Diagnosis("CMake", "found", "3.25.1")])
    assert "Nothing here is known to make any." in text
    assert "Missing" not in text and "cannot work" not in text


def test_a_machine_without_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    findings = doctor.examine()
    assert [finding.subject for finding in findings if finding.status == "found"] == ["Python"]
    required = {finding.subject for finding in findings if finding.required}
    assert {"GCC", "CMake", "Ninja", "Google Benchmark", "Abseil"} <= required
    assert doctor.exit_code(findings) == 1


def test_this_machine_in_good_time() -> None:
    begun = time.monotonic()
    findings = doctor.examine()
    assert time.monotonic() - begun < 10  # about a second; a busy machine may take longer
    subjects = [finding.subject for finding in findings if finding.status != "noise"]
    assert len(subjects) == len(set(subjects))
    expected = len(toolbox.compilers()) + len(toolbox.TOOLS) + len(toolbox.LIBRARIES) + 2
    assert len(subjects) == expected
