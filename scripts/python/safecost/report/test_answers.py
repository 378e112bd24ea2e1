"""Which idiom a report names for a task, what it says that it costs, and how the run is repeated."""

from __future__ import annotations

from dataclasses import replace

from safecost.document.types import Document, Variant
from safecost.report import answers
from safecost.report.answers import Choice
from safecost.report.test_prices import FREED, PAST, made_up, panel, proof

RAWS = {"raw": 1.0, "raw_blocks": 0.5}
BEST_RAW = Variant("raw_blocks", "raw", "c++", "in blocks", origin="bespoke")


def choices(document: Document) -> dict[str, Choice]:
    (task,) = answers.tasks(document)
    return {choice.group: choice for choice in task.choices}


def of_two(sample: Document, costs: dict[str, float], caught: dict[str, tuple[str, ...]]) -> Choice:
    """The choice among idioms that catch these of two faults."""
    proofs = [
        proof(variant, "gcc-o2", fault.name, "prevented" if fault.name in caught[variant] else "silent")
        for variant in costs
        for fault in (PAST, FREED)
    ]
    variants = [BEST_RAW, *(Variant(name, "safe", "c++", name, origin="library") for name in costs)]
    document = made_up(sample, [panel("gcc-o2", costs, RAWS)], proofs, (PAST, FREED), variants)
    return choices(document)["gcc-o2"]


def test_the_cheapest_of_those_that_let_the_fewest_through_is_named(sample_document: Document) -> None:
    costs = {"at": 2.0, "index": 1.0, "span": 1.2}
    chosen = of_two(sample_document, costs, {"at": (PAST.name,), "index": (), "span": (PAST.name,)})
    assert (chosen.variant, chosen.missed, chosen.catches) == ("span", (FREED.name,), "1 of 2")
    chosen = of_two(sample_document, costs, {"at": (PAST.name, FREED.name), "index": (), "span": (PAST.name,)})
    assert (chosen.variant, chosen.missed, chosen.catches) == ("at", (), "2 of 2")


def test_its_cost_is_over_ordinary_raw_code_whatever_it_lets_through(sample_document: Document) -> None:
    for caught in ((PAST.name,), (PAST.name, FREED.name)):
        assert of_two(sample_document, {"span": 1.2}, {"span": caught}).cost.startswith("1.200 (1.200 ")


def test_weaknesses_count_safe_idioms_and_their_builds(sample_document: Document) -> None:
    proofs = [
        proof("raw", "gcc-o2", PAST.name, "silent"),
        proof("at", "gcc-o2", PAST.name, "reported"),
        proof("span", "gcc-o2", PAST.name, "silent"),
        proof("span", "gcc-assertions", PAST.name, "trapped"),
    ]
    (weakness,) = answers.weaknesses(made_up(sample_document, [panel("gcc-o2", {"at": 1.0}, RAWS)], proofs))
    assert (weakness.cwe, weakness.name) == (125, "Out-of-bounds Read")
    assert [(line.caught, line.committed) for line in weakness.faults] == [(2, 3)]


def test_a_run_is_repeated_by_its_mode_filter_and_seed(sample_document: Document) -> None:
    run = replace(sample_document.run, mode="default", filter="sum|two words; rm", seed=7)
    document = replace(sample_document, run=run, profiles=sample_document.profiles[:2])
    rest = "--profiles gcc-o2,gcc-assertions --seed 7"
    assert answers.again(document) == f"scripts/safecost run --filter 'sum|two words; rm' {rest}"
    assert answers.again(document, document.cases[0]) == f"scripts/safecost run --filter '^indexing/sum/' {rest}"
