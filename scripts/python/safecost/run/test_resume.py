"""Tests of a run that ends before its time, by any means at any moment, and is taken up again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safecost import cli
from safecost.core.paths import Folders
from safecost.core.privacy import secrets_here
from safecost.document.types import Document
from safecost.machine import facts as machine
from safecost.testing import commands
from safecost.testing.commands import AT, SUM, Ended, case_text, put, read, safecost

pytestmark = pytest.mark.build

KILLS = 12
LAUNCHES = 24  # six of each of two cases, and of two of calibrations
FILTER = ("--filter", "^resume/")


def words(out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    given: tuple[str | Path, ...] = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--seed", "11", "--out", out)
    return ("run", "--quick", *given, *FILTER, *more)


def resuming(out: Path) -> tuple[str | Path, ...]:
    return ("run", "--resume", out, "--cases", commands.cases())


def start(*given: str | Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        commands.arguments(*given),
        env=commands.environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_when(process: subprocess.Popen[str], ready: Callable[[], bool], number: int = signal.SIGKILL) -> Ended:
    """Send a signal once it is time; returns how the process ended and what it said."""
    try:
        deadline = time.monotonic() + commands.PATIENCE
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


class Moment:
    """Some seconds after a stage has begun, or in the last one after a launch has been written."""

    def __init__(self, out: Path, stage: str, launches: int, seconds: float) -> None:
        self._out, self._stage, self._launches, self._seconds = out, stage, launches, seconds
        self._sessions, self._since = self._built(), time.monotonic()

    def _built(self) -> str:
        """What the plan says once another build has been found to be the same."""
        with contextlib.suppress(OSError):
            plain = json.loads((self._out / "plan.json").read_text(encoding="utf-8"))
            return f"{plain['resumed']} {'plugins' in plain['fixed']}"
        return "0 False"

    def __call__(self) -> bool:
        if (self._stage == "verify" and self._built() == self._sessions) or (
            self._stage == "measure" and len(launches(self._out)) < self._launches
        ):
            self._since = time.monotonic()
        return time.monotonic() > self._since + self._seconds


def launches(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (out / "launches").glob("*.json")}


def shape(document: Document) -> object:
    """What two runs of one seed have in common: everything but times and what follows from them."""
    return (
        {one.sha256 for one in document.plugins},
        [(panel.case, panel.size, [(it.seed, it.layout) for it in panel.launches]) for panel in document.panels],
        [[(arm.variant, arm.profile) for arm in panel.contenders] for panel in document.panels],
        (document.run.mode, document.run.seed, document.run.complete, document.run.analyses),
    )


def refused(ended: Ended, *sentences: str) -> None:
    assert ended.code == 2, ended
    last = ended.err.splitlines()[-1]
    assert last.startswith("safecost: ") and "Traceback" not in ended.err, ended.err
    for sentence in sentences:
        assert sentence in last


@pytest.fixture(scope="module")
def small_cases() -> None:
    for name in ("one", "two"):
        put(commands.cases(), f"resume/{name}", case_text({"raw": SUM, "at": AT}))


@pytest.fixture(scope="module")
def whole(small_cases: None) -> Document:
    """A run that nothing disturbs."""
    del small_cases
    out = commands.workshop() / "whole"
    ended = safecost(*words(out))
    assert ended.code == 0, ended
    return read(out)


@pytest.fixture(scope="module")
def killed(whole: Document) -> Path:
    """A run that was killed after three launches or more."""
    del whole
    out = commands.workshop() / "killed"
    end_when(start(*words(out)), lambda: len(list(out.glob("launches/*.json"))) >= 3)
    assert 3 <= len(launches(out)) < LAUNCHES
    return out


@pytest.fixture
def copy(killed: Path, tmp_path: Path) -> Path:
    """A killed run of a test's own."""
    return Path(shutil.copytree(killed, tmp_path / "copy"))


# ---- killed ----------------------------------------------------------------------------------------------------------


