"""The detector of races: planted ones, designs that only look like one, and a detector that is not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from safecost.catch import oracles, proving, races
from safecost.catch.confirmation import Dirty, Observed, Sighting
from safecost.core.errors import WRONG_RESULT
from safecost.core.paths import PACKAGE, Folders
from safecost.document.evidence import WorldsProof
from safecost.document.outcome import Evidence, Outcome
from safecost.suite import claims, profiles
from safecost.testing.sample_evidence import fault

PLANTED = PACKAGE / "testing" / "planted_races"


@cache
def proved() -> proving.Proved:
    options = proving.ProvingOptions(profiles.choose("clang-o2", ()), Folders.of([PLANTED]), sanitize=True)
    return proving.Proving(options).run()


def need() -> None:
    if "race" in proved().gaps:
        pytest.skip(f"race: {proved().gaps['race']}")


def outcomes(fault: str) -> dict[str, str]:
    return {one.variant: one.words for one in proved().outcomes if (one.case, one.fault) == ("planted/races", fault)}


@pytest.mark.build
def test_what_becomes_of_each_design_with_two_threads() -> None:
    need()
    assert outcomes("shared") == {
        "raw": "silent: raced",
        "unlocked": "silent: raced",
        "atomic": "prevented",
        "mutex": "silent: raced",  # the lock is forgotten on one path
        "once": "silent: raced",  # published without order
        "updates": "silent: wrong value",  # atomic, and no race at all
        "deadlock": "hung",
        "refuses": "reported: exception",
        "typed": "inexpressible",
    }


@pytest.mark.build
def test_a_race_of_raw_code_is_confirmed_with_its_function() -> None:
    need()
    (made,) = (one for one in proved().confirmations if (one.variant, one.fault) == ("raw", "shared"))
    assert (made.confirmed, made.missed) == (True, ())
    seen = made.sightings[0]
    assert (seen.oracle, seen.kind, seen.profile) == ("race", "data-race", "clang-tsan")
    assert seen.function is not None


@pytest.mark.build
def test_a_race_that_raw_code_does_not_commit_breaks_the_check() -> None:
    need()
    broken = {one.where: one.message for one in proved().troubles if one.broken}
    assert "Looked for by race" in broken["planted/races/raw/alone"]
    assert proved().exit_code == WRONG_RESULT


@pytest.mark.build
def test_who_races_on_valid_input_is_not_clean_and_who_only_looks_like_it_is() -> None:
    need()
    found = {(one.case, one.variant, one.kind) for one in proved().dirty}
    assert found == {("planted/dirty_race", "raw", "data-race")}


DECLARED: dict[str, object] = {"oracles": ["race"], "stops": ["exception"], "kind": "kernel", "cwe": 362}
RACE = fault("x", **DECLARED)
PROOF = WorldsProof(variant="safe", fault="x", claim=None, inexpressible=None, written=True)
NAME = Outcome("f/c", "gcc-o2", "safe", "safe", "x", "no_verdict")
SIGHTED = Sighting("race", "clang-tsan", "data-race", "thread 2 wrote 4 bytes, after thread 1 read 4 bytes", None, 8, 4)


def judged(look: Observed | None, proof: WorldsProof = PROOF, name: Outcome = NAME, **changes: object) -> Outcome:
    return races.judge(name, fault("x", **{**DECLARED, **changes}), proof, [look] if look else [], [], {})


def look(end: str, right: bool | None = None, sightings: Sequence[Sighting] = ()) -> Observed:
    return Observed("race", "clang-tsan", end, tuple(sightings), right)


def test_a_race_is_silent_whatever_came_out() -> None:
    made = judged(look("data-race", True, [SIGHTED]))
    assert made.words == "silent: raced"
    assert made.evidence == (Evidence("race", "", SIGHTED.text, 8, 4, None),)


@pytest.mark.parametrize(
    ("end", "right", "expected"),
    [
        ("returned", True, "prevented"),
        ("returned", False, "silent: wrong value"),
        ("returned", None, "silent: nothing seen"),
        ("hung", None, "hung"),
        ("reported", None, "reported: exception"),
        ("SIGABRT", None, "terminated"),
    ],
)
def test_without_a_race_the_result_and_the_end_decide(end: str, right: bool | None, expected: str) -> None:
    assert judged(look(end, right)).words == expected


def test_an_error_that_does_not_count_is_no_catch() -> None:
    assert judged(look("reported"), stops=["assertion"]).words == "terminated"


def test_raw_code_prevents_no_race_unless_it_claims_to() -> None:
    raw = replace(NAME, role="raw")
    claiming = WorldsProof(variant="raw", fault="x", claim="always", inexpressible=None, written=True)
    assert judged(look("returned", True), name=raw).words == "silent: nothing seen"
    assert judged(look("returned", True), claiming, raw).words == "prevented"


def test_who_races_without_the_fault_has_no_verdict() -> None:
    dirty = Dirty("f/c", "safe", "clang-tsan", "race", 8, None, "data-race", "")
    made = races.judge(NAME, RACE, PROOF, [look("returned", True)], [dirty], {})
    assert (made.words, made.reason) == ("no verdict", "without the fault: data-race")
    other = replace(dirty, tool="memcheck")
    assert races.judge(NAME, RACE, PROOF, [look("returned", True)], [other], {}).words == "prevented"


def test_a_claim_is_not_broken_by_nobody_having_looked() -> None:
    claiming = WorldsProof(variant="safe", fault="x", claim="always", inexpressible=None, written=True)
    unseen = judged(None, claiming)
    assert (unseen.words, unseen.caught) == ("no verdict: not asked", False)
    raced = judged(look("data-race", None, [SIGHTED]), claiming)
    assert [where for where, _ in claims.broken([unseen, raced], {})] == ["f/c/safe/x@gcc-o2"]
    assert races.judge(NAME, RACE, PROOF, [], [], {"race": "no runtime"}).reason == (
        "ThreadSanitizer cannot look: no runtime"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SIGHTED.text, True),
        ("thread 1 read 4 bytes, after thread 1 wrote 8 bytes, 0 bytes into a block of 8 bytes", False),
        ("", False),
    ],
)
def test_a_block_that_one_thread_frees_and_uses_is_no_race(text: str, expected: bool) -> None:
    assert oracles.counts(replace(SIGHTED, kind="heap-use-after-free", text=text), 362) is expected


def host(folder: Path, script: str) -> Path:
    file = folder / "host"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_a_host_that_wants_fixed_addresses_is_given_them_and_one_that_never_starts_is_a_gap(tmp_path: Path) -> None:
    assert races.starts_under(host(tmp_path, "exit 0")) == ()
    fixed = "read -r bits < /proc/self/personality; case $bits in *4????) ;; *) exit 66;; esac"
    assert races.starts_under(host(tmp_path, fixed)) == ("setarch", "-R")
    refuses = 'echo "FATAL: ThreadSanitizer: unexpected memory mapping 0x1-0x2" >&2; exit 66'
    reason = races.starts_under(host(tmp_path, refuses))
    assert reason == "its host does not start: FATAL: ThreadSanitizer: unexpected memory mapping 0x1-0x2"


@pytest.mark.build
def test_a_missing_runtime_is_a_gap_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "clang-tsan.json"
    written = json.loads(profiles.race_detecting().file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**written, "compiler": "no-such-clang"}), encoding="utf-8")
    absent = replace(profiles.race_detecting(), name="clang-nowhere", compiler="no-such-clang", file=file)
    monkeypatch.setattr(profiles, "race_detecting", lambda: absent)
    options = proving.ProvingOptions(
        profiles.choose("clang-o2", ()), Folders.of([PLANTED]), filter="^planted/races$", sanitize=True
    )
    proved = proving.Proving(options).run()
    assert "no-such-clang" in proved.gaps["race"]
    assert [one for one in proved.troubles if one.broken] == []
    undecided = [one for one in proved.confirmations if one.fault == "shared"]
    assert undecided
    assert all(one.undecided for one in undecided)


def test_what_rejects_a_race_when_it_is_compiled() -> None:
    lines = dict(line.split(": ", 1) for line in races.rejections())
    assert lines["threads/shared_variable"] == "rustc E0499"
    assert lines["threads/changed_behind_const"] == "rustc E0277"
    assert "Clang -Wthread-safety-analysis with attributes" in lines["threads/unguarded_access"]
    assert "GCC with a stricter type" in lines["threads/unguarded_access"]
    assert "threads/lock_kept" not in lines
