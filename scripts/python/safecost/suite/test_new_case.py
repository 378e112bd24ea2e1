"""Tests of `new`, whose skeleton must build and run as it is, of `debug`, and of `solo` on a case of one's own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from safecost import cli
from safecost.core.errors import UsageError
from safecost.core.paths import Folders
from safecost.suite import cases, new_case
from safecost.testing import commands
from safecost.testing.commands import AT, SUM, case_text, put, quick, read, safecost


def test_a_skeleton_teaches_and_says_what_comes_next(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.entry(["new", "mine/ring_buffer", "--cases", str(tmp_path)]) == 0
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.*")) == [
        "mine/ring_buffer.cc",
        "mine/ring_buffer.rs",
    ]
    (case,) = cases.find(Folders.of([tmp_path]))
    assert case.name == "mine/ring_buffer" and case.question.endswith(".")
    assert {"raw", "index", "at", "rust_index"} <= set(case.variants())
    text = "".join(file.read_text(encoding="utf-8") for file in case.files)
    assert "FAMILY" not in text and "CASE" not in text.replace("SAFECOST_CASE", "")
    assert "namespace mine::ring_buffer {" in text
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("next: scripts/safecost run --quick --filter mine/ring_buffer --cases ")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "one",
        "a/b/c",
        "/a",
        "a/",
        "A/b",
        "a/B",
        "1/b",
        "a-b/c",
        "../a/b",
        "a/..",
        "a/b.cc",
        "a b/c",
        "a" * 65 + "/b",
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="does not name a case: give FAMILY/CASE"):
        new_case.write(name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mine/class", "namespace/mine", "mine/xor", "std/vector"])
def test_a_word_of_the_language_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is a word of C\\+\\+'s own: choose another name"):
        new_case.write(name, tmp_path)


@pytest.mark.parametrize("existing", ["mine/one.cc", "mine/one.rs", "mine/one/part.cc"])
def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str], tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).parent.mkdir(parents=True)
    (tmp_path / existing).write_text("mine", encoding="utf-8")
    assert cli.entry(["new", "mine/one", "--cases", str(tmp_path)]) == 2
    assert "exists already: choose another name or edit it" in capsys.readouterr().err
    assert [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.*")] == ["mine"]


@pytest.mark.build
def test_a_skeleton_builds_and_runs_with_its_twin(tmp_path: Path) -> None:
    assert safecost("new", "skeleton/one", "--cases", commands.cases()).code == 0
    ended = quick(tmp_path / "out", "--filter", "skeleton/one", profiles="gcc-o2,rust")
    assert ended.code == 0, ended
    document = read(tmp_path / "out")
    measured = {profile.name for profile in document.profiles if profile.status == "measured"} & {"gcc-o2", "rust"}
    assert {panel.profile for panel in document.panels} == measured
    assert "gcc-o2" in measured


# ---- debug -----------------------------------------------------------------------------------------------------------


def debug_command(*words: str) -> list[str]:
    put(commands.cases(), "debugged/one", case_text({"raw": SUM, "at": AT}))
    ended = safecost("debug", "debugged/one", "--cases", commands.cases(), "--print", *words)
    assert ended.code == 0, ended
    return shlex.split(ended.out)


@pytest.mark.build
def test_debug_prints_a_command_that_works_later() -> None:
    command = debug_command("--variant", "at", "--profile", "gcc-o2", "--size", "3")
    assert command[0] == "gdb"
    plan = json.loads(Path(command[-1]).read_text(encoding="utf-8"))
    assert (plan["case"], plan["size"]) == ("debugged/one", 3)
    done = subprocess.run(command[command.index("--args") + 1 :], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["contender"] == "debugged/one/at/size:3@gcc-o2"


@pytest.mark.build
@pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed")
def test_a_debugger_stops_at_the_first_instruction_of_the_kernel() -> None:
    gdb, *rest = debug_command("--variant", "at", "--profile", "gcc-o2")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBUGINFOD_URLS": ""}
    done = subprocess.run(
        [gdb, "-batch", "-nx", *rest],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "ptrace" in done.stderr:
        pytest.skip("processes may not be traced here")
    after = done.stdout.partition("Temporary breakpoint 2, ")[2]
    assert after.startswith(("kernel<planted::at", "safecost::kernel<planted::at")), done.stdout + done.stderr
    assert "=> 0x" in after and "+0" not in after.partition("=> 0x")[2].partition(":")[0]


@pytest.mark.build
def test_debug_names_the_variants_that_there_are() -> None:
    put(commands.cases(), "debugged/one", case_text({"raw": SUM, "at": AT}))
    words = ("--cases", commands.cases(), "--variant", "ta", "--profile", "gcc-o2", "--print")
    ended = safecost("debug", "debugged/one", *words)
    assert (ended.code, ended.out) == (2, "")
    assert "debugged/one has no variant 'ta' in gcc-o2: choose from raw, " in ended.err


def test_debug_of_a_twin_that_is_not_there_builds_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecost.code.debugger.build_all", lambda *_: pytest.fail("nothing may be built"))
    put(tmp_path, "debugged/one", case_text({"raw": SUM, "at": AT}))
    words = ["--cases", str(tmp_path), "--variant", "at", "--profile", "rust", "--print"]
    assert cli.entry(["debug", "debugged/one", *words]) == 2
    assert "debugged/one has no Rust twin, so profile rust does not build it" in capsys.readouterr().err
