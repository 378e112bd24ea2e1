"""Tests of `safecost compare` as a user or a CI job runs it: what it says, writes and ends with, on any input."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from safecost import cli
from safecost.compare.test_google_benchmark import file_of, one, repeated
from safecost.document import io as document
from safecost.document.types import Document, Problem
from safecost.testing import junit_shape
from safecost.testing.changed_document import (
    disqualified,
    rebuilt,
    slower,
    sound_document,
    with_codes,
    with_counts,
    with_problem,
    with_proofs,
)
from safecost.testing.commands import Ended, safecost

BASE = sound_document()
SLOW = slower(rebuilt(BASE), "indexing/sum/at@gcc-o2", 1.05)
MORE = with_counts(BASE, "at", lambda count: replace(count, instructions=64 * 10_000))
LOST = with_proofs(BASE, "span@gcc-assertions", lambda proof: replace(proof, outcome="silent", detail="corrupted"))
BROKEN = with_problem(
    disqualified(BASE, "indexing/sum"),
    Problem("claim", "indexing/sum", None, None, None, None, "indexing/sum/at/past@gcc-o2: claimed: caught", True),
)
NOISY = replace(SLOW, machine=replace(SLOW.machine, steal_share=0.4))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables of a CI system that may run these tests; a folder of one's own."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "SAFECOST_TODAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    document.write(BASE, tmp_path / "base.json")


def compare(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Ended:
    """The command within this process."""
    code = cli.entry(["compare", *map(str, words)])
    said = capsys.readouterr()
    return Ended(code, said.out, said.err)


def gate(capsys: pytest.CaptureFixture[str], head: Document, *words: str | Path) -> Ended:
    document.write(head, Path("head.json"))
    return compare(capsys, "base.json", "head.json", "--gate", *words)


def refused(ended: Ended, sentence: str) -> None:
    assert ended.code == 2, ended
    assert ended.out == ""
    assert ended.err.startswith("safecost: ") and ended.err.count("\n") == 1, ended.err
    assert ended.err.rstrip("\n").isprintable()
    assert sentence in ended.err


# ---- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "words", "code", "said"),
    [
        (BASE, [], 0, "Gate: 0, passes. Nothing that counts has become worse."),
        (MORE, [], 3, "Gate: 3, regression. 1 regression: instructions 1."),
        (LOST, [], 3, "Gate: 3, regression. 1 regression: catch 1."),
        (with_codes(BASE, "raw", lambda code: replace(code, packed=0)), [], 3, "1 regression: vectorised 1."),
        (with_codes(BASE, "at", lambda code: replace(code, checks=9)), [], 3, "1 regression: checks 1."),
        (SLOW, [], 3, "Gate: 3, regression. 2 regressions: idiom time 2."),
        (SLOW, ["--time", "advisory"], 0, "2 regression"),
        (NOISY, [], 0, "advisory: head.json: The host took 40 % of the processor time away."),
        (NOISY, ["--time", "gate"], 4, "Gate: 4, refused, too noisy. Times are to be gated and cannot be: head.json:"),
        (BROKEN, [], 5, "Gate: 5, wrong result or broken claim. 2 wrong results or broken claims."),
        (replace(BASE, counts=()), [], 1, "Gate: 1, something that base has is missing in head."),
        (replace(BASE, counts=()), ["--allow-missing"], 0, "warning: Base has counts of instructions"),
        (replace(BASE, codes=BASE.codes[:1]), [], 1, "3 rows of base are missing in head"),
        (SLOW, ["--margin", "0.2"], 0, "beyond 20 %"),
        (MORE, ["--filter", "sqrt_chain"], 0, "passes"),
    ],
)
def test_the_gate_ends_as_documented(
    capsys: pytest.CaptureFixture[str], head: Document, words: list[str], code: int, said: str
) -> None:
    ended = gate(capsys, head, *words)
    assert ended.code == code, ended
    assert said in " ".join(ended.out.split()), ended.out
    assert ended.err == ""


def test_without_a_gate_the_code_is_0_and_what_it_would_be_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    document.write(MORE, Path("head.json"))
    ended = compare(capsys, "base.json", "head.json")
    assert ended.code == 0
    assert "Gate: 3, regression." in ended.out
    assert ended.err == "without --gate the exit code is 0 all the same\n"


def test_the_real_command_with_folders_of_runs(tmp_path: Path) -> None:
    for name, made in (("before", BASE), ("after", MORE)):
        (tmp_path / name).mkdir()
        document.write(made, tmp_path / name / "run.json")
    ended = safecost("compare", "before", "after", "--gate", cwd=tmp_path)
    assert ended.code == 3, ended
    assert re.search(r"indexing/sum/at/size:4096@gcc-o2 +instructions +9,231 +10,000 +\+8.3 % +regression", ended.out)
    assert safecost("compare", "after", "before", "--gate", cwd=tmp_path).code == 0


# ---- limits and excuses ----------------------------------------------------------------------------------------------


def test_limits_and_excuses_of_a_project(capsys: pytest.CaptureFixture[str]) -> None:
    Path("limits.toml").write_text('[[limit]]\nmetric = "instructions"\nrelative = 0.1\n', encoding="utf-8")
    assert gate(capsys, MORE, "--limits", "limits.toml").code == 0
    Path("bad.toml").write_text(
        '[[known_bad]]\nname = "indexing/sum/at/*"\nreason = "a bug"\nexpires = 2026-03-01\n', encoding="utf-8"
    )
    for today, code in (("2026-03-01", 0), ("2026-03-02", 3)):
        os.environ["SAFECOST_TODAY"] = today
        try:
            ended = gate(capsys, MORE, "--known-bad", "bad.toml")
        finally:
            del os.environ["SAFECOST_TODAY"]
        assert ended.code == code
        assert ("expired on 2026-03-01" in " ".join(ended.out.split())) == (code == 3)


def test_a_policy_that_cannot_be_read_is_refused_before_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    Path("limits.toml").write_text("[[limit]]\nrelativ = 1\n", encoding="utf-8")
    refused(
        compare(capsys, "none", "none", "--limits", "limits.toml"), 'limits.toml: limit[0] has the unknown entry "rel'
    )
    refused(compare(capsys, "none", "none", "--known-bad", "gone.toml"), "gone.toml does not exist")
    refused(
        compare(capsys, "none", "none", "--json", "-", "--markdown", "-"), "only one of --markdown, --json and --junit"
    )


def test_a_day_that_is_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFECOST_TODAY", "tomorrow")
    refused(compare(capsys, "base.json", "base.json"), 'SAFECOST_TODAY is "tomorrow", and must be a day')


# ---- outputs ---------------------------------------------------------------------------------------------------------


def test_all_outputs_at_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    ended = gate(capsys, MORE, "--json", "c.json", "--junit", "c.xml", "--markdown", "c.md")
    assert ended.code == 3
    assert json.loads(Path("c.json").read_text(encoding="utf-8"))["gate"]["exit_code"] == 3
    junit_shape.check(Path("c.xml").read_bytes())
    assert Path("summary.md").read_text(encoding="utf-8").strip() == Path("c.md").read_text(encoding="utf-8").strip()
    (line,) = obeyed(ended.out)
    assert line.startswith("::error title=safecost%3A regression::indexing/sum/at/size:4096@gcc-o2: instructions")


@pytest.mark.parametrize("option", ["--json", "--markdown", "--junit"])
def test_one_output_can_be_standard_output_and_is_then_alone_there(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    ended = gate(capsys, MORE, option, "-", "--annotations")
    assert ended.code == 3
    assert ended.out.startswith({"--json": '{\n "schema"', "--markdown": "## safecost", "--junit": "<?xml"}[option])
    assert "::error" not in ended.out and "Gate: 3" in ended.err and "::error" in ended.err
    if option == "--json":
        json.loads(ended.out)


def test_annotations_are_for_ci_or_whoever_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "::" not in gate(capsys, MORE).out
    assert "::error" in gate(capsys, MORE, "--annotations").out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert len(obeyed(gate(capsys, MORE).out)) == 1
    assert obeyed(gate(capsys, MORE, "--no-annotations").out) == []


def test_an_output_that_cannot_be_written_costs_no_other_and_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    ended = gate(capsys, BASE, "--json", "no/c.json", "--markdown", "c.md")
    assert ended.code == 1
    assert ended.err == "safecost: no/c.json cannot be written: No such file or directory.\n"
    assert Path("c.md").exists()
    ended = gate(capsys, MORE, "--json", "no/c.json", "--junit", "no/c.xml")
    assert ended.code == 3
    assert ended.err.count("cannot be written") == 2


def test_a_summary_that_cannot_be_written_fails_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/summary.md")
    ended = gate(capsys, BASE)
    assert ended.code == 0
    assert ended.err == "warning: The step's summary cannot be written: No such file or directory.\n"


# ---- bad input -------------------------------------------------------------------------------------------------------


def text(content: str | bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content if isinstance(content, bytes) else content.encode())


def plain(**changes: object) -> Callable[[Path], object]:
    return lambda file: file.write_text(json.dumps({**document.to_json(BASE), **changes}), encoding="utf-8")


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda file: None, "there is no head: head.json does not exist; measure it first."),
        (lambda file: file.mkdir(), "there is no head: head.json/run.json does not exist"),
        (text(""), "head.json is cut off at column 1"),
        (text("{"), "head.json is cut off"),
        (text("not JSON"), "head.json is not JSON"),
        (text(b"\xff\xfe"), "head.json is not UTF-8"),
        (text("[" * 100_000), "head.json is nested too deeply"),
        (text("[]"), "is neither a run document nor the JSON of Google Benchmark"),
        (text("3"), "is neither a run document nor the JSON of Google Benchmark"),
        (text('{"schema": "safecost-comparison", "schema_version": 2}'), "is a comparison, and not"),
        (text('{"schema": "another"}'), "head.json is not a run document"),
        (text('{"context": {}, "benchmarks": [{}]}'), "benchmarks[0] has no name"),
        (text('{"context": {}, "benchmarks": []}'), "base and head have nothing in common"),
        (plain(schema_version=99), "was written by a newer safecost (schema 99"),
        (plain(schema_version=1), "was written by an older safecost (schema 1"),
        (plain(surplus=1), "surplus"),
        (plain(schema_version="2"), "schema_version"),
    ],
)  # fmt: skip
def test_a_head_as_a_user_would_bring_it(
    capsys: pytest.CaptureFixture[str], put: Callable[[Path], object], said: str
) -> None:
    put(Path("head.json"))
    refused(compare(capsys, "base.json", "head.json", "--gate", "--json", "c.json"), said)
    assert not Path("c.json").exists()


def test_a_base_that_is_missing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    ended = compare(capsys, "none", "base.json", "--gate")
    refused(ended, "there is no base: none does not exist; give the baseline, or measure one in the same job first.")


def test_a_run_that_has_not_ended(capsys: pytest.CaptureFixture[str]) -> None:
    Path("begun").mkdir()
    Path("begun/plan.json").touch()
    refused(
        compare(capsys, "base.json", "begun"),
        "begun holds a run that has not ended: 'scripts/safecost run --resume begun' finishes it.",
    )


def test_a_huge_file_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("head.json").open("wb") as file:
        file.truncate(1 << 40)
    refused(compare(capsys, "base.json", "head.json"), f"has {1 << 40} bytes")


def test_runs_without_anything_in_common(capsys: pytest.CaptureFixture[str]) -> None:
    cases = tuple(replace(case, family=f"other_{case.family}") for case in BASE.cases)
    head = replace(
        BASE, cases=cases, plugins=(), gaps=(), panels=(), counts=(), codes=(), proofs=(), rejections=()
    )  # fmt: skip
    document.write(head, Path("head.json"))
    refused(
        compare(capsys, "base.json", "head.json", "--gate"),
        "base and head have nothing in common: base has indexing/sum, head other_indexing/sum, and so on",
    )


def test_filters(capsys: pytest.CaptureFixture[str]) -> None:
    refused(compare(capsys, "base.json", "base.json", "--filter", "nobody"), '--filter "nobody" leaves nothing of')
    refused(compare(capsys, "base.json", "base.json", "--filter", "("), "is not a regular expression")
    ended = compare(capsys, "base.json", "base.json", "--filter", "^indexing/sum/at@", "--json", "-")
    assert {row["name"] for row in json.loads(ended.out)["rows"]} == {"indexing/sum/at@gcc-o2"}


def test_the_same_file_twice_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ended = compare(capsys, "base.json", "base.json", "--gate")
    assert ended.code == 0
    assert "warning: Base and head are the same file." in ended.out


def test_another_machine_gates_counts_and_not_times(capsys: pytest.CaptureFixture[str]) -> None:
    other = replace(SLOW, machine=replace(SLOW.machine, cpu="Another CPU"))
    ended = gate(capsys, other)
    assert ended.code == 0
    assert "different machines" in ended.out
    assert gate(capsys, replace(MORE, machine=other.machine)).code == 3


def test_duplicates_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    document.write(replace(BASE, counts=(*BASE.counts, BASE.counts[0])), Path("head.json"))
    refused(
        compare(capsys, "base.json", "head.json"), "head.json has counts of indexing/sum/raw/size:4096@gcc-o2 2 times"
    )


# ---- Google Benchmark ------------------------------------------------------------------------------------------------


def test_files_of_google_benchmark_are_advice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    evil = "BM_<script>|`x`\u202e\n::error::%0A ##[error]"
    Path("a.json").write_text(json.dumps(file_of(*repeated(evil, *[1.0] * 6), one("BM_y"))), encoding="utf-8")
    Path("b.json").write_text(json.dumps(file_of(*repeated(evil, *[9.0] * 6), one("BM_y"))), encoding="utf-8")
    ended = compare(capsys, "a.json", "b.json", "--gate", "--junit", "c.xml", "--markdown", "c.md")
    assert ended.code == 0
    assert "times of Google Benchmark, each side by itself" in " ".join(ended.out.split())
    assert obeyed(ended.out) == [
        "::warning title=safecost%3A regression (advisory)::BM_<script>|`x`⟨U+202E⟩ ::error::%250A ##[error]: time in"
        " ns, unpaired 1.000 → 9.000, +800 %25 (+800 to +800), limit 5 %25"
    ]
    junit_shape.check(Path("c.xml").read_bytes())
    assert "<script>" not in Path("c.md").read_text(encoding="utf-8")
    assert compare(capsys, "a.json", "b.json", "--gate", "--time", "gate").code == 4


def obeyed(said: str) -> list[str]:
    """The lines that GitHub's runner takes for commands: it looks behind spaces, and can be told to stop looking."""
    found, token = [], None
    for line in said.splitlines():
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
            assert re.fullmatch("[0-9a-f]{32}", token)
        elif line.strip().startswith("::") or "##[" in line:
            found.append(line)
    assert token is None
    return found


def test_a_benchmark_that_went_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.json").write_text(json.dumps(file_of(one("BM_x"), one("BM_y"))), encoding="utf-8")
    Path("b.json").write_text(json.dumps(file_of(one("BM_x"))), encoding="utf-8")
    assert compare(capsys, "a.json", "b.json", "--gate").code == 1
    assert compare(capsys, "b.json", "a.json", "--gate").code == 0
