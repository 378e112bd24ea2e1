"""The frontier of documents whose prices are known: who competes, what counts as caught, and over which raw code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from safecost.document.judged import Proof
from safecost.document.measured import Panel
from safecost.document.outcome import OutcomeKind
from safecost.document.types import Document, Fault, Parameter, Variant
from safecost.report.prices import SPATIAL, STANDARDS, Denominator, PriceGroup, PriceTier, groups, why_no_interval
from safecost.stats.frontier import Frontier, Price, Uncaught, in_common
from safecost.testing.made_up_panel import Arm, make_panel

L1, L2, FILES = Parameter(4096, None, "L1"), Parameter(262144, None, "L2"), Parameter(64, None, "files")
PAST = Fault("one_past_end", 125, "input", "one more", "not one more")
FREED = Fault("destroyed_before", 416, "kernel", "freed, then walked", "lives")


def proof(
    variant: str, profile: str, fault: str, outcome: OutcomeKind = "prevented", case: str = "indexing/sum"
) -> Proof:
    return Proof(case, profile, variant, fault, outcome, None, None, None, None, None, (), None)


def panel(
    profile: str,
    costs: dict[str, float],
    raws: dict[str, float],
    parameter: Parameter = L1,
    of_raws: str = "",
    launches: int = 12,
) -> Panel:
    arms = [Arm(name, of_raws or profile, "raw", 100 * cost, 0.0) for name, cost in raws.items()]
    arms += [Arm(name, profile, "safe", 100 * cost, 0.0) for name, cost in costs.items()]
    return make_panel("indexing/sum", profile, parameter, arms, [], launches=launches)


def made_up(
    sample: Document,
    panels: Sequence[Panel],
    proofs: Sequence[Proof],
    faults: Sequence[Fault] = (PAST,),
    variants: Sequence[Variant] = (),
    system_bound: bool = False,
) -> Document:
    """The sample document with one case alone, indexing/sum."""
    case = sample.cases[0]
    known = {variant.name for variant in variants}
    others = tuple(variant for variant in case.variants if variant.name not in known)
    case = replace(case, faults=tuple(faults), variants=(*variants, *others), system_bound=system_bound)
    return replace(sample, cases=(case,), panels=tuple(panels), proofs=tuple(proofs), problems=())


def group(document: Document, name: str = "gcc-o2") -> PriceGroup:
    return next(one for one in groups(document) if one.name == name)


def main_of(document: Document, name: str = "gcc-o2") -> Frontier:
    return group(document, name).best()


def price(made: Frontier) -> Price:
    assert len(made.prices) == 1
    return made.prices[0]


def test_the_cheapest_that_catches_is_priced_over_the_plain_siblings_fastest_raw(sample_document: Document) -> None:
    plain = panel("gcc-o2", {"at": 1.5, "span": 1.0}, {"raw": 1.0})
    hardened = panel("gcc-assertions", {"at": 1.6, "span": 1.2}, {"raw": 1.0}, of_raws="gcc-o2")
    slow = replace(hardened, contenders=(*hardened.contenders, replace(plain.contenders[0], profile="gcc-assertions")))
    told = [proof("at", "gcc-o2", "one_past_end", "reported"), proof("span", "gcc-o2", "one_past_end", "crashed")]
    told += [proof("span", "gcc-assertions", "one_past_end", "trapped")]
    found = price(main_of(made_up(sample_document, [plain, slow], told)))
    assert (found.variant, found.profile, found.against) == ("span", "gcc-assertions", "raw")
    assert found.ratio == pytest.approx(1.2, abs=0.001)


@pytest.mark.parametrize(
    "outcome", ["crashed", "silent", "detected_late", "allocator_stop", "terminated", "no_verdict"]
)
def test_what_is_not_caught_is_let_through_and_told(sample_document: Document, outcome: OutcomeKind) -> None:
    document = made_up(
        sample_document, [panel("gcc-o2", {"span": 1.0}, {"raw": 1.0})], [proof("span", "gcc-o2", PAST.name, outcome)]
    )
    assert main_of(document).uncaught == (Uncaught("indexing/sum", "span", "gcc-o2", ("one_past_end",)),)


@pytest.mark.parametrize("outcome", ["rejected", "inexpressible", "trapped", "reported", "prevented"])
def test_what_is_caught_has_a_price(sample_document: Document, outcome: OutcomeKind) -> None:
    document = made_up(
        sample_document, [panel("gcc-o2", {"span": 1.1}, {"raw": 1.0})], [proof("span", "gcc-o2", PAST.name, outcome)]
    )
    assert price(main_of(document)).ratio == pytest.approx(1.1, abs=0.001)


def test_a_fault_without_a_proof_counts_as_let_through(sample_document: Document) -> None:
    document = made_up(sample_document, [panel("gcc-o2", {"span": 1.0}, {"raw": 1.0})], [])
    assert main_of(document).mean is None
    assert main_of(document).uncaught[0].faults == ("one_past_end",)


def test_spatial_faults_alone_have_a_price_where_not_everything_is_caught(sample_document: Document) -> None:
    document = made_up(
        sample_document,
        [panel("gcc-o2", {"span": 1.1}, {"raw": 1.0})],
        [proof("span", "gcc-o2", PAST.name)],
        (PAST, FREED),
    )
    found = group(document)
    assert found.best().uncaught[0].faults == ("destroyed_before",)
    assert price(found.best("spatial faults")).ratio == pytest.approx(1.1, abs=0.001)
    assert {416, 415, 401, 476, 457, 252, 190}.isdisjoint(SPATIAL)


@pytest.mark.parametrize("labels", [("L1", "L2"), ("small", "large")])
def test_the_worst_size_in_the_caches_counts_and_no_other_does(
    sample_document: Document, labels: tuple[str, str]
) -> None:
    sizes = [replace(at, label=label) for at, label in zip((L1, L2), labels, strict=True)]
    panels = [
        panel("gcc-o2", {"span": cost}, {"raw": 1.0}, at)
        for cost, at in zip((1.1, 1.3, 9.0), (*sizes, FILES), strict=True)
    ]
    found = price(main_of(made_up(sample_document, panels, [proof("span", "gcc-o2", PAST.name)])))
    assert found.size == labels[1]
    assert found.ratio == pytest.approx(1.3, abs=0.001)
    only = made_up(sample_document, panels[2:], [proof("span", "gcc-o2", PAST.name)])
    assert group(only).outside["every fault"] == (("indexing/sum", "no size that fits into L1 or L2"),)


def test_a_contender_that_lacks_a_size_does_not_compete(sample_document: Document) -> None:
    panels = [panel("gcc-o2", {"span": 1.0, "at": 1.5}, {"raw": 1.0}), panel("gcc-o2", {"at": 1.6}, {"raw": 1.0}, L2)]
    told = [proof(variant, "gcc-o2", PAST.name) for variant in ("span", "at")]
    assert price(main_of(made_up(sample_document, panels, told))).variant == "at"


def test_same_algorithm_and_as_practised_have_denominators_of_their_own(sample_document: Document) -> None:
    variants = [
        Variant("raw", "raw", "c++", ""),
        Variant("raw_branchless", "raw", "c++", "", "branchless"),
        Variant("raw_qsort", "raw", "c++", "", "qsort", True),
        Variant("span", "safe", "c++", "", "branchless"),
        Variant("at", "safe", "c++", "", "library"),
    ]
    raws = {"raw": 1.0, "raw_branchless": 0.5, "raw_qsort": 2.0}
    told = [proof(variant, "gcc-o2", PAST.name) for variant in ("span", "at")]
    document = made_up(sample_document, [panel("gcc-o2", {"span": 0.6, "at": 0.55}, raws)], told, variants=variants)
    names: tuple[Denominator, ...] = ("best known raw", "same algorithm", "as practised")
    priced = {name: price(group(document).best("every fault", name)) for name in names}
    assert [(one.variant, one.against) for one in priced.values()] == [
        ("at", "raw_branchless"),
        ("span", "raw_branchless"),
        ("at", "raw_qsort"),
    ]
    ratios = [one.ratio for one in priced.values()]
    assert ratios == pytest.approx([1.1, 1.2, 0.275], abs=0.001)


def test_rust_is_held_against_the_raw_code_of_the_profile_that_it_names(sample_document: Document) -> None:
    panels = [panel("rust-o2", {"iterator": 1.3}, {"raw": 1.0}, of_raws="clang-o2")]
    document = made_up(sample_document, panels, [proof("iterator", "rust-o2", PAST.name)])
    assert group(document, "rust-o2").against == "clang-o2"
    assert price(main_of(document, "rust-o2")).ratio == pytest.approx(1.3, abs=0.001)


def test_cases_that_stand_outside_are_named_with_the_reason(sample_document: Document) -> None:
    panels = [panel("gcc-o2", {"span": 1.0}, {"raw": 1.0})]
    told = [proof("span", "gcc-o2", PAST.name)]
    outside = [
        group(one).outside["every fault"]
        for one in (
            made_up(sample_document, panels, told, system_bound=True),
            made_up(sample_document, panels, told, faults=()),
            replace(
                made_up(sample_document, panels, told),
                cases=(replace(made_up(sample_document, panels, told).cases[0], status="disqualified"),),
            ),
        )
    ]
    assert [told for ((_, told),) in outside] == ["bound by system calls", "no such fault", "disqualified"]


def test_few_launches_or_one_case_give_no_interval_and_it_says_which(sample_document: Document) -> None:
    told = [proof("span", "gcc-o2", PAST.name)]
    single = main_of(made_up(sample_document, [panel("gcc-o2", {"span": 1.0}, {"raw": 1.0})], told))
    assert (single.low, why_no_interval(single)) == (None, "a single case")
    two = Frontier("x", (*single.prices, *single.prices), (), 1.0, None, None)
    assert why_no_interval(two) == "too few launches"
    assert why_no_interval(replace(two, low=0.9, high=1.1)) == ""


def test_a_second_build_of_the_plain_profile_is_no_contender(sample_document: Document) -> None:
    document = made_up(
        sample_document,
        [
            panel("gcc-o2", {"span": 1.2}, {"raw": 1.0}),
            panel("gcc-null", {"span": 1.0}, {"raw": 1.0}, of_raws="gcc-o2"),
        ],
        [proof("span", name, PAST.name) for name in ("gcc-o2", "gcc-null")],
    )
    twice = replace(document.profiles[0], name="gcc-null", plain="gcc-o2")
    document = replace(document, profiles=(*document.profiles, twice))
    assert group(document).profiles == ("gcc-o2", "gcc-assertions")
    assert price(main_of(document)).profile == "gcc-o2"


def test_a_reason_alone_and_what_is_contained_have_prices_of_their_own(sample_document: Document) -> None:
    timed = panel("gcc-o2", {"at": 1.5, "span": 1.2, "clamp": 1.1}, {"raw": 1.0})
    outcomes: dict[str, OutcomeKind] = {"at": "reported", "span": "inexpressible", "clamp": "contained"}
    proofs = [proof(variant, "gcc-o2", "one_past_end", outcome) for variant, outcome in outcomes.items()]
    standards = group(made_up(sample_document, [timed], proofs)).standards
    cheapest = {standard: price(standards["every fault", standard]).variant for standard in STANDARDS}
    assert cheapest == {"caught": "span", "shown": "at", "contained": "clamp"}


def tiered(sample: Document, costs: dict[str, float], faults: Sequence[Fault] = (PAST,)) -> Document:
    """`library` in two builds, `ordinary` and `bespoke` idioms, and raw code of both kinds; all catch PAST."""
    variants = [
        Variant("raw", "raw", "c++", "", origin="ordinary"),
        Variant("raw_best", "raw", "c++", "", origin="bespoke"),
        *(Variant(name, "safe", "c++", "", origin=name) for name in ("library", "ordinary", "bespoke")),
    ]
    raws = {"raw": 1.0, "raw_best": 0.5}
    panels = [
        panel("gcc-o2", costs, raws),
        panel("gcc-assertions", {"library": costs["library"] - 0.5}, raws, of_raws="gcc-o2"),
    ]
    proofs = [proof(name, "gcc-o2", PAST.name) for name in costs] + [proof("library", "gcc-assertions", PAST.name)]
    return made_up(sample, panels, proofs, faults, variants)


def test_each_tier_chooses_among_its_idioms_over_raw_code_of_both_kinds(sample_document: Document) -> None:
    made = group(tiered(sample_document, {"library": 2.0, "ordinary": 1.4, "bespoke": 1.1}))
    found = {
        (tier, raw): round(price(made.frontiers["every fault", tier, raw]).ratio, 2)
        for _, tier, raw in made.frontiers
        if raw in {"ordinary raw", "best known raw"}
    }
    assert found == {
        ("off the shelf", "ordinary raw"): 1.5,
        ("off the shelf", "best known raw"): 3.0,
        ("ordinary", "ordinary raw"): 1.4,
        ("ordinary", "best known raw"): 2.8,
        ("best known", "ordinary raw"): 1.1,
        ("best known", "best known raw"): 2.2,
    }
    assert made.build == "gcc-assertions"
    tiers: tuple[PriceTier, ...] = ("off the shelf", "ordinary", "best known")
    chosen_from = [made.frontiers["every fault", tier, "ordinary raw"].chosen_from for tier in tiers]
    assert chosen_from == [1, 3, 4]


def test_a_fault_that_nothing_catches_makes_no_price_fall_on_the_common_cases(sample_document: Document) -> None:
    """Two cases, of which one is dear: a hole in it takes it out of the mean, and out of what is compared."""
    cheap = tiered(sample_document, {"library": 1.6, "ordinary": 1.4, "bespoke": 1.1})
    dear = tiered(sample_document, {"library": 3.0, "ordinary": 2.8, "bespoke": 2.5})
    second = replace(dear.cases[0], case="product")
    both = replace(
        cheap,
        cases=(*cheap.cases, second),
        panels=(*cheap.panels, *(replace(panel, case="indexing/product") for panel in dear.panels)),
        proofs=(*cheap.proofs, *(replace(proof, case="indexing/product") for proof in dear.proofs)),
    )
    holed = replace(both, cases=(both.cases[0], replace(second, faults=(PAST, FREED))))
    for place, before in group(both).frontiers.items():
        after = group(holed).frontiers[place]
        _, means = in_common([before, after])
        if place[0] == "every fault" and before.prices:
            assert before.mean and after.mean and after.mean < before.mean, "the mean alone flatters"
            assert (len(after.prices), after.cases) == (1, 2)
        assert not means or means[1] >= means[0]


def test_rust_is_priced_over_its_own_raw_code_and_the_language_gap_stands_apart(sample_document: Document) -> None:
    timed = panel("rust-o2", {"iterator": 1.2}, {"raw": 1.0}, of_raws="clang-o2")
    own = replace(panel("rust-o2", {}, {"rust_unchecked": 1.1}).contenders[0])
    document = made_up(
        sample_document,
        [replace(timed, contenders=(*timed.contenders, own))],
        [proof("iterator", "rust-o2", PAST.name)],
    )
    made = group(document, "rust-o2")
    assert made.gap is not None
    found = [price(one).ratio for one in (made.best(), made.gap, made.best("every fault", "raw C++"))]
    assert found == pytest.approx([1.2 / 1.1, 1.1, 1.2], abs=0.001)


def test_a_run_without_origins_has_the_best_known_price_alone(sample_document: Document) -> None:
    document = made_up(
        sample_document, [panel("gcc-o2", {"span": 1.1}, {"raw": 1.0})], [proof("span", "gcc-o2", PAST.name)]
    )
    assert not group(document).states_origins
    assert group(tiered(sample_document, {"library": 2.0, "ordinary": 1.4, "bespoke": 1.1})).states_origins


def test_what_is_added_later_counts_in_a_price_of_its_own(sample_document: Document) -> None:
    document = tiered(sample_document, {"library": 2.0, "ordinary": 1.4, "bespoke": 1.1})
    case = document.cases[0]
    marked = tuple(replace(one, added_later=one.name in {"bespoke", "raw_best"}) for one in case.variants)
    frozen = group(replace(document, cases=(replace(case, variants=marked),)))
    assert price(frozen.best()).variant == "ordinary"
    assert price(frozen.best()).against == "raw", "raw code that is added later raises no price either"
    assert frozen.with_later is not None and price(frozen.with_later).variant == "bespoke"
    assert group(document).with_later is None


def test_a_case_that_is_held_out_has_a_price_apart(sample_document: Document) -> None:
    document = tiered(sample_document, {"library": 2.0, "ordinary": 1.4, "bespoke": 1.1})
    assert group(document).held_out is None
    apart = group(replace(document, cases=(replace(document.cases[0], held_out=True),)))
    assert apart.held_out is not None and price(apart.held_out).ratio == pytest.approx(1.1, abs=0.001)
    assert apart.best().cases == 0 and not apart.outside["every fault"]