def test_a_run_that_is_killed_again_and_again_ends_like_one_that_is_not(tmp_path: Path, whole: Document) -> None:
    for name in ("one", "two"):
        os.utime(commands.cases() / "resume" / f"{name}.cc")  # so that kills meet compilers, too
    dice, out = random.Random(2), tmp_path / "out"
    kept: dict[str, bytes] = {}
    met: list[str] = []
    for turn in range(KILLS):
        again = (out / "plan.json").exists()
        if not again:
            shutil.rmtree(out, ignore_errors=True)  # it was killed before it began
        stage, most = (("build", 2.0), ("verify", 0.3), ("measure", 0.3))[turn % 3]
        due = Moment(out, stage, len(kept) + dice.randint(1, 3), most * dice.random())
        ended = end_when(start(*(resuming(out) if again else words(out))), due)
        assert ended.code in {-signal.SIGKILL, 0}, ended
        assert "Traceback" not in ended.err
        if (out / "run.json").exists():
            read(out)  # never half a document
        now = launches(out)
        assert kept.items() <= now.items()  # what was measured is measured
        for data in now.values():
            json.loads(data)  # never half a launch
        met.append("measure" if len(now) > len(kept) else "verify" if "build: " in ended.err else "build")
        kept = now
        if ended.code == 0 or ((out / "run.json").exists() and read(out).run.complete):
            break  # a kill while the report is drawn costs no number
    else:
        ended = safecost(*resuming(out))
        assert ended.code == 0, ended
    assert len(met) >= 6 and set(met) == {"build", "verify", "measure"}, met
    made = read(out)
    assert shape(made) == shape(whole)
    assert not made.problems
    assert kept.items() <= launches(out).items()
    for panel in made.panels:  # and the document tells what the launches hold
        for number, launch in enumerate(panel.launches):
            file = f"{panel.case}.{panel.size}@{panel.profile}.{number:02}.json".replace("/", ".")
            plain = json.loads(launches(out)[file])["safecost"]
            assert [arm.nanoseconds[number] for arm in panel.contenders] == [
                float(np.median(rounds)) for rounds in plain["nanoseconds"]
            ]
            assert (plain["order_seed"], plain["calls"]) == (launch.seed, launch.calls)
            assert plain["calls_confirmed"] in {True, False} and sorted(plain["prepared"]) == list(
                range(len(panel.contenders))
            )


def test_a_killed_run_goes_on_where_it_was(copy: Path, whole: Document) -> None:
    before = launches(copy)
    ended = safecost(*resuming(copy))
    assert ended.code == 0, ended
    assert f"measure: {LAUNCHES - len(before)} in " in ended.err  # the others are not measured again
    made = read(copy)
    assert (made.run.resumed, made.run.complete) == (1, True)
    assert shape(made) == shape(whole)
    assert before.items() <= launches(copy).items()
    assert {panel.ended for panel in made.panels} == {"all_launches"}
    assert made.run.seconds.measure > sum(json.loads(data)["journal"]["seconds"] for data in before.values())
    refused(safecost(*resuming(copy)), "is complete: nothing is left to measure")


def test_a_killed_run_has_a_document_of_what_was_measured_or_says_how_to_get_one(copy: Path) -> None:
    (copy / "run.json").unlink(missing_ok=True)
    refused(safecost("report", copy), "holds a run that has not ended: 'safecost run --resume ", "finishes it")


