"""Several runs side by side: what is the same pair, when two agree, what differs, and what only one has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safecost.core.errors import UsageError
from safecost.cross_run.agreement import LETTERS, CrossRun, Given, cross_run, relation
from safecost.document.rows import PairRow, valid_rows
from safecost.document.types import Document
from safecost.testing.changed_document import disqualified, noisy, rebuilt, slower, sound_document, with_proofs


@pytest.fixture(scope="module")
def sound() -> Document:
    return sound_document()


def held(*documents: Document) -> CrossRun:
    return cross_run([Given(letter, f"run {letter}", made) for letter, made in zip(LETTERS, documents, strict=False)])


def with_machine(document: Document, **changes: object) -> Document:
    return replace(document, machine=replace(document.machine, **changes))  # type: ignore[arg-type]


def with_profile(document: Document, name: str, **changes: object) -> Document:
    profiles = (replace(one, **changes) if one.name == name else one for one in document.profiles)  # type: ignore[arg-type]
    return replace(document, profiles=tuple(profiles))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((0.99, 1.02), (1.01, 1.05), "together"),  # they overlap
        ((0.995, 1.00), (1.002, 1.005), "together"),  # both equivalent
        ((1.02, 1.03), (1.20, 1.25), "same_verdict"),  # both slower, by other amounts
        ((1.020, 1.030), (1.032, 1.04), "together"),  # both slower, nearly alike
        ((0.80, 0.90), (0.95, 0.97), "same_verdict"),  # both faster
        ((0.999, 1.008), (1.012, 1.02), "apart"),  # equivalent and slower
        ((0.98, 1.005), (1.009, 1.02), "together"),  # one undecided, and no margin between them
        ((0.98, 1.005), (1.03, 1.04), "apart"),  # one undecided, and far away
        ((0.80, 0.90), (1.10, 1.20), "apart"),  # faster and slower
    ],
)
def test_intervals_agree_where_they_overlap_or_say_the_same(
    sound: Document, left: tuple[float, float], right: tuple[float, float], expected: str
) -> None:
    row = valid_rows(sound)[0]

    def of(ends: tuple[float, float]) -> PairRow:
        return replace(row, low=ends[0], high=ends[1], ratio=(ends[0] * ends[1]) ** 0.5)

    assert relation(of(left), of(right), 0.01)[0] == expected
    assert relation(of(right), of(left), 0.01)[0] == expected


def test_equal_runs_agree_in_everything(sound: Document) -> None:
    found = held(sound, replace(sound, run=replace(sound.run, seed=7)))
    assert {pair.relation for pair in found.pairs} == {"together"}
    assert len(found.pairs) == sum(row.kind not in ("aa", "calibration") for row in valid_rows(sound))
    assert not found.outcomes
    assert found.outcomes_in_common == len(sound.proofs)
    assert not any(one.profiles or one.cases or one.pairs for one in found.alone)
    assert not found.statuses
    assert {fact.name for fact in found.facts.facts if fact.differs} == {"Seed"}


def test_what_disagrees_comes_first_and_the_worst_before_the_rest(sound: Document) -> None:
    worse = slower(slower(sound, "indexing/sum/span@gcc-o2", 1.2), "indexing/sum/span@clang-o2", 1.5)
    found = held(sound, noisy(worse, 0.002, 5))
    apart = found.of("apart")
    assert apart == found.pairs[: len(apart)]
    assert {(pair.row.variant, pair.row.profile) for pair in apart} == {("span", "gcc-o2"), ("span", "clang-o2")}
    assert apart[0].row.profile == "clang-o2"
    gaps = [pair.gap or 0 for pair in apart]
    assert gaps == sorted(gaps, reverse=True)
    assert apart[0].between == (0, 1)
    assert gaps[-1] == pytest.approx(1.2, rel=0.02)


def test_of_three_runs_the_two_that_are_furthest_apart_are_told(sound: Document) -> None:
    name = "indexing/sum/span@gcc-o2"
    found = held(sound, slower(sound, name, 1.1), slower(with_machine(sound, cpu="another"), name, 1.3))
    pair = found.of("apart")[0]
    assert pair.between == (0, 2)
    assert pair.differs == ("processor",)
    assert len(pair.rows) == 3


def test_what_differs_is_told_of_the_pairs_own_profiles_only(sound: Document) -> None:
    name = "indexing/sum/span@gcc-o2"
    head = with_profile(slower(sound, name, 1.2), "gcc-o2", compiler="GNU 14.1.0", flags=(("-O3", "more"),))
    head = with_profile(with_machine(head, kernel="Linux 7"), "clang-o2", compiler="Clang 99")
    pair = held(sound, head).of("apart")[0]
    assert pair.row.profile == "gcc-o2"
    assert pair.differs == ("kernel", "compiler of gcc-o2", "flags of gcc-o2")
    assert pair.same_code is True  # the hashes say so, whatever the compiler calls itself
    assert held(sound, rebuilt(head)).of("apart")[0].same_code is False
    assert held(sound, replace(head, plugins=())).of("apart")[0].same_code is None
    facts = {fact.name: fact.values for fact in held(sound, head).facts.of("profile") if fact.differs}
    assert facts["gcc-o2: compiler"] == ("GNU 12.2.0", "GNU 14.1.0")
    assert facts["gcc-o2: flags"][1] == "-O3"


def test_another_source_of_the_case_is_told(sound: Document) -> None:
    cases = tuple(
        replace(one, sources=tuple(replace(file, text=file.text + "\n// more") for file in one.sources))
        for one in sound.cases
    )
    found = held(sound, replace(sound, cases=cases))
    assert {pair.differs for pair in found.pairs} == {("source of the case",)}


def test_pairs_without_an_interval_are_neither_agreement_nor_disagreement(sound: Document) -> None:
    panels = tuple(
        replace(
            panel, pairs=tuple(replace(p, low=None, high=None, level=None, verdict="inconclusive") for p in panel.pairs)
        )
        for panel in sound.panels
    )
    found = held(sound, replace(sound, panels=panels))
    assert {pair.relation for pair in found.pairs} == {"undecided"}
    assert found.by_chance == 0


def test_margins_of_their_own_are_judged_by_the_widest(sound: Document) -> None:
    name = "indexing/sum/span@gcc-o2"
    wide = replace(sound, run=replace(sound.run, margin=0.05))
    assert held(sound, slower(sound, name, 1.03)).of("apart")
    found = held(sound, slower(wide, name, 1.03))
    assert found.margin == 0.05
    assert not found.of("apart")


def test_full_cost_is_the_same_pair_over_another_raw_variant(sound: Document) -> None:
    def other(document: Document) -> Document:
        panels = []
        for panel in document.panels:
            names = [arm.variant for arm in panel.contenders]
            pairs = tuple(
                replace(pair, denominator=names.index("span") if pair.kind == "full" else pair.denominator)
                if "span" in names and pair.numerator != names.index("span")
                else pair
                for pair in panel.pairs
            )
            panels.append(replace(panel, pairs=pairs))
        return replace(document, panels=tuple(panels))

    found = held(sound, other(sound))
    assert any(len(pair.over) == 2 for pair in found.pairs if pair.row.kind == "full")
    assert not any(key.kind == "full" for one in found.alone for key in one.pairs)


def test_outcomes_that_differ_are_told_those_of_protection_first(sound: Document) -> None:
    first = next(one for one in sound.proofs if one.caught)
    name = f"{first.variant}@{first.profile}"
    changed = with_proofs(
        sound, name, lambda one: replace(one, outcome="silent", detail="read_foreign", attribution=None, claim=None)
    )
    found = held(sound, changed)
    assert found.outcomes
    assert found.outcomes[0].protection
    assert [one.protection for one in found.outcomes] == sorted(
        (one.protection for one in found.outcomes), reverse=True
    )
    assert {(one.variant, one.profile) for one in found.outcomes} == {(first.variant, first.profile)}


def test_disqualified_cases_have_no_ratios_and_are_told(sound: Document) -> None:
    found = held(sound, disqualified(sound, "indexing/sum"))
    assert not any(pair.row.task == "indexing/sum" for pair in found.pairs)
    assert found.statuses == (("indexing/sum", ("measured", "disqualified")),)
    assert any(key.task == "indexing/sum" for key in found.alone[0].pairs)


def test_what_only_one_run_has(sound: Document) -> None:
    panels = tuple(panel for panel in sound.panels if panel.profile != "clang-o2")
    less = replace(with_profile(sound, "clang-o2", status="absent"), panels=panels)
    found = held(sound, less)
    assert found.alone[0].profiles == ("clang-o2",)
    assert {key.profile for key in found.alone[0].pairs} == {"clang-o2"}
    assert not found.alone[1].pairs
    assert not any(pair.row.profile == "clang-o2" for pair in found.pairs)


def test_a_frontier_that_only_one_run_has_is_beside_a_gap(sound: Document) -> None:
    found = held(sound, replace(sound, proofs=()))
    assert found.frontiers
    assert all(row.lines[0] is not None and row.lines[1] is None for row in found.frontiers)


def test_a_pair_that_is_there_twice_is_refused(sound: Document) -> None:
    twice = replace(sound, panels=(*sound.panels, sound.panels[0]))
    with pytest.raises(UsageError, match=r"run B has the idiom ratio of indexing/sum/.* twice"):
        held(sound, twice)


def test_chance_is_bounded_by_what_the_intervals_allow(sound: Document) -> None:
    found = held(sound, sound)
    level = next(row.level for row in valid_rows(sound) if row.level is not None)
    assert found.by_chance == pytest.approx(len(found.pairs) * 2 * (1 - level))
    apart = [len(held(noisy(sound, 0.01, seed), noisy(sound, 0.01, seed + 100)).of("apart")) for seed in range(6)]
    assert sum(apart) / len(apart) <= found.by_chance
