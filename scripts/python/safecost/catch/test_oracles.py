"""Oracles beside the worlds: faults that are not real, programs that are not clean, and tools that say anything."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from safecost.catch import confirmation, oracles, outcomes, proving
from safecost.catch.confirmation import Confirmation, Dirty, Observed, Sighting
from safecost.cli import entry
from safecost.core.decoding import convert
from safecost.core.errors import OK, WRONG_RESULT
from safecost.core.paths import ORACLE, PACKAGE, Folders
from safecost.document.evidence import ConfirmAnswer
from safecost.document.outcome import Evidence, Outcome
from safecost.document.plan import PROTOCOL, ConfirmPlan, PluginAt, encoded
from safecost.suite import profiles
from safecost.suite.cases import CaseFiles
from safecost.testing.sample_evidence import described, fault
from safecost.toolchain import build

_SCHEMA = Path(__file__).with_name("outcomes.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
PLANTED = PACKAGE / "testing" / "planted_oracles"


@cache
def proved() -> proving.Proved:
    options = proving.ProvingOptions(profiles.choose("clang-o2", ()), Folders.of([PLANTED]), sanitize=True)
    return proving.Proving(options).run()


@cache
def has(tool: str) -> bool:
    return tool not in proved().gaps


def need(tool: str) -> None:
    if not has(tool):
        pytest.skip(f"{tool}: {proved().gaps[tool]}")


def confirmed(fault: str) -> Confirmation:
    found = [one for one in proved().confirmations if (one.case, one.fault) == ("planted/real", fault)]
    assert len(found) == 1, proved().troubles
    return found[0]


def kinds(fault: str) -> set[tuple[str, str]]:
    return {(one.oracle, one.kind) for one in confirmed(fault).sightings}


@pytest.mark.build
def test_a_fault_that_raw_code_commits_is_confirmed_by_each_oracle_that_it_names() -> None:
    need("sanitizer")
    assert kinds("past_end") >= {("guard", "guard"), ("sanitizer", "heap-buffer-overflow")}
    assert confirmed("past_end").missed == ()
    seen = next(one for one in confirmed("past_end").sightings if one.oracle == "sanitizer")
    assert (seen.size, seen.offset, seen.freed) == (32, 32, False)
    assert seen.function in {"sum", "raw"}  # into which it is inlined; not every symbolizer knows


@pytest.mark.build
def test_a_fault_that_raw_code_does_not_commit_breaks_the_check() -> None:
    assert not confirmed("harmless").confirmed
    trouble = [one for one in proved().troubles if one.where == "planted/real/raw/harmless"]
    assert [one.broken for one in trouble] == [True]
    assert "Looked for by guard" in trouble[0].message
    assert "clang-o2: silent: nothing seen" in trouble[0].message
    assert proved().exit_code == WRONG_RESULT


@pytest.mark.build
def test_an_access_that_the_compiler_removed_is_deleted_where_the_sanitizer_saw_it() -> None:
    need("sanitizer")
    assert kinds("dead_read") == {("sanitizer", "out-of-bounds-index")}
    found = {
        one.variant: one.kind for one in proved().outcomes if (one.case, one.fault) == ("planted/real", "dead_read")
    }
    assert found == {"raw": "deleted", "safe": "deleted"}


@pytest.mark.build
def test_an_overflow_confirms_no_fault_of_memory() -> None:
    need("sanitizer")
    assert not confirmed("overflow_only").confirmed
    assert "signed-integer-overflow" in confirmed("overflow_only").seen


@pytest.mark.build
def test_memcheck_sees_a_result_that_was_never_set() -> None:
    need("memcheck")
    assert kinds("uninitialised") >= {("memcheck", "ClientCheck")}


@pytest.mark.build
@pytest.mark.parametrize("tool", ["sanitizer", "memcheck"])
def test_valid_input_must_be_clean(tool: str) -> None:
    need(tool)
    found = {(one.variant, one.kind) for one in proved().dirty if one.tool == tool and one.case == "planted/dirty"}
    expected = {"sanitizer": "heap-buffer-overflow", "memcheck": "InvalidRead"}
    assert ("raw", expected[tool]) in found
    assert {variant for variant, _ in found} == {"raw", "leaves"}
    assert [one for one in proved().dirty if one.case == "planted/real"] == []


@pytest.mark.build
@pytest.mark.parametrize("tool", ["sanitizer", "memcheck"])
def test_who_prints_rubbish_and_ends_with_0_is_not_clean(tool: str) -> None:
    need(tool)
    found = {(one.kind, one.text) for one in proved().dirty if one.tool == tool and one.variant == "leaves"}
    assert found == {("does not come back", "exit code 0")}


@pytest.mark.build
def test_what_is_written_fits_the_schema(tmp_path: Path) -> None:
    outcomes.write(proved(), tmp_path / "catch.json")
    text = (tmp_path / "catch.json").read_text(encoding="utf-8")
    made = json.loads(text)
    assert list(VALIDATOR.iter_errors(made)) == []
    assert made["confirmations"]
    made["confirmations"][0]["declared"] = ["luck"]
    assert list(VALIDATOR.iter_errors(made)) != []


@pytest.mark.build
@pytest.mark.parametrize("case", ["indexing/sum", "ownership/pass_ownership", "errors/read_name"])
def test_real_faults_are_confirmed_and_valid_input_is_clean(case: str, tmp_path: Path) -> None:
    words = [
        "catch",
        "--sanitize",
        "--seed",
        "1",
        "--profiles",
        "gcc-o2",
        "--filter",
        f"^{case}$",
        "--out",
        str(tmp_path / "c.json"),
    ]
    assert entry(words) == OK
    made = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert made["dirty"] == []
    assert all(one["confirmed"] for one in made["confirmations"])
    if not made["gaps"]:
        assert not [one for one in made["confirmations"] if one["missed"]]


@pytest.mark.build
def test_missing_tools_are_gaps_that_change_no_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "clang-sanitized.json"
    written = json.loads(profiles.sanitized().file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**written, "compiler": "no-such-clang"}), encoding="utf-8")
    absent = replace(profiles.sanitized(), name="clang-nowhere", compiler="no-such-clang", file=file)
    monkeypatch.setattr(profiles, "sanitized", lambda: absent)
    there = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, *rest, **more: None if name == "valgrind" else there(name, *rest, **more)
    )
    options = proving.ProvingOptions(
        profiles.choose("gcc-o2", ()), Folders.of([]), filter="^indexing/sum$", sanitize=True
    )
    told = proving.Proving(options).run()
    assert told.exit_code == OK
    assert "no-such-clang" in told.gaps["sanitizer"]
    assert "Valgrind" in told.gaps["memcheck"]
    assert all(one.gaps for one in told.confirmations)
    assert any(one.confirmed for one in told.confirmations)  # by guard pages, which need no tool


PLAN = encoded(ConfirmPlan(plugin=PluginAt(profile="p", path="x"), data=".", scratch=".")).decode()


@pytest.mark.build
@pytest.mark.parametrize(
    ("words", "plan", "code", "said"),
    [
        (["--help"], "", 0, ""),
        ([], "", 2, "give the command: confirm"),
        (["prove", "--plan=-"], "", 2, "prove is no option"),
        (["confirm", "--plan=-"], "[]", 1, "no JSON object"),
        (["confirm", "--plan=-"], "{}", 1, f"this program speaks {PROTOCOL}, and the plan names none"),
        (["confirm", "--plan=-"], f'{{"protocol": {PROTOCOL}, "plan": "confirm"}}', 1, "plugin is missing from"),
        (["confirm", "--plan=-"], PLAN, 1, "no Memcheck watches"),
    ],
)  # fmt: skip
def test_the_host_says_what_it_wants(words: Sequence[str], plan: str, code: int, said: str) -> None:
    build.build_runner()
    done = subprocess.run([ORACLE, *words], input=plan, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr.replace("'", "")


FAULTS = {"f/c": [fault("x", oracles=["guard", "sanitizer"])]}
SILENT = Outcome("f/c", "gcc-o2", "raw", "raw", "x", "silent", "nothing_seen", worlds={"R": "returned"})
SIGHTED = Sighting("sanitizer", "clang-sanitized", "heap-buffer-overflow", "reads 4 bytes", "sum(int)", 32, 32, False)


def combined(outcome: Outcome, observations: Sequence[Observed], gaps: Mapping[Any, str] | None = None) -> Confirmation:
    watched = {("f/c", "raw", "x"): observations}
    (made,) = confirmation.combine([outcome], FAULTS, watched, gaps or {}, {"gcc-o2"})
    return made


def test_one_declared_oracle_is_enough_and_the_others_are_told() -> None:
    made = combined(SILENT, [Observed("sanitizer", "clang-sanitized", "heap-buffer-overflow", (SIGHTED,))])
    assert (made.confirmed, made.missed) == (True, ("guard",))
    assert made.words == "confirmed by sanitizer: heap-buffer-overflow; nothing seen by guard"


def test_evidence_of_an_oracle_that_is_not_declared_confirms_nothing() -> None:
    changed = replace(SILENT, evidence=(Evidence("canary", "A", "4 bytes changed"),))
    made = combined(changed, [Observed("sanitizer", "clang-sanitized", "returned", ())])
    assert not made.confirmed
    ((where, message),) = confirmation.unconfirmed([made])
    assert where == "f/c/raw/x"
    assert "Looked for by guard, sanitizer; others that it does not declare did: canary (canary)" in message


def test_code_that_bears_the_fault_is_told_where_other_raw_code_commits_it() -> None:
    bears = combined(SILENT, [Observed("sanitizer", "clang-sanitized", "returned", ())])
    commits = replace(combined(SILENT, [Observed("sanitizer", "s", "", (SIGHTED,))]), variant="raw_other")
    assert (bears.harmless, commits.harmless) == (True, False)
    assert "not confirmed, and the result is right" in bears.words
    assert list(confirmation.unconfirmed([bears, commits])) == []
    assert [where for where, _ in confirmation.unconfirmed([bears])] == ["f/c/raw/x"]
    wrong = replace(bears, harmless=False)
    assert [where for where, _ in confirmation.unconfirmed([wrong, commits])] == ["f/c/raw/x"]


def test_raw_code_that_checks_and_answers_wrongly_is_accepted_where_other_raw_code_commits_the_fault() -> None:
    checked = replace(SILENT, evidence=(Evidence("value", "A", "the result is 16, not 6"),))
    answers = combined(checked, [Observed("sanitizer", "clang-sanitized", "returned", ())])
    commits = replace(combined(SILENT, [Observed("sanitizer", "s", "", (SIGHTED,))]), variant="raw_other")
    assert not answers.confirmed
    assert list(confirmation.unconfirmed([answers, commits])) == []
    assert [where for where, _ in confirmation.unconfirmed([answers])] == ["f/c/raw/x"]
    changed = replace(checked, evidence=(*checked.evidence, Evidence("canary", "A", "4 bytes changed")))
    writes = combined(changed, [Observed("sanitizer", "clang-sanitized", "returned", ())])
    assert [where for where, _ in confirmation.unconfirmed([writes, commits])] == ["f/c/raw/x"]


def test_where_no_declared_oracle_could_look_nothing_is_broken() -> None:
    only = {"f/c": [fault("x", oracles=["sanitizer"], reference=False)]}
    (made,) = confirmation.combine([SILENT], only, {}, {"sanitizer": "no runtimes"}, {"gcc-o2"})
    assert (made.undecided, made.gaps) == (True, ("sanitizer: no runtimes",))
    assert list(confirmation.unconfirmed([made])) == []


@pytest.mark.parametrize(
    ("kind", "cwe", "expected"),
    [
        ("heap-buffer-overflow", 125, True),
        ("pointer-overflow", 125, True),
        ("out-of-bounds-index", 125, True),
        ("signed-integer-overflow", 125, False),
        ("integer-divide-by-zero", 416, False),
        ("signed-integer-overflow", 190, True),
        ("dynamic-stack-buffer-overflow", 787, True),
        ("container-overflow", 787, True),
    ],
)
def test_arithmetic_counts_for_faults_of_arithmetic_alone(kind: str, cwe: int, expected: bool) -> None:
    assert oracles.counts(replace(SIGHTED, kind=kind), cwe) is expected


JOB = oracles.Job(
    "memcheck", CaseFiles("f/c", (Path("c.cc"),)), profiles.sanitized(), Path("/nowhere.so"), Path("/nowhere.so")
)
ERROR = """<error><kind>InvalidRead</kind><what>Invalid read of size 4</what><stack>
<frame><obj>/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so</obj><fn>memmove</fn></frame>
<frame><obj>/home/me/sum.so</obj><fn>sum(int)</fn></frame></stack>
<auxwhat>Address 0x4fe7040 is 0 bytes after a block of size 1,024 alloc'd</auxwhat></error>"""


