from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from safecost import cli
from safecost.core.errors import UsageError
from safecost.document import find as latest
from safecost.document import io as document
from safecost.document.measured import Code, Count, Pair
from safecost.document.types import Document
from safecost.explain import terminal as explain_terminal
from safecost.explain.kernels import Contrast, aligned, case_of, compare, differing, why
from safecost.testing.hostile import hostile

CASE, PROFILE = "indexing/sum", "gcc-o2"
RAW = "  xor eax, eax\n  L1: mov edx, [rdi]\nv paddd xmm0, [rdi]\nj jne L1\n  ret"
AT = "  xor eax, eax\n  L1: cmp rcx, rsi\nc jae L2\n  mov edx, [rdi]\nj jne L1\n  ret\nf L2: call throw"


def code(variant: str, listing: str, *, checks: int = 0, packed: int = 0, calls: int = 0) -> Code:
    return Code(CASE, PROFILE, variant, 4 * len(listing), listing.count("\n") + 1, checks, packed, calls, listing)


@pytest.fixture
def made(sample_document: Document) -> Document:
    codes = (code("raw", RAW, packed=1), code("at", AT, checks=1), code("span", RAW, packed=1))
    return dataclasses.replace(sample_document, codes=codes)


def one(made: Document, *names: str) -> Contrast:
    return compare(made, case_of(made, CASE), PROFILE, names)[0]


def told(made: Document, *names: str) -> str:
    return " ".join(why(one(made, *names), 0.01))


