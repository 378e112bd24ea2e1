"""Tests of the comparison of two documents: each thing that can change, changed alone, has one row that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from safecost.compare.documents import compare
from safecost.compare.rows import Comparison, ComparisonRow
from safecost.core.errors import UsageError
from safecost.document.judged import Proof
from safecost.document.measured import Code
from safecost.document.types import Document, Problem
from safecost.testing.changed_document import (
    disqualified,
    noisy,
    rebuilt,
    slower,
    sound_document,
    with_codes,
    with_counts,
    with_problem,
    with_proofs,
)

BASE = sound_document()
SUM = "indexing/sum"


def bad(head: Document, base: Document = BASE) -> dict[str, ComparisonRow]:
    """The rows that are not unchanged or inconclusive, by metric and name."""
    rows = compare(base, head).rows
    return {f"{row.metric} {row.name}": row for row in rows if row.verdict not in ("unchanged", "inconclusive")}


def verdicts(head: Document, base: Document = BASE) -> dict[str, str]:
    return {name: row.verdict for name, row in bad(head, base).items()}


def lost(proof: Proof) -> Proof:
    return replace(proof, outcome="silent", detail="corrupted", attribution=None)


def test_a_document_is_the_same_as_itself() -> None:
    made = compare(BASE, BASE)
    assert verdicts(BASE) == {}
    assert {row.metric for row in made.rows} == {
        "result", "catch", "ruling", "instructions", "allocations", "allocated_bytes", "code_bytes", "checks",
        "vectorised", "idiom_time", "profile_time", "language_time",
    }  # fmt: skip
    assert made.advisory == made.gone == ()
    assert len({row.key for row in made.rows}) == len(made.rows)
    assert all(row.place.variant != "raw_twin" for row in made.rows if row.tier == "time")  # A/A pairs are no rows


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            with_counts(BASE, "at", lambda one: replace(one, instructions=(one.instructions or 0) + 64 * 19)),
            {"instructions indexing/sum/at/size:4096@gcc-o2": "regression"},
        ),
        (with_counts(BASE, "at", lambda one: replace(one, instructions=(one.instructions or 0) + 64 * 18)), {}),
        (
            with_counts(BASE, "span", lambda one: replace(one, allocations=1, allocated_bytes=64)),
            {
                "allocations indexing/sum/span/size:4096@gcc-o2": "regression",
                "allocated_bytes indexing/sum/span/size:4096@gcc-o2": "regression",
            },
        ),
        (
            with_counts(BASE, "at", lambda one: replace(one, instructions=None, reason="two runs differ")),
            {"instructions indexing/sum/at/size:4096@gcc-o2": "missing"},
        ),
        (
            with_codes(BASE, "raw", lambda one: replace(one, packed=0)),
            {"vectorised indexing/sum/raw@gcc-o2": "regression"},
        ),
        (
            with_codes(BASE, "at", lambda one: replace(one, packed=3)),
            {"vectorised indexing/sum/at@gcc-o2": "improvement"},
        ),
        (
            with_codes(BASE, "at", lambda one: replace(one, bytes=41, checks=2)),
            {"code_bytes indexing/sum/at@gcc-o2": "regression", "checks indexing/sum/at@gcc-o2": "regression"},
        ),
        (with_codes(BASE, "at", lambda one: replace(one, checks=0)), {"checks indexing/sum/at@gcc-o2": "changed"}),
        (
            with_proofs(BASE, "span@gcc-assertions", lost),
            {"catch indexing/sum/span/one_past_end@gcc-assertions": "regression"},
        ),
        (
            with_proofs(BASE, "span@gcc-o2", lambda one: replace(one, outcome="trapped", detail=None)),
            {"catch indexing/sum/span/one_past_end@gcc-o2": "improvement"},
        ),
        (
            with_proofs(BASE, "at@gcc-o2", lambda one: replace(one, outcome="trapped", detail=None)),
            {"catch indexing/sum/at/one_past_end@gcc-o2": "changed"},
        ),
        (
            with_proofs(BASE, "at@gcc-o2", lambda one: replace(one, outcome="no_verdict", detail=None)),
            {"catch indexing/sum/at/one_past_end@gcc-o2": "missing"},
        ),
        (
            replace(BASE, proofs=tuple(one for one in BASE.proofs if one.variant != "index")),
            {"catch indexing/sum/index/one_past_end@rust-o2": "missing"},
        ),
    ],
)
def test_one_change_is_one_row(head: Document, said: dict[str, str]) -> None:
    assert verdicts(head) == said


def test_a_disqualified_case_is_wrong_and_none_of_its_numbers_are_compared() -> None:
    head = disqualified(BASE, "indexing/sum")
    assert verdicts(head) == {"result indexing/sum": "wrong"}
    assert {row.metric for row in compare(BASE, head).rows if row.place.case == "indexing/sum"} == {"result", "catch"}
    assert verdicts(
        head, replace(BASE, cases=BASE.cases[1:], counts=(), codes=(), panels=(), proofs=(), plugins=())
    ) == {"result indexing/sum": "wrong"}


def test_a_hardened_variant_that_became_the_plain_code_is_not_missing() -> None:
    panels = tuple(
        replace(panel, pairs=tuple(p for p in panel.pairs if p.kind != "profile")) if panel.case == SUM else panel
        for panel in BASE.panels
    )
    lost = {
        f"profile_time {row.name}": "missing"
        for row in compare(BASE, BASE).rows
        if row.metric == "profile_time" and row.place.case == SUM
    }
    assert {name.partition("/size")[0] for name in lost} == {f"profile_time {SUM}/{name}" for name in ("raw", "span")}
    assert verdicts(replace(BASE, panels=panels)) == lost
    span = Code(SUM, "gcc-o2", "span", 4, 1, 0, 0, 0, "  ret")
    both = (span, replace(span, profile="gcc-assertions"))
    base, head = replace(BASE, codes=both), replace(BASE, panels=panels, codes=both)
    assert verdicts(head, base) == {name: verdict for name, verdict in lost.items() if "/raw/" in name}


def test_a_case_that_was_mended_is_an_improvement() -> None:
    assert verdicts(BASE, disqualified(BASE, "indexing/sum")) == {"result indexing/sum": "improvement"}


def test_a_case_that_went_is_missing_once_and_one_that_came_is_new_once() -> None:
    less = replace(
        BASE,
        cases=tuple(case for case in BASE.cases if case.name != "errors/sqrt_chain"),
        panels=tuple(panel for panel in BASE.panels if panel.case != "errors/sqrt_chain"),
        proofs=tuple(proof for proof in BASE.proofs if proof.case != "errors/sqrt_chain"),
        gaps=(),
    )
    assert verdicts(less) == {"result errors/sqrt_chain": "missing"}
    assert verdicts(BASE, less) == {"result errors/sqrt_chain": "new"}


def test_a_case_that_could_not_be_built_is_missing() -> None:
    cases = tuple(replace(one, status="not_built", reason="gone") if one.case == "sum" else one for one in BASE.cases)
    assert verdicts(replace(BASE, cases=cases))["result indexing/sum"] == "missing"


def test_a_broken_promise_is_wrong_wherever_it_is_new_or_old() -> None:
    said = "indexing/sum/at/one_past_end@gcc-o2: claimed: caught (always); seen: silent"
    broken = with_problem(BASE, Problem("claim", "indexing/sum", None, None, None, None, said, True))
    assert verdicts(broken) == {"claim indexing/sum/at/one_past_end@gcc-o2": "wrong"}
    assert verdicts(broken, broken) == {"claim indexing/sum/at/one_past_end@gcc-o2": "wrong"}
    assert verdicts(BASE, broken) == {"claim indexing/sum/at/one_past_end@gcc-o2": "improvement"}


def test_a_ruling_that_was_lost() -> None:
    first, *rest = BASE.rejections
    accepts = tuple(replace(one, outcome="accepted", tag=None) for one in first.rulings)
    head = replace(BASE, rejections=(replace(first, rulings=accepts), *rest))
    assert "regression" in verdicts(head).values()
    assert all(name.startswith("ruling ") for name in verdicts(head))


# ---- times -----------------------------------------------------------------------------------------------------------


def test_an_idiom_that_became_slower_by_three_percent_is_a_regression_of_its_rows_alone() -> None:
    said = verdicts(slower(BASE, "indexing/sum/at@gcc-o2", 1.03))
    assert said == {
        "idiom_time indexing/sum/at/size:4096@gcc-o2": "regression",
        "idiom_time indexing/sum/at/size:262144@gcc-o2": "regression",
    }
    assert set(verdicts(BASE, slower(BASE, "indexing/sum/at@gcc-o2", 1.03)).values()) == {"improvement"}


def test_a_machine_that_is_twice_as_slow_is_no_regression() -> None:
    """Times themselves are not compared: only their ratios are."""
    panels = tuple(
        replace(
            panel,
            contenders=tuple(
                replace(arm, nanoseconds=tuple(2 * time for time in arm.nanoseconds)) for arm in panel.contenders
            ),
        )
        for panel in BASE.panels
    )
    assert verdicts(replace(BASE, panels=panels)) == {}


def test_the_interval_of_a_change_is_built_of_both() -> None:
    head = slower(BASE, "indexing/sum/at@gcc-o2", 1.5)
    row = bad(head)["idiom_time indexing/sum/at/size:4096@gcc-o2"]
    pair = next(pair for pair in BASE.panels[0].pairs if BASE.panels[0].contenders[pair.numerator].variant == "at")
    assert pair.low is not None and pair.high is not None and pair.level is not None
    assert row.change == pytest.approx(0.5)
    assert row.low == pytest.approx(1.5 * pair.low / pair.high - 1)
    assert row.high == pytest.approx(1.5 * pair.high / pair.low - 1)
    assert row.level == pytest.approx(pair.level**2)


def test_few_launches_decide_nothing_and_the_row_says_so() -> None:
    head = slower(BASE, "indexing/sum/at@gcc-o2", 2.0)
    panels = tuple(
        replace(
            panel, pairs=tuple(replace(pair, low=None, high=None, level=None, reason="4 launches") for pair in pairs)
        )
        for panel, pairs in ((panel, panel.pairs) for panel in head.panels)
    )
    rows = [row for row in compare(BASE, replace(head, panels=panels)).rows if row.tier == "time"]
    assert {row.verdict for row in rows} == {"inconclusive"}
    assert all(row.note == "head has no interval: 4 launches" for row in rows)


@pytest.mark.parametrize("seed", range(20))
def test_two_runs_of_the_same_code_show_no_difference(seed: int) -> None:
    """1,040 rows of noise of 0.3 %, as a calm machine has it."""
    found = compare(noisy(BASE, 0.003, 2 * seed), noisy(BASE, 0.003, 2 * seed + 1))
    assert not [row.name for row in found.rows if row.verdict in ("regression", "improvement")]


def test_the_same_bytes_are_known_and_where_they_differ_times_are_advice() -> None:
    head = BASE
    for raw in ("raw", "raw_twin"):  # so everything over raw reads as slower
        head = slower(head, f"indexing/sum/{raw}@gcc-o2", 0.9)
    rows = [row for row in compare(BASE, head).rows if row.tier == "time"]
    assert all(row.same_code for row in rows)
    assert "whose machine code is the same" in " ".join(compare(BASE, head).advisory)
    other = compare(BASE, rebuilt(head))
    assert not any(row.same_code for row in other.rows)
    assert other.advisory == ()


# ---- what differs beside rows ----------------------------------------------------------------------------------------


def told(head: Document, part: Callable[[Comparison], tuple[str, ...]]) -> str:
    return " ".join(part(compare(BASE, head)))


def test_another_machine_makes_times_advice_and_leaves_counts() -> None:
    head = replace(BASE, machine=replace(BASE.machine, cpu="Another CPU"))
    assert 'different machines: the processor ("Made-up CPU 9000" and "Another CPU")' in told(
        head, lambda one: one.advisory
    )
    assert verdicts(head) == {}


def test_another_architecture_has_no_instructions_to_compare() -> None:
    head = replace(BASE, machine=replace(BASE.machine, architecture="aarch64"))
    assert "Instructions and machine code are not compared" in told(head, lambda one: one.warnings)
    assert not {"instructions", "code_bytes", "checks", "vectorised"} & {row.metric for row in compare(BASE, head).rows}
    assert {"allocations", "catch"} <= {row.metric for row in compare(BASE, head).rows}


def test_compilers_flags_sources_and_pins_that_differ_are_told() -> None:
    profiles = tuple(
        replace(one, compiler="GNU 13.1.0", flags=()) if one.name == "gcc-o2" else one for one in BASE.profiles
    )
    cases = (replace(BASE.cases[0], sources=()), *BASE.cases[1:])
    counting = replace(BASE.counting, tool="Another counter")
    said = told(replace(BASE, profiles=profiles, cases=cases, counting=counting), lambda one: one.warnings)
    for words in (
        'gcc-o2 is built by "GNU 12.2.0" in base and by "GNU 13.1.0" in head.',
        "gcc-o2 has other flags in base than in head.",
        "The sources of indexing/sum differ",
        "not counted alike: tool differs",
    ):
        assert words in said


def test_a_profile_that_went_and_what_went_wrong_are_told_beside_the_rows_that_are_missing() -> None:
    profiles = tuple(
        replace(one, status="absent", reason="g++ was not found") if one.name == "gcc-o2" else one
        for one in BASE.profiles
    )
    problems = [
        Problem("build", "indexing/sum", None, "gcc-o2", None, None, f"error {at} <b>\nmore of it", False)
        for at in range(7)
    ]
    head = replace(BASE, profiles=profiles, codes=(), problems=tuple(problems))
    said = told(head, lambda one: one.warnings)
    assert "gcc-o2 is absent in head: g++ was not found." in said
    assert "Head has a problem that base has not: build: indexing/sum with gcc-o2: error 0 <b>." in said
    assert "Head has 2 more such problems." in said and "error 5" not in said
    assert "problem" not in " ".join(compare(head, head).warnings)


def test_what_only_base_looked_at_is_gone_and_what_only_head_did_is_told() -> None:
    head = replace(BASE, counts=(), proofs=(), rejections=())
    assert compare(BASE, head).gone == (
        "Base has counts of instructions and allocations, and head has none.",
        "Base has proofs of what is caught, and head has none.",
        "Base has rulings of compilers, and head has none.",
    )
    assert verdicts(head) == {}
    assert compare(head, BASE).gone == ()
    assert "Base has no proofs of what is caught, so these are not compared." in compare(head, BASE).warnings


def test_a_noisy_side_is_named() -> None:
    head = replace(BASE, machine=replace(BASE.machine, steal_share=0.3))
    made = compare(BASE, head, ("old", "new"))
    assert made.advisory == ("new: The host took 30 % of the processor time away.",)


@pytest.mark.parametrize(
    ("twice", "said"),
    [
        (replace(BASE, counts=(*BASE.counts, BASE.counts[0])), "new has counts of indexing/sum/raw/size:4096@gcc-o2 2"),
        (replace(BASE, codes=(*BASE.codes, BASE.codes[0])), "new has machine code of indexing/sum/raw@gcc-o2 2 times"),
        (replace(BASE, panels=(*BASE.panels, BASE.panels[0])), "new has a ratio (idiom_time) of indexing/sum/at/size"),
    ],
)
def test_what_is_there_twice_is_refused(twice: Document, said: str) -> None:
    with pytest.raises(UsageError, match="nothing says which is meant") as caught:
        compare(BASE, twice, ("old", "new"))
    assert str(caught.value).startswith(said)


def test_the_margin_can_be_another() -> None:
    head = slower(BASE, "indexing/sum/at@gcc-o2", 1.03)
    made = compare(BASE, head, margin=0.05)
    assert made.margin == 0.05
    assert not [row for row in made.rows if row.verdict == "regression"]