def told(text: str, tmp_path: Path, **more: Any) -> list[Sighting]:
    (tmp_path / "7.xml").write_text(text, encoding="utf-8")
    made = {"variant": "raw", "fault": "x", "size": 8, "rate": None, "process": 7, "errors": 1, "leaked_bytes": None,
            "reports": [], "end": "returned", **more}  # fmt: skip
    answer = {"plugin": described(), "tool": "memcheck", "faults": [fault("x")], "proofs": [made]}
    observations, _ = oracles.read(JOB, convert(answer, ConfirmAnswer), tmp_path)
    return list(observations[0][1].sightings)


def test_memcheck_is_read_to_where_it_was_cut_off(tmp_path: Path) -> None:
    (seen,) = told(f"<valgrindoutput>{ERROR}<error><kind>Inva", tmp_path)
    assert (seen.kind, seen.size, seen.offset, seen.freed) == ("InvalidRead", 1024, 1024, False)
    assert seen.function == "sum(int)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        f"<!DOCTYPE a [<!ENTITY b 'c'>]><valgrindoutput>{ERROR}</valgrindoutput>",
        "<valgrindoutput><error/><error><kind></kind></error></valgrindoutput>" * 2,
    ],
)
def test_what_memcheck_never_writes_costs_no_run(text: str, tmp_path: Path) -> None:
    assert all(one.kind == "unknown" for one in told(text, tmp_path))


