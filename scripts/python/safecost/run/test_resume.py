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
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from safecost import cli
from safecost.core.decoding import convert
from safecost.core.paths import Folders
from safecost.document.measured import RoundTimes
from safecost.document.types import Document
from safecost.testing import commands
from safecost.testing.commands import SUM, case_text, put, read, safecost
from safecost.testing.resumed_runs import LAUNCHES, end_when, launches, refused, resuming, shape, start, words

pytestmark = pytest.mark.build

KILLS = 12


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


def test_a_run_that_is_killed_again_and_again_ends_like_one_that_is_not(tmp_path: Path, whole_run: Document) -> None:
    for name in ("one", "two"):
        os.utime(commands.cases() / "resume" / f"{name}.cc")  # so that kills meet compilers, too
    dice, out = random.Random(2), tmp_path / "out"
    kept: dict[str, bytes] = {}
    met: list[str] = []
    for turn in range(KILLS):
        again = (out / "plan.json").exists()
        if not again:
            shutil.rmtree(out, ignore_errors=True)  # it was killed_run before it began
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
    assert shape(made) == shape(whole_run)
    assert not made.problems
    assert kept.items() <= launches(out).items()
    for panel in made.panels:  # and the document tells what the launches hold
        for number, launch in enumerate(panel.launches):
            file = f"{panel.case}.{panel.size}@{panel.profile}.{number:02}.json".replace("/", ".")
            times = convert(json.loads(launches(out)[file])["safecost"], RoundTimes)
            assert [arm.nanoseconds[number] for arm in panel.contenders] == [
                float(np.nanmedian(rounds)) for rounds in times.counted
            ]
            assert (times.order_seed, times.calls) == (launch.seed, launch.calls)
            assert sorted(times.prepared) == list(range(len(panel.contenders)))


def test_a_killed_run_goes_on_where_it_was(killed_copy: Path, whole_run: Document) -> None:
    before = launches(killed_copy)
    ended = safecost(*resuming(killed_copy))
    assert ended.code == 0, ended
    assert f"measure: {LAUNCHES - len(before)} in " in ended.err  # the others are not measured again
    made = read(killed_copy)
    assert (made.run.resumed, made.run.complete) == (1, True)
    assert shape(made) == shape(whole_run)
    assert before.items() <= launches(killed_copy).items()
    assert {panel.ended for panel in made.panels} == {"all_launches"}
    assert made.run.seconds.measure > sum(json.loads(data)["journal"]["seconds"] for data in before.values())
    refused(safecost(*resuming(killed_copy)), "is complete: nothing is left to measure")


def test_a_complete_run_without_its_report_is_drawn(
    killed_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("safecost.run.session.LOCAL_RESULTS", killed_copy.parent)
    assert safecost(*resuming(killed_copy)).code == 0
    document, report = killed_copy / "run.json", killed_copy / "report.html"
    before = document.read_bytes()
    report.unlink()  # as a kill while it was drawn leaves it
    (killed_copy.parent / "empty" / "launches").mkdir(parents=True)  # and one before there was a plan
    assert cli.entry(["run", "--resume", "latest"]) == 0
    assert report.exists() and document.read_bytes() == before
    assert "resume/one" in capsys.readouterr().out
    os.utime(report, ns=(0, 0))  # of an earlier session, that was interrupted
    assert cli.entry(["run", "--resume", str(killed_copy)]) == 0
    assert report.stat().st_mtime_ns > 0
    assert cli.entry(["run", "--resume", "latest"]) == 2
    assert "holds no unfinished run" in capsys.readouterr().err


def test_a_killed_run_has_a_document_of_what_was_measured_or_says_how_to_get_one(killed_copy: Path) -> None:
    (killed_copy / "run.json").unlink(missing_ok=True)
    refused(
        safecost("report", killed_copy),
        "holds a run that has not ended: 'scripts/safecost run --resume ",
        "finishes it",
    )


def test_compilers_that_outlive_a_kill_keep_the_next_build_waiting(tmp_path: Path, resumed_cases: None) -> None:
    del resumed_cases
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


def test_an_interrupt_says_how_to_finish_and_an_early_one_costs_nothing(tmp_path: Path, whole_run: Document) -> None:
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
    assert shape(read(out)) == shape(whole_run)
    assert read(out).run.resumed == 2


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[list[str]]:
    """The beginning of a command that runs shell words where `tmp_path/disk` is a file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "-rm", "sh", "-ec", f'mount -t tmpfs -o size=512k none "{disk}"; eval "$1"', "sh"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody mount a file system of their own")
    yield command


def test_a_full_disk_is_told_in_one_sentence_and_loses_nothing(
    tmp_path: Path, tiny_disk: list[str], whole_run: Document
) -> None:
    out, saved = tmp_path / "disk" / "out", tmp_path / "saved"
    first, second = (
        " ".join(f"'{word}'" for word in commands.arguments(*all_of)) for all_of in (words(out), resuming(out))
    )
    script = (
        f"head -c 482000 /dev/zero > '{tmp_path}/disk/filler'; code=0; {first} 2> '{tmp_path}/said' || code=$?;"
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
    assert shape(read(saved)) == shape(whole_run)


def test_a_run_is_not_resumed_twice_at_once(killed_copy: Path) -> None:
    def at_work() -> bool:
        with (killed_copy / "launches" / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    first = start(*resuming(killed_copy))
    try:
        while not at_work() and first.poll() is None:
            time.sleep(0.01)
        refused(safecost(*resuming(killed_copy)), "is being measured by another safecost: wait for it, or end it.")
        assert first.poll() is None
    finally:
        first.communicate(timeout=60)
    assert first.returncode == 0
