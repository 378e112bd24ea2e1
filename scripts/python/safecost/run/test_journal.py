"""Tests of the journal: what was written comes back exactly, and what anybody has changed is not believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from safecost.core import files
from safecost.core.decoding import Misfit
from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import PYTHON
from safecost.document import types as doc
from safecost.document.measured import Launch
from safecost.run import journal
from safecost.run.journal import Asked, Journal, TimedLaunch
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.testing.sample_evidence import point, rounds, times
from safecost.toolchain.runner import Failure

ARMS = (PlannedContender("raw", "gcc-o2", "raw"), PlannedContender("at", "gcc-o2", "safe"))
PANEL = PlannedPanel("indexing/sum", "gcc-o2", point(2048, None, "L1", 0), ARMS)
RATE = PlannedPanel("indexing/sum", "gcc-o2", point(2048, 0.01, "L1", 0), ARMS)
SEED = 77
DRAWN = (3, 41)
ROUNDS = [[1.5 + 0.1 * i for i in range(9)], [2.5 + 0.1 * i for i in range(9)]]
RESULT = times(PANEL.names, rounds(ROUNDS, order_seed=SEED))
TIMED = TimedLaunch(Launch(SEED, DRAWN, 200, 9, 0.0), ROUNDS, RESULT.safecost.placements, 0.25, 3, 40)
ASKED = Asked("quick", 5, ("gcc-o2",), None, (), False)
Change = Callable[[dict[str, Any]], object]


def begun(folder: Path) -> Journal:
    folder.mkdir(exist_ok=True)
    return Journal.begin(folder, ASKED, "2026-01-02T03:04:05Z", 0.5, doc.Suite("0.1.0", None, None))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Journal]:
    """A journal with launch 0 of a panel."""
    journal = begun(tmp_path / "run")
    journal.put(PANEL, 0, TIMED, RESULT)
    yield journal
    journal.close()


def the_file(held: Journal) -> Path:
    (file,) = (held.folder / "launches").glob("*.json")
    return file


def doubt(held: Journal) -> str:
    taken = held.take(PANEL, 0, SEED, DRAWN)
    assert isinstance(taken, Misfit), taken
    return str(taken)


# ---- what comes back -------------------------------------------------------------------------------------------------


def test_a_launch_comes_back_exactly(held: Journal) -> None:
    assert held.take(PANEL, 0, SEED, DRAWN) == TIMED
    assert held.take(PANEL, 1, SEED, DRAWN) is None
    assert held.take(RATE, 0, SEED, DRAWN) is None  # another rate is another file


def test_a_failure_comes_back_so_that_no_later_session_forgets_it(held: Journal) -> None:
    failure = Failure("crash", "crashed: Aborted", "indexing/sum/at/size:2048@gcc-o2")
    held.put_failure(PANEL, 3, SEED, failure)
    assert held.take(PANEL, 3, SEED, DRAWN) == failure


def test_a_later_session_has_the_plan_and_counts_itself(held: Journal) -> None:
    held.fix("machine", {"the processor": "A"}, "go there")
    held.close()
    for session in (1, 2):
        again = Journal.take_up(held.folder)
        again.count_session()
        assert again.plan.resumed == session
        assert (again.plan.asked, again.plan.run) == (ASKED, held.plan.run)
        assert again.take(PANEL, 0, SEED, DRAWN) == TIMED
        again.fix("machine", {"the processor": "A"}, "go there")
        again.close()


def test_a_first_session_counts_nothing(held: Journal) -> None:
    held.count_session()
    assert held.plan.resumed == 0


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"the processor": "B", "turbo": True}, 'the processor is "B" now, and was "A"; go there, or start a new run.'),
        ({"the processor": "A", "turbo": None}, "turbo is absent now, and was true"),
        ({"the processor": "A"}, "turbo is absent now, and was true"),
        ({"the processor": "A", "turbo": True, "the governor": "x"}, 'the governor is "x" now, and was absent'),
    ],
)
def test_what_must_be_the_same_is_named_with_both_values(
    held: Journal, facts: journal.SessionFacts, sentence: str
) -> None:
    held.fix("machine", {"the processor": "A", "turbo": True}, "go there")
    with pytest.raises(UsageError) as refused:
        held.fix("machine", facts, "go there")
    assert str(refused.value).startswith(f"{held.folder} cannot be resumed: {sentence}")


def test_a_hash_is_said_to_have_changed(held: Journal) -> None:
    held.fix("cases", {"the source of a/b": "0" * 64}, "undo the change")
    with pytest.raises(UsageError, match=r"the source of a/b has changed; undo the change, or start a new run\.$"):
        held.fix("cases", {"the source of a/b": "1" * 64}, "undo the change")


# ---- what is not believed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda it: it.pop("journal"), 'it lacks "journal"'),
        (lambda it: it["journal"].update(run="0" * 32), "another run"),
        (lambda it: it["journal"].update(launch=1), "another launch"),
        (lambda it: it["journal"].update(launch=0.5), "journal.launch is 0.5, and must be a whole number"),
        (lambda it: it["journal"].update(launch=False), "journal.launch is false, and must be a whole number"),
        (lambda it: it["journal"].update(seed=SEED + 1), "another seed"),
        (lambda it: it["journal"].update(layouts=[4]), "other layouts"),
        (lambda it: it["journal"]["panel"].update(size=1), "another panel"),
        (lambda it: it["journal"]["panel"].update(rate=0.0), "another panel"),
        (
            lambda it: it["journal"].update(ticks=[1, -1]),
            "journal.ticks[1] is -1, and must be a whole number of at least 0",
        ),
        (lambda it: it["journal"].update(ticks=None), "journal.ticks is null, and must be a list"),
        (lambda it: it["journal"].update(seconds="1"), 'journal.seconds is "1", and must be a number'),
        (
            lambda it: it["journal"].update(seconds=1e9),
            "journal.seconds is 1000000000.0, and must be a number of at most 1000000",
        ),
        (lambda it: it.pop("safecost"), 'it lacks "safecost"'),
        (lambda it: it.update(benchmarks=None), "benchmarks is null, and must be a list"),
        (lambda it: it["benchmarks"].reverse(), "other contenders"),
        (lambda it: it["benchmarks"].pop(), "other contenders"),
        (lambda it: it["safecost"].update(order_seed=0), "another launch"),
        (lambda it: it["safecost"].update(calls=0), "safecost.calls is 0, and must be a whole number of at least 1"),
        (lambda it: it["safecost"].update(calls=True), "safecost.calls is true, and must be a whole number"),
        (lambda it: it["safecost"].update(calls=10**400), "safecost.calls is 1000"),
        (lambda it: it["safecost"]["nanoseconds"].pop(), "the times of a contender"),
        (lambda it: it["safecost"].update(nanoseconds=[1, 2]), "safecost.nanoseconds[0] is 1, and must be a list"),
        (lambda it: it["safecost"]["nanoseconds"][0].pop(), "differ in rounds"),
        (
            lambda it: it["safecost"].update(nanoseconds=[[1.0] * 7] * 2),
            "safecost.nanoseconds[0] is a list with 7 entries, and must be a list with at least 8 entries",
        ),
        (
            lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, 0),
            "safecost.nanoseconds[1][2] is 0, and must be a number above 0",
        ),
        (lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, -1.0), "[1][2] is -1.0, and must be"),
        (lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, "1"), '[1][2] is "1", and must be a number'),
        (lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, True), "[1][2] is true, and must be a number"),
        (
            lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, 1e300),
            "[1][2] is 1e+300, and must be a number of at most ",
        ),
        (lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, float("nan")), "no JSON"),
        (lambda it: it["safecost"]["nanoseconds"][1].__setitem__(2, float("inf")), "no JSON"),
        (lambda it: it["journal"].update(failure={}), 'journal.failure lacks "kind"'),
        (
            lambda it: it["journal"].update(failure={"kind": "sabotage", "message": "", "contender": None}),
            'journal.failure.kind is "sabotage", and must be one of load, ',
        ),
        (
            lambda it: it["journal"].update(failure={"kind": "crash", "message": 1, "contender": None}),
            "journal.failure.message is 1, and must be a text",
        ),
    ],
)
def test_a_launch_that_was_changed_is_not_believed(held: Journal, change: Change, reason: str) -> None:
    file = the_file(held)
    plain = json.loads(file.read_text(encoding="utf-8"))
    change(plain)
    file.write_text(json.dumps(plain), encoding="utf-8")
    assert reason in doubt(held)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b"1" * 10_000, b'{"journal": 1}', b'{"journal": []}'],
)
def test_what_is_no_launch_is_not_believed(held: Journal, data: bytes) -> None:
    the_file(held).write_bytes(data)
    assert doubt(held)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_launch_that_is_cut_off_is_not_believed(held: Journal, share: float) -> None:
    file = the_file(held)
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    assert doubt(held) == "it is no JSON, or cut off"


def test_a_pipe_a_link_a_folder_and_a_giant_are_not_read(held: Journal) -> None:
    file = the_file(held)
    copy = file.with_name("copy")
    file.rename(copy)
    os.mkfifo(file)
    assert doubt(held) == "it is no plain file"
    file.unlink()
    file.symlink_to(copy)
    assert doubt(held)
    file.unlink()
    file.mkdir()
    assert doubt(held)
    file.rmdir()
    with file.open("wb") as giant:
        giant.truncate(1 << 40)
    assert "bytes" in doubt(held)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda it: it.update(schema_version=2), "has schema 2, and this safecost reads 1"),
        (lambda it: it.update(schema_version="1"), 'has schema "1"'),
        (lambda it: it.update(schema="another"), 'plan.json: schema is "another", and must be "safecost-plan"'),
        (lambda it: it.update(surplus=1), 'plan.json: it has the unknown entry "surplus"'),
        (lambda it: it.update(resumed=-1), "plan.json: resumed is -1, and must be a whole number of at least 0"),
        (
            lambda it: it["asked"].update(mode="endless"),
            'plan.json: asked.mode is "endless", and must be one of quick, default, full, publish',
        ),
        (lambda it: it["asked"].update(seed=0.5), "plan.json: asked.seed is 0.5, and must be a whole number"),
        (
            lambda it: it["asked"].update(again=["--out"]),
            'plan.json: asked.again[0] is "--out", and must be one of --cases, --profile, --filter',
        ),
        (lambda it: it.update(started="\x1b[31m"), 'plan.json: started is "\\x1b[31m", and must be'),
        (lambda it: it.update(load_before=float("inf")), "no JSON, or cut off"),
    ],
)
def test_a_plan_that_was_changed_is_refused(held: Journal, change: Change, sentence: str) -> None:
    file = held.folder / "plan.json"
    plain = json.loads(file.read_text(encoding="utf-8"))
    change(plain)
    file.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        journal.read_plan(held.folder)
    assert str(refused.value).startswith(f"{held.folder} cannot be resumed: ")
    assert sentence in str(refused.value) and str(refused.value).isprintable()


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b"[]"])
def test_what_is_no_plan_is_refused(held: Journal, data: bytes) -> None:
    (held.folder / "plan.json").write_bytes(data)
    with pytest.raises(UsageError, match="cannot be resumed: "):
        journal.read_plan(held.folder)


def test_a_folder_without_a_plan_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match=r"it holds no plan\.json"):
            Journal.take_up(folder)


# ---- one at a time, whole or not at all ------------------------------------------------------------------------------


def test_two_cannot_have_one_run_and_an_end_of_any_kind_lets_it_go(held: Journal) -> None:
    words = (
        "from pathlib import Path; from safecost.run.journal import Journal; "
        f"Journal.take_up(Path({str(held.folder)!r}))"
    )
    command = [sys.executable, "-P", "-c", words]
    environment = {**os.environ, "PYTHONPATH": str(PYTHON)}
    second = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert "is being measured by another safecost: wait for it, or end it." in second.stderr
    held.close()
    third = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert third.returncode == 0, third.stderr


def test_a_killed_write_leaves_no_part_and_what_it_leaves_is_swept(
    held: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # nobody cleans up after SIGKILL
        with pytest.raises(Killed):
            held.put(PANEL, 1, TIMED, RESULT)
    assert held.take(PANEL, 1, SEED, DRAWN) is None
    launches = held.folder / "launches"
    assert len(list(launches.glob(".*.tmp"))) == 1
    held.close()
    again = Journal.take_up(held.folder)
    assert {file.name for file in launches.iterdir()} == {"lock", the_file(again).name}
    held._lock = again._lock


def test_a_full_disk_is_told_in_one_sentence_with_the_remedy(held: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(ToolError) as told:
        held.put(PANEL, 1, TIMED, RESULT)
    assert str(told.value) == (
        f"{held.folder} cannot be written to: No space left on device; what was measured is kept: make room, then"
        f" 'scripts/safecost run --resume {held.folder}'."
    )


def test_the_newest_unfinished_run_is_found(tmp_path: Path) -> None:
    assert journal.unfinished(tmp_path) is None
    for name, started in (("b", "2026-01-01T00:00:00Z"), ("a", "2026-01-02T00:00:00Z")):
        one = begun(tmp_path / name)
        one.plan = journal.RunPlan(one.plan.run, started, 0.5, 0, one.plan.suite, ASKED, {})
        one._write_plan(one.plan)
        one.close()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "plan.json").write_text("{", encoding="utf-8")
    (tmp_path / "empty" / "launches").mkdir(parents=True)  # as a kill before the plan leaves it
    assert journal.unfinished(tmp_path) == tmp_path / "a"