def shown(comparisons: list[Contrast], width: int = 80, *, colour: bool = False, **options: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
    explain_terminal.render(comparisons, 0.01, console, listed=1, **options)
    return out.getvalue()


def test_why_tells_time_instructions_vectors_and_checks(made: Document) -> None:
    text = told(made, "at")
    assert "takes 2.4" in text
    assert "times as long as raw (" in text
    assert ": slower." in text
    assert "executes 2.997 times the instructions (9,231 against 3,080)" in text
    assert "does not compute on vectors (0 packed instructions, raw has 1)" in text
    assert "1 check is emitted; raw has none." in text


def test_why_claims_nothing_of_a_pair_that_is_not_resolved(made: Document) -> None:
    def changed(pair: Pair) -> Pair:
        return dataclasses.replace(pair, verdict="inconclusive", reason="too wide")

    panels = tuple(dataclasses.replace(panel, pairs=tuple(map(changed, panel.pairs))) for panel in made.panels)
    text = told(dataclasses.replace(made, panels=panels), "at")
    assert "that settles nothing" in text
    assert "slower" not in text
    assert "as long as" not in text


def test_why_says_what_the_run_does_not_hold(made: Document) -> None:
    text = told(dataclasses.replace(made, codes=(), counts=()), "at")
    assert "holds no machine code of either" in text
    assert "instructions" not in text
    text = told(dataclasses.replace(made, codes=made.codes[:1]), "at")
    assert "holds no machine code of this variant" in text


def test_the_same_code_is_called_the_same(made: Document) -> None:
    text = told(made, "span")
    assert "instruction for instruction" in text
    assert "check" not in text


def test_a_disqualified_case_has_no_times(made: Document) -> None:
    cases = tuple(
        dataclasses.replace(case, status="disqualified", reason="wrong") if case.name == CASE else case
        for case in made.cases
    )
    text = told(dataclasses.replace(made, cases=cases), "at")
    assert "disqualified" in text
    assert "times as long" not in text


def test_variants_that_were_not_paired_get_medians_and_no_verdict(made: Document) -> None:
    text = told(made, "span", "at")
    assert "no interval for these two" in text
    assert "slower" not in text


def test_allocations_are_told_per_call(made: Document) -> None:
    def count(variant: str, allocations: int) -> Count:
        return Count(CASE, PROFILE, variant, 4096, None, 64, None, allocations, 8 * allocations, "no tool")

    text = told(dataclasses.replace(made, counts=(count("raw", 0), count("at", 192))), "at")
    assert "allocates 3.000 times, raw never" in text
    assert "executes" not in text


def test_the_slowest_comes_first_and_rust_is_held_against_raw_cxx(made: Document) -> None:
    found = compare(made, case_of(made, CASE), PROFILE)
    assert [comparison.subject.variant.name for comparison in found][:1] == ["at"]
    assert {comparison.base.variant.name for comparison in found} == {"raw"}
    rust = compare(made, case_of(made, CASE), "rust-o2")
    assert {comparison.base.name for comparison in rust} == {"raw@clang-o2"}


def test_unknown_names_are_refused_with_what_there_is(made: Document) -> None:
    with pytest.raises(UsageError, match="no variant 'nope' in gcc-o2: choose from raw, raw_twin, at, span"):
        one(made, "nope")
    with pytest.raises(UsageError, match="no case 'x/y'"):
        case_of(made, "x/y")


def test_equal_mnemonics_stand_beside_each_other() -> None:
    rows = aligned(RAW.split("\n"), AT.split("\n"))
    assert ("  xor eax, eax", "  xor eax, eax") in rows
    assert ("  L1: mov edx, [rdi]", "  mov edx, [rdi]") in rows
    assert (None, "c jae L2") in rows
    assert ("v paddd xmm0, [rdi]", None) in rows
    assert [left for left, _ in rows if left is not None] == RAW.split("\n")
    assert [right for _, right in rows if right is not None] == AT.split("\n")


def test_long_equal_stretches_are_folded() -> None:
    same = [("  nop", "  nop")] * 30
    rows = list(differing([*same, (None, "c ja L1"), *same]))
    assert [row for row in rows if isinstance(row, int)] == [28, 28]
    assert (None, "c ja L1") in rows


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal(made: Document, width: int) -> None:
    text = shown([one(made, "at")], width)
    assert max(map(len, text.rstrip().split("\n")[:-1])) <= width
    assert "c jae L2" in text
    assert "SAFECOST_SAFE(at)" in text
    assert "SAFECOST" not in shown([one(made, "at")], width, source=False)


def test_colour_repeats_what_a_letter_says(made: Document) -> None:
    plain, coloured = shown([one(made, "at")]), shown([one(made, "at")], colour=True)
    assert "\x1b[" not in plain
    assert "\x1b[1;31m" in coloured


def test_a_hostile_document_obeys_nobody(made: Document) -> None:
    evil = hostile(made)
    for case in evil.cases:
        for profile in {panel.profile for panel in evil.panels}:
            comparisons = compare(evil, case, profile)
            if comparisons:
                text = shown(comparisons)
                assert not set(text) & {"\x1b", "\x00", "\u202e", "\u2066", "\x07"}
                assert "[link]" in text or "<script>" in text


def test_listings_without_shape_do_no_harm(made: Document) -> None:
    for listing in ("", "c", "\n\n", "[bold]", ": : :", "c " + "x" * 5000, "- \n-"):
        codes = (code("raw", RAW), code("at", listing))
        shown([one(dataclasses.replace(made, codes=codes), "at")])


def test_the_command(
    made: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    document.write(made, tmp_path / "run.json")
    assert cli.entry(["explain", CASE, "--run", str(tmp_path), "--only-differences"]) == 0
    out = capsys.readouterr().out
    assert "at@gcc-o2 against raw@gcc-o2" in out
    assert "c jae L2" in out
    assert cli.entry(["explain", CASE, "--run", str(tmp_path), "--profile", "nope"]) == 2
    assert "choose from gcc-o2" in capsys.readouterr().err
    assert cli.entry(["explain", CASE, "--run", str(tmp_path), "--measure"]) == 2


def test_the_newest_run_that_holds_the_case_is_taken(
    made: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latest, "LOCAL_RESULTS", tmp_path)
    with pytest.raises(UsageError, match="--measure"):
        latest.read(None, CASE)
    for name in ("old", "new", "other"):
        (tmp_path / name).mkdir()
    document.write(dataclasses.replace(made, codes=()), tmp_path / "old/run.json")
    document.write(made, tmp_path / "new/run.json")
    (tmp_path / "other/run.json").write_text("{}")
    assert latest.read(None, CASE).codes == made.codes
    with pytest.raises(UsageError, match="--measure"):
        latest.read(None, "indexing/nothing")