def test_compilers_that_outlive_a_kill_keep_the_next_build_waiting(tmp_path: Path, small_cases: None) -> None:
    del small_cases
    header = tmp_path / "endless.h"
    os.mkfifo(header)
    file = put(commands.cases(), "endless/killed", case_text({"raw": SUM}, top=f'#include "{header}"'))
    out, lock = tmp_path / "out", Folders.of([commands.cases()]).build / "plugins.lock"
    writers: list[int] = []

    def compiling() -> bool:  # a pipe can be opened for writing once somebody reads it
        with contextlib.suppress(OSError):
            writers.append(os.open(header, os.O_WRONLY | os.O_NONBLOCK))
        return bool(writers)

    try:
        given = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--out", out, "--filter", "endless/killed")
        end_when(start("run", "--quick", *given), compiling)
        with lock.open("rb") as held, pytest.raises(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(writers.pop())  # the end of the header: the compiler ends, and with it the build
        with lock.open("rb") as free:
            fcntl.flock(free, fcntl.LOCK_EX)
    finally:
        for writer in writers:
            os.close(writer)
        file.unlink()


# ---- interrupted, out of room, held by another -----------------------------------------------------------------------


def test_an_interrupt_says_how_to_finish_and_an_early_one_costs_nothing(tmp_path: Path, whole: Document) -> None:
    out = tmp_path / "out"
    ended = end_when(start(*words(out)), lambda: len(list(out.glob("launches/*.json"))) >= 4, signal.SIGINT)
    assert ended.code == 130, ended
    told = re.search(r"--resume (\S+) --cases '(.*)'$", ended.err.splitlines()[-1])  # from here, where that is shorter
    assert told is not None and (Path(told[1]).resolve(), told[2]) == (out, str(commands.cases()))
    half = read(out)
    measured = sum(len(panel.launches) for panel in half.panels)
    assert (half.run.complete, {panel.ended for panel in half.panels}) == (False, {"interrupted"})
    second = end_when(start(*resuming(out)), lambda: (out / "plan.json").read_text().count('"resumed": 1') > 0,
                      signal.SIGINT)  # fmt: skip
    assert second.code == 130, second
    assert sum(len(panel.launches) for panel in read(out).panels) >= measured  # though it had not come so far again
    assert safecost(*resuming(out)).code == 0
    assert shape(read(out)) == shape(whole)
    assert read(out).run.resumed == 2


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[list[str]]:
    """The beginning of a command that runs shell words where `tmp_path/disk` is a file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "-rm", "sh", "-ec", f'mount -t tmpfs -o size=256k none "{disk}"; eval "$1"', "sh"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody mount a file system of their own")
    yield command


def test_a_full_disk_is_told_in_one_sentence_and_loses_nothing(
    tmp_path: Path, tiny_disk: list[str], whole: Document
) -> None:
    out, saved = tmp_path / "disk" / "out", tmp_path / "saved"
    first, second = (
        " ".join(f"'{word}'" for word in commands.arguments(*all_of)) for all_of in (words(out), resuming(out))
    )
    script = (
        f"head -c 220000 /dev/zero > '{tmp_path}/disk/filler'; code=0; {first} 2> '{tmp_path}/said' || code=$?;"
        f" echo $code > '{tmp_path}/code'; ls '{out}/launches' | grep -c json > '{tmp_path}/count';"
        f" rm '{tmp_path}/disk/filler'; {second} > '{tmp_path}/out2' 2>&1 || true; mkdir '{saved}';"
        f" cp '{out}/run.json' '{saved}'"
    )
    ended = subprocess.run(
        [*tiny_disk, script], env=commands.environment(), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended
    said = (tmp_path / "said").read_text().splitlines()
    assert (tmp_path / "code").read_text() == "1\n", said
    assert said[-1].startswith("safecost: ") and "No space left on device" in said[-1] and "--resume" in said[-1]
    assert not any("Traceback" in line for line in said)
    assert 1 <= int((tmp_path / "count").read_text()) < 12
    assert shape(read(saved)) == shape(whole)


def test_a_run_is_not_resumed_twice_at_once(copy: Path) -> None:
    def at_work() -> bool:
        with (copy / "launches" / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    first = start(*resuming(copy))
    try:
        while not at_work() and first.poll() is None:
            time.sleep(0.01)
        refused(safecost(*resuming(copy)), "is being measured by another safecost: wait for it, or end it.")
        assert first.poll() is None
    finally:
        first.communicate(timeout=60)
    assert first.returncode == 0


# ---- things that have changed ----------------------------------------------------------------------------------------


def entry(capsys: pytest.CaptureFixture[str], *given: str | Path) -> Ended:
    code = cli.entry([str(word) for word in given])
    said = capsys.readouterr()
    return Ended(code, said.out, said.err)


def test_another_machine_is_refused(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(machine.facts(), cpu="Made-up CPU 9000")
    monkeypatch.setattr(machine, "facts", lambda: other)
    sentences = (
        'the processor is "Made-up CPU 9000" now, and was "',
        "resume it where it was begun, or start a new run.",
    )
    refused(entry(capsys, *resuming(copy)), *sentences)


def test_another_safecost_is_refused(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecost.run.identity.VERSION", "9.9.9")
    refused(entry(capsys, *resuming(copy)), 'safecost is "9.9.9" now, and was "', "go back to the safecost that began")


def test_another_source_is_refused_and_the_old_one_is_not(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = commands.cases() / "resume" / "one.cc"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
        refused(entry(capsys, *resuming(copy)), "the source of resume/one has changed; undo the change, or start a new")
    finally:
        file.write_text(text, encoding="utf-8")
    assert json.loads((copy / "plan.json").read_text())["resumed"] == 0  # a refusal is no session
    assert entry(capsys, *resuming(copy)).code == 0


def test_another_compiler_is_refused(tmp_path: Path, small_cases: None) -> None:
    del small_cases
    if shutil.which("clang++-19") is None:
        pytest.skip("there is no second compiler here")
    compiler, out = tmp_path / "bin" / "g++-mine", tmp_path / "out"
    compiler.parent.mkdir()

    def becomes(name: str) -> None:
        compiler.write_text(f'#!/bin/sh\nexec {name} "$@"\n', encoding="utf-8")
        compiler.chmod(0o755)

    path = f"{compiler.parent}:{os.environ['PATH']}"
    own = ("--cases", commands.cases(), "--profile", "mine-resumed: g++-mine -O1")
    becomes("g++")
    process = start("run", "--quick", "--out", out, "--filter", "^resume/one", *own, PATH=path)
    end_when(process, lambda: len(list(out.glob("launches/*.json"))) >= 1)
    becomes("clang++-19")
    ended = safecost("run", "--resume", out, *own, more={"PATH": path})
    refused(ended, 'the compiler of mine-resumed is "Clang 19.', 'and was "GNU ', "install the one")


def test_plugins_of_other_bytes_are_refused(copy: Path) -> None:
    plan = copy / "plan.json"
    plain = json.loads(plan.read_text())
    key = "the plugin of resume/two with gcc-o2"
    plain["fixed"]["plugins"][key] = "0" * 64
    plan.write_text(json.dumps(plain))
    refused(safecost(*resuming(copy)), f"{key} has changed; bring back the compiler and the libraries")


def test_options_of_the_users_own_have_to_be_given_again_and_others_not(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(entry(capsys, "run", "--resume", copy), "was begun with a --cases of its user's: give it again")
    refused(entry(capsys, *resuming(copy), "--profile", "mine: g++ -O1"), "was begun without a --profile")
    refused(entry(capsys, *resuming(copy), "--filter", "x"), "was begun without a --filter")


# ---- files that somebody has changed ---------------------------------------------------------------------------------


def test_launches_that_were_spoilt_are_measured_again_and_it_is_told(copy: Path, whole: Document) -> None:
    one, two, *_ = sorted((copy / "launches").glob("*.json"))
    before = launches(copy)
    one.write_bytes(one.read_bytes()[:-200])
    two.write_bytes(before[one.name])
    ended = safecost(*resuming(copy))
    assert ended.code == 0, ended
    made = read(copy)
    (problem,) = made.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("resume", None, False)
    assert problem.message.startswith("measured again: launch ") and problem.message.endswith("and 1 more")
    assert "measured again: launch " in ended.err
    assert shape(made) == shape(whole)
    for file in (one, two):
        assert json.loads(file.read_bytes())["safecost"]["order_seed"]
        assert file.read_bytes() != before[file.name]


def test_a_crash_that_was_seen_is_not_forgotten(copy: Path) -> None:
    victim = sorted((copy / "launches").glob("resume.one.*.json"))[-1]
    plain = json.loads(victim.read_bytes())
    arm = plain["benchmarks"][2]["name"]
    kept = {key: plain["journal"][key] for key in ("run", "panel", "launch", "seed")}
    kept["failure"] = {"kind": "crash", "message": "crashed: Aborted\x1b[31m", "contender": arm}
    victim.write_text(json.dumps({"journal": kept}))
    ended = safecost(*resuming(copy))
    assert ended.code == 5, ended
    made = read(copy)
    (problem,) = made.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("crash", "resume/one", True)
    assert problem.message == "while it was timed: crashed: Aborted"
    (other,) = [panel for panel in made.panels if panel.case == "resume/two"]
    assert (other.ended, len(other.launches)) == ("all_launches", 6)
    crashed = [panel for panel in made.panels if panel.case == "resume/one"]  # none, if it was the first launch
    assert all(len(panel.launches) < 6 and panel.ended == "broken" for panel in crashed)


def test_nothing_private_is_in_the_journal(killed: Path) -> None:
    for file in (killed / "plan.json", *(killed / "launches").glob("*.json")):
        text = file.read_text(encoding="utf-8")
        assert str(commands.workshop()) not in text
        assert [secret.what for secret in secrets_here() if secret.expression.search(text)] == []