def test_a_report_that_does_not_end_is_cut(tmp_path: Path) -> None:
    report = {"tool": "address", "kind": "<script>" * 20, "text": "is located 9 bytes after 99999999999999999999-byte "
              "region freed by thread" + "x" * 9_999, "frames": []}  # fmt: skip
    seen = told("", tmp_path, reports=[report])[-1]
    assert len(seen.kind) <= 64
    assert len(seen.text) <= 400
    assert "<" not in seen.kind


def test_functions_are_those_of_the_case_and_not_of_the_library() -> None:
    lines = ["0x00000000000010a4", "std::vector<int>::operator[]", "/usr/include/vector:9", "sum(int)",
             "./bench/sum.cc:7", "0x20", "??", "??:0", "0x30", "_ZN8safecost6kernelITnDaE", "./bench/sum.cc:7",
             "raw", "./bench/sum.cc:9"]  # fmt: skip
    assert dict(oracles._functions(lines)) == {0x10A4: "sum(int)", 0x30: "raw"}


def test_dirt_is_told_with_tool_kind_and_place() -> None:
    dirty = Dirty("f/c", "raw", "gcc-o2", "memcheck", 64, None, "InvalidRead", "of size 4", "sum(int)")
    assert dirty.words == "memcheck on valid input of size 64: InvalidRead in sum(int): of size 4"
