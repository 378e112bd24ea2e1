"""Which rows have a reason in the compilers' own words, on rows and code that are made up."""

from __future__ import annotations

from safecost.compare.live.arms import Pairing
from safecost.compare.live.reasons import changed, kernels, with_reasons
from safecost.compare.rows import ComparisonRow, RowPlace, RowVerdict
from safecost.document.measured import Code

PAIRINGS = (Pairing("old", "new"), Pairing("old", "newest"), Pairing("same", "same"))
HEADS = ("new", "newest", "same")


def row(profile: str | None, metric: str = "idiom_time", verdict: RowVerdict = "regression") -> ComparisonRow:
    place = RowPlace("a/b", "at", profile, 64, against=f"raw@{profile}")
    return ComparisonRow(place, metric, 1.0, 2.0, verdict, note="as it was")


def code(variant: str, profile: str, packed: int, *remarks: str) -> Code:
    return Code("a/b", profile, variant, 4, 1, 0, packed, 0, f"{variant} by {profile}", None, remarks)


BASE = kernels([code("at", "old", 4, "b.cc:3: vectorized loop"), code("raw", "old", 4)])
HEAD = kernels([code("at", "new", 0, "b.cc:3: loop not vectorized"), code("raw", "new", 0)])


def test_compilers_are_asked_about_what_changed_by_another_profile() -> None:
    rows = [*map(row, HEADS), row("new", "instructions"), row("new", verdict="unchanged"), row(None)]
    assert set(changed(rows, PAIRINGS)) == {("a/b", PAIRINGS[0]), ("a/b", PAIRINGS[1])}
    assert set(changed([row("new", "vectorised", "improvement")], PAIRINGS)) == {("a/b", PAIRINGS[0])}
    assert set(changed([row("new", "vectorised", "unchanged")], PAIRINGS)) == set()


def test_a_row_that_changed_has_what_both_said_of_the_idiom_and_of_raw_code() -> None:
    (made,) = with_reasons([row("new")], PAIRINGS, BASE, HEAD)
    at = "at: 4 → 0 packed instructions; at before: b.cc:3: vectorized loop; at now: b.cc:3: loop not vectorized"
    assert made.note == f"as it was; {at}; raw: 4 → 0 packed instructions"
    assert list(with_reasons([made], PAIRINGS, BASE, HEAD)) == [made]  # asked twice, told once
    (direct,) = with_reasons([row("new", "direct_time")], PAIRINGS, BASE, HEAD)
    assert direct.note == f"as it was; {at}"


def test_other_rows_stay_as_they_were() -> None:
    rows = [row("newest"), row("same"), row("new", "code_bytes"), row("new", verdict="inconclusive"), row(None)]
    assert list(with_reasons(rows, PAIRINGS, BASE, HEAD)) == rows
