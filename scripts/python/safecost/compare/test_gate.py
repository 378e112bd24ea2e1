"""Tests of the gate: exit codes and which comes first, limits, excuses and their days, and times that may not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.compare.gate import Policy, TimePolicy, decide
from safecost.compare.limits import KnownBadEntry, LimitEntry
from safecost.compare.rows import (
    VERDICTS,
    Comparison,
    ComparisonRow,
    RowPlace,
    SideFacts,
    exact_row,
    time_row,
    word_row,
)

TODAY = date(2026, 3, 1)
AT = RowPlace("indexing/sum", "at", "gcc-o2", 4096)
SPAN = RowPlace("indexing/sum", "span", "gcc-o2", 4096)
MORE = exact_row(AT, "instructions", 100.0, 200.0)
LOST = word_row(
    RowPlace("indexing/sum", "span", "gcc-o2", fault="past"), "catch", "trapped", "silent", "regression", None
)
GONE = exact_row(SPAN, "allocations", 1.0, None)
WRONG = ComparisonRow(RowPlace("indexing/sum"), "result", "agrees", "disqualified", "wrong")
SAME = exact_row(SPAN, "instructions", 100.0, 100.0)
SLOWER = time_row(replace(AT, against="raw@gcc-o2"), "idiom_time", 1.0, 1.1, (1.09, 1.11, 0.95), 0.01)
LIMIT_OF_DAY = TODAY - timedelta(days=1)


def made(
    *rows: ComparisonRow, advisory: tuple[str, ...] = (), gone: tuple[str, ...] = (), how: str = "documents"
) -> Comparison:
    return Comparison(SideFacts("base"), SideFacts("head"), how, 0.01, rows, (), advisory, gone)  # type: ignore[arg-type]


def code(comparison: Comparison, time: TimePolicy = "auto", *, allow_missing: bool = False) -> int:
    return decide(comparison, Policy(TODAY, time=time, allow_missing=allow_missing)).exit_code


def known_bad(name: str, metric: str = "*", expires: date = TODAY) -> KnownBadEntry:
    return KnownBadEntry(name=name, metric=metric, reason="a bug of the compiler", expires=expires)


def limit(name: str, metric: str, relative: float) -> LimitEntry:
    return LimitEntry(name=name, metric=metric, relative=relative)


# ---- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((SAME,), 0),
        ((SAME, MORE), 3),
        ((SAME, LOST), 3),
        ((SAME, GONE), 1),
        ((SAME, WRONG), 5),
        ((SAME, SLOWER), 3),
        ((MORE, GONE), 3),
        ((MORE, GONE, WRONG), 5),
        ((exact_row(AT, "instructions", 200.0, 100.0),), 0),
        ((exact_row(AT, "checks", 3.0, 1.0),), 0),
        ((exact_row(AT, "allocations", None, 3.0),), 0),
        ((time_row(AT, "idiom_time", 1.0, 1.1, None, 0.01),), 0),
    ],
)
def test_the_worst_row_decides(rows: tuple[ComparisonRow, ...], expected: int) -> None:
    assert code(made(*rows)) == expected


def test_kinds_of_rows_that_head_did_not_look_at_do_not_pass() -> None:
    assert code(made(SAME, gone=("Base has times, and head has none.",))) == 1
    assert code(made(SAME, gone=("Base has times, and head has none.",)), allow_missing=True) == 0
    assert code(made(GONE), allow_missing=True) == 0
    assert code(made(MORE, GONE), allow_missing=True) == 3


@pytest.mark.parametrize(
    ("time", "quiet", "noisy"), [("auto", 3, 0), ("gate", 3, 4), ("advisory", 0, 0)]
)  # fmt: skip
def test_times_count_as_the_policy_and_the_noise_say(time: TimePolicy, quiet: int, noisy: int) -> None:
    assert code(made(SAME, SLOWER), time) == quiet
    assert code(made(SAME, SLOWER, advisory=("Load.",)), time) == noisy


@pytest.mark.parametrize("time", ["auto", "gate", "advisory"])
def test_no_noise_excuses_what_is_exact(time: TimePolicy) -> None:
    assert code(made(MORE, SLOWER, advisory=("Load.",)), time) == 3
    assert code(made(WRONG, SLOWER, advisory=("Load.",)), time) == 5
    assert code(made(GONE, SLOWER, advisory=("Load.",)), time) == 1


def test_a_time_that_is_missing_is_missing_however_noisy() -> None:
    gone = ComparisonRow(AT, "idiom_time", 1.0, None, "missing")
    assert code(made(SAME, gone, advisory=("Load.",))) == 1
    assert code(made(SAME, gone), "advisory") == 0


def test_gating_times_needs_times() -> None:
    assert code(made(SAME), "gate") == 1
    assert code(made(SAME), "auto") == 0


def test_in_one_process_a_regression_counts_once_it_was_confirmed() -> None:
    for confirmed, expected in ((True, 3), (None, 0), (False, 0)):
        row = replace(SLOWER, confirmed=confirmed)
        assert code(made(SAME, row, how="live")) == expected, confirmed
    assert code(made(SAME, SLOWER, how="documents")) == 3  # nobody can look again


def test_reasons_name_what_failed_worst_first() -> None:
    decision = decide(made(SAME, GONE, MORE, WRONG, LOST), Policy(TODAY))
    assert decision.reasons == (
        "1 wrong result or broken claim.",
        "2 regressions: catch 1, instructions 1.",
        "1 row of base is missing in head (allocations 1): what was not looked at cannot pass.",
    )
    assert decision.failing == (WRONG, LOST, MORE, GONE)
    assert [decision.status(row) for row in (SAME, GONE, MORE)] == ["fine", "fails", "fails"]


@given(st.lists(st.sampled_from([SAME, MORE, LOST, GONE, WRONG, SLOWER]), unique=True), st.booleans())
def test_another_bad_row_never_makes_it_pass(rows: list[ComparisonRow], noisy: bool) -> None:
    order = (0, 4, 1, 3, 5)
    comparison = made(*rows, advisory=("Load.",) if noisy else ())
    before = code(comparison)
    for more in (MORE, LOST, GONE, WRONG, SLOWER):
        after = code(replace(comparison, rows=(*comparison.rows, more)))
        assert order.index(after) >= order.index(before)


# ---- limits and excuses ----------------------------------------------------------------------------------------------


def test_the_last_limit_that_holds_a_row_counts() -> None:
    wide, narrow = limit("*", "instructions", 2.0), limit("*/at/*", "*", 0.5)
    assert decide(made(MORE), Policy(TODAY, limits=(wide,))).exit_code == 0
    assert decide(made(MORE), Policy(TODAY, limits=(wide, narrow))).exit_code == 3
    assert decide(made(MORE), Policy(TODAY, limits=(narrow, wide))).exit_code == 0


def test_a_limit_holds_for_its_metric_and_names_alone() -> None:
    for rule in (limit("*/span/*", "instructions", 9.0), limit("*", "code_bytes", 9.0), limit("INDEXING*", "*", 9.0)):
        decision = decide(made(MORE), Policy(TODAY, limits=(rule,)))
        assert decision.exit_code == 3
        assert decision.notes == (f'Limit 1 ("{rule.name}") holds no row.',)


def test_a_limit_is_the_margin_of_a_time() -> None:
    assert decide(made(SLOWER), Policy(TODAY, limits=(limit("*", "*_time", 0.12),))).exit_code == 0
    assert decide(made(SLOWER), Policy(TODAY, limits=(limit("*", "*_time", 0.02),))).exit_code == 3


def test_a_narrower_limit_makes_a_regression() -> None:
    row = exact_row(AT, "instructions", 1000.0, 1001.0)
    assert decide(made(row), Policy(TODAY)).exit_code == 0
    assert decide(made(row), Policy(TODAY, limits=(limit("*", "instructions", 0.0),))).exit_code == 3


def test_known_bad_rows_are_excused_up_to_their_day_and_not_after_it() -> None:
    entry = known_bad("indexing/sum/at/*", "instructions")
    for today, expected in ((TODAY - timedelta(days=9), 0), (TODAY, 0), (TODAY + timedelta(days=1), 3)):
        decision = decide(made(MORE), Policy(today, known_bad=(entry,)))
        assert decision.exit_code == expected
        assert bool(decision.notes) == (expected == 3)
    assert decision.notes == ('Known-bad entry 1 ("indexing/sum/at/*") expired on 2026-03-01: its rows count again.',)


def test_an_excuse_is_told_with_its_reason() -> None:
    decision = decide(made(MORE), Policy(TODAY, known_bad=(known_bad("*"),)))
    (row,) = decision.comparison.rows
    assert (row.known_bad, decision.status(row), row.verdict) == ("a bug of the compiler", "excused", "regression")


def test_an_expired_entry_does_not_hide_one_that_holds() -> None:
    old, new = known_bad("*", expires=LIMIT_OF_DAY), known_bad("*at*")
    assert decide(made(MORE), Policy(TODAY, known_bad=(old, new))).exit_code == 0


def test_what_is_missing_can_be_excused_and_what_is_wrong_cannot() -> None:
    everything = (known_bad("*"),)
    assert decide(made(GONE, MORE, SLOWER, LOST), Policy(TODAY, known_bad=everything)).exit_code == 0
    assert decide(made(WRONG), Policy(TODAY, known_bad=everything)).exit_code == 5
    assert decide(made(GONE, WRONG), Policy(TODAY, known_bad=everything)).exit_code == 5


def test_all_that_was_not_looked_at_is_excused_by_an_entry_for_all_rows_only() -> None:
    nothing = made(SAME, gone=("Base has times, and head has none.",))
    assert decide(nothing, Policy(TODAY, known_bad=(known_bad("*"),))).exit_code == 0
    assert decide(nothing, Policy(TODAY, known_bad=(known_bad("*", expires=LIMIT_OF_DAY),))).exit_code == 1
    assert decide(nothing, Policy(TODAY, known_bad=(known_bad("*", "idiom_time"),))).exit_code == 1


def test_an_excuse_that_nothing_needs_is_told() -> None:
    decision = decide(made(SAME), Policy(TODAY, known_bad=(known_bad("indexing/*"),)))
    assert decision.notes == ('Known-bad entry 1 ("indexing/*") holds nothing that is bad: remove it.',)


@given(st.sampled_from(VERDICTS))
def test_rows_that_fail_are_those_that_stand_so(verdict: str) -> None:
    row = replace(LOST, verdict=verdict)  # type: ignore[arg-type]
    decision = decide(made(row), Policy(TODAY))
    assert (decision.status(row) == "fails") == (row in decision.failing) == (decision.exit_code != 0)
