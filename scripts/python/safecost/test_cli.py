"""Tests of the command line: help, version, what is refused before anything is built, and how errors are reported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import click
import pytest

from safecost import cli
from safecost.core.command import Terminated, load
from safecost.core.errors import ToolError
from safecost.core.paths import PYTHON, VERSION
from safecost.suite import calibrations
from safecost.testing import commands
from safecost.testing.commands import Ended, safecost

COMMANDS = list(cli.COMMANDS)
TOO_LONG = "x" * 5_000


def refused(ended: Ended, sentence: str, code: int = 2) -> None:
    """One clear sentence on stderr, nothing else, nothing built."""
    assert ended.code == code, ended
    assert ended.out == ""
    assert ended.err.startswith("safecost: ") and ended.err.count("\n") == 1, ended.err
    assert sentence in ended.err


def entry(capsys: pytest.CaptureFixture[str], *words: str) -> Ended:
    """The command line within this process."""
    code = cli.entry(list(words))
    said = capsys.readouterr()
    return Ended(code, said.out, said.err)


# ---- what a newcomer asks first --------------------------------------------------------------------------------------


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ended = entry(capsys, "--version")
    assert (ended.code, ended.out, ended.err) == (0, f"safecost, version {VERSION}\n", "")


@pytest.mark.parametrize("words", [["--help"], ["-h"], []])
def test_the_help_lists_every_command_with_examples(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    ended = entry(capsys, *words)
    text = ended.out + ended.err
    assert ended.code == (0 if words else 2)
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    assert "Examples:\n" in text and "safecost run --quick" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_that_is_not_rewrapped(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    ended = entry(capsys, name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: scripts/safecost {name}")
    examples = ended.out.partition("Examples:\n")[2]
    assert re.match(rf"    ?scripts/safecost {name}\b", examples)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_use_options_that_exist(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    known = {word for one in commands for parameter in one.params for word in parameter.opts} | {"--help"}
    ours = re.sub(r" -- .*", "", str(command.epilog))  # what follows is another program's
    used = re.findall(r"(?<=\s)--[a-z][a-z-]*", ours)
    assert set(used) <= known


def test_every_name_in_the_table_is_that_of_the_command_it_refers_to() -> None:
    for name, (reference, _) in cli.COMMANDS.items():
        assert load(reference).name == name, reference


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["list"], ["list", "--profiles", "all"]])
def test_what_only_tells_loads_nothing_that_measures_or_draws(words: list[str]) -> None:
    slow = ["numpy", "scipy", "matplotlib", "jinja2", "jsonschema", "ruptures", "sqlalchemy", "rich"]
    slow += [] if "list" in words else ["msgspec"]  # profiles are read by their type
    program = f"import sys; from safecost import cli; cli.entry({words}); print(sorted({{*{slow}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PYTHON, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_exit_codes_stand_in_the_help_of_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = entry(capsys, "run", "--help").out
    for code in ("0 fine", "1 something", "2 usage", "5 a wrong result", "129, 130, 143 ended"):
        assert code in text


def test_list_tells_cases_with_questions_and_variants(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    commands.put(tmp_path, "some/case", commands.case_text({"raw": "", "at": ""}, question="What is asked?"))
    ended = entry(capsys, "list", "--cases", str(tmp_path))
    assert (ended.code, ended.out) == (0, "some/case: What is asked?\n    raw, at\n")


def test_list_tells_calibrations_last_and_apart(capsys: pytest.CaptureFixture[str]) -> None:
    cases, note, ours = entry(capsys, "list").out.partition(calibrations.NOTE)
    assert note and "indexing/sum: " in cases and "calibration/" not in cases
    assert "calibration/straight: " in ours and "plus_1" in ours and "indexing/" not in ours
    assert calibrations.NOTE not in entry(capsys, "list", "--filter", "indexing").out


def test_list_tells_profiles_and_marks_the_default_ones(capsys: pytest.CaptureFixture[str]) -> None:
    lines = entry(capsys, "list", "--profiles", "all").out.splitlines()
    assert any(line.startswith("*q gcc-o2: ") for line in lines)
    assert any(line.startswith("   gcc-o2-again: ") for line in lines)


def test_doctor_ends_with_0_or_1_and_no_traceback() -> None:
    ended = safecost("doctor")
    assert ended.code in {0, 1}
    assert "Traceback" not in ended.err and "g++" in ended.out


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "--profiles", "gcc-02"], "no profile 'gcc-02': choose from clang-o2, "),
        (["run", "--profiles", ","], "names no profile"),
        (["run", "--filter", "no_such_family"], "matches no case: the families are "),
        (["run", "--filter", "(unclosed"], "'(unclosed' is not a regular expression"),
        (["run", "--no-such-option"], "No such option '--no-such-option'"),
        (["run", "surplus"], "unexpected extra argument"),
        (["run", "--seed", "-1"], "-1 is not in the range"),
        (["run", "--quick", "--full"], "--quick and --full exclude each other"),
        (["run", "--publish", "--full"], "--full and --publish exclude each other"),
        (
            ["run", "--resume", "x", "--quick"],
            "--resume and --quick exclude each other: the run keeps what it was begun",
        ),
        (["run", "--resume", "x", "--publish"], "--resume and --publish exclude each other"),
        (["run", "--resume", "x", "--seed", "1"], "--resume and --seed exclude each other"),
        (["run", "--resume", "x", "--out", "y"], "--resume and --out exclude each other"),
        (["run", "--resume", "x", "--profiles", "gcc-o2"], "--resume and --profiles exclude each other"),
        (["run", "--resume", "no/such/run"], "no/such/run cannot be resumed: it holds no plan.json"),
        (["run", "--cases", "no/such/folder"], "no/such/folder: no such folder"),
        (["run", "--profile", "g++ -O3"], "is not of the form 'name: compiler flags...'"),
        (["run", "--profile", "mine:"], "is not of the form"),
        (["run", "--profile", "Mine: g++"], "is not of the form"),
        (["run", "--profile", "mine: g++ 'unclosed"], "cannot be split into words"),
        (["run", "--profile", "mine: g++ '-DWORDS=a b'"], "cannot pass '-DWORDS=a b' on"),
        (["run", "--profile", "gcc-o2: g++"], "has the name of a profile of the suite"),
        (["run", "--profile", "mine: g++", "--profile", "mine: clang++"], "is given twice"),
        (["rnu"], "No such command 'rnu'"),
        (["list", "--filter", "no_such_family"], "matches no case"),
        (["solo", "--filter", "no_such_family"], "matches no case"),
        (["debug", "no/case", "--variant", "raw", "--profile", "gcc-o2"], "no case 'no/case': choose from "),
        (["debug", "indexing/sum", "--variant", "raw", "--profile", "all"], "name one profile"),
        (["debug", "indexing/sum", "--profile", "gcc-o2"], "Missing option '--variant'"),
        (["report", "no/such/run"], "no/such/run does not exist"),
        (["report"], "Missing argument 'RUN...'"),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    def build(*_: object) -> None:
        raise AssertionError("nothing may be built")

    monkeypatch.setattr("safecost.toolchain.build.build_all", build)
    monkeypatch.setattr("safecost.code.debugger.build_all", build)
    refused(entry(capsys, *words), sentence)


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_a_limit_that_is_no_time_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SAFECOST_VERIFY_SECONDS", text)
    refused(entry(capsys, "run", "--quick"), f"SAFECOST_VERIFY_SECONDS='{text}' is not a number of seconds above 0")


def test_a_command_that_fails_to_understand_points_to_its_help() -> None:
    refused(safecost("run", "--no-such-option"), "(see 'scripts/safecost run --help')")


def test_an_empty_folder_of_cases_says_how_to_write_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    refused(
        entry(capsys, "run", "--cases", str(tmp_path)), "no <family>/<case>.cc in it; 'scripts/safecost new' writes one"
    )


def test_results_are_never_overwritten(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    refused(entry(capsys, "run", "--out", str(tmp_path)), "holds a run already: results are never overwritten")
    (tmp_path / "run.json").rename(tmp_path / "notes.txt")
    refused(entry(capsys, "run", "--out", str(tmp_path)), "holds files already")


def test_an_out_that_cannot_be_written_to_is_found_before_the_build(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    refused(entry(capsys, "run", "--out", str(file)), "cannot be written to: File exists")
    refused(entry(capsys, "run", "--out", str(file / "below")), "cannot be written to: Not a directory")
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - where nobody, not even root, makes a folder
        refused(entry(capsys, "run", "--out", "/proc/self/safecost"), "cannot be written to: ")


# ---- how errors are reported
# ---------------------------------------------------------------------------------------------


def raising(error: BaseException) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command("doctor", callback=fail)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ToolError("it broke."), 1, "safecost: it broke.\n"),
        (OSError(28, "No space left on device", "/tmp/a\x1b[31m"), 1, "safecost: No space left on device: /tmp/a?"),
        (KeyboardInterrupt(), 130, "safecost: interrupted\n"),
        (Terminated(), 143, "safecost: interrupted\n"),
        (Terminated(signal.SIGHUP), 129, "safecost: interrupted\n"),
        (click.Abort(), 130, "safecost: interrupted\n"),
    ],
)
def test_an_error_has_its_code_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    sentence: str,
) -> None:
    monkeypatch.setattr("safecost.cli.load", lambda _: raising(error))
    ended = entry(capsys, "doctor")
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.lstrip().startswith(sentence)  # click ends the line that a terminal shows ^C in


def printing_to(monkeypatch: pytest.MonkeyPatch, stdout: TextIO, *words: str) -> int:
    """Run a command whose stdout goes there; `doctor` leaves what it says in the buffer."""
    doctor = click.Command("doctor", callback=lambda: print("all is well"))
    monkeypatch.setattr(
        "safecost.cli.load", lambda reference: doctor if reference.endswith(":doctor") else load(reference)
    )
    monkeypatch.setattr(sys, "stdout", stdout)
    return cli.entry(list(words))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", ["list", "doctor"])
def test_a_full_disk_behind_stdout_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - it cannot be closed: that would write
    assert printing_to(monkeypatch, full, command) == 1
    monkeypatch.undo()
    os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert capsys.readouterr().err == "safecost: No space left on device\n"


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_a_reader_that_leaves_early_is_no_reason_to_complain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        code: object
        try:
            code = printing_to(monkeypatch, pipe, command)
        except SystemExit as end:  # click's way
            code = end.code
        assert code == 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), pipe.fileno())
    assert capsys.readouterr().err == ""


def test_a_terminal_that_lacks_characters_ends_no_command() -> None:
    ended = safecost("list", "--profiles", "all", "--filter", "\N{PILE OF POO}", more={"PYTHONIOENCODING": "ascii"})
    assert ended.code == 0
    ended = safecost("run", "--profiles", "\N{PILE OF POO}", more={"PYTHONIOENCODING": "ascii:strict"})
    assert ended.code == 2 and "no profile '?'" in ended.err


SLOW = ("matplotlib", "ruptures", "scipy")  # each of them takes a fifth of a second to load, or more


@pytest.mark.parametrize("words", [["--version"], ["list"]])
def test_the_command_starts_without_what_is_slow_to_load(words: list[str]) -> None:
    script = (
        f"import sys; from safecost import cli; cli.entry({words}); print(*sys.modules, file=sys.stderr, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=commands.environment(), capture_output=True, text=True, check=True
    )
    loaded = {module.partition(".")[0] for module in done.stderr.split()}
    assert "safecost" in loaded
    assert not loaded & set(SLOW)


@pytest.mark.parametrize(
    "words",
    [
        ("report", TOO_LONG),
        ("compare", TOO_LONG, TOO_LONG),
        ("export", TOO_LONG, "--format", "csv"),
        ("findings", TOO_LONG),
        ("explain", "a/b", "--run", TOO_LONG),
        ("history", "add", TOO_LONG),
        ("history", "import", TOO_LONG),
        ("history", "show", "--database", TOO_LONG),
        ("run", "--out", TOO_LONG),
        ("run", "--resume", TOO_LONG),
        ("list", "--cases", TOO_LONG),
        ("new", "a/b", "--cases", TOO_LONG),
    ],
    ids=lambda words: " ".join(words[:2]).replace(TOO_LONG, "PATH"),
)
def test_a_path_that_is_too_long_is_a_wrong_path(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    ended = entry(capsys, *words)
    assert ended.code == 2, ended
    assert "name too long" in ended.err.lower() and ended.err.count("\n") == 1
