"""The cheapest idiom: not flattered, not by its best size, and compared with the right raw code."""

from __future__ import annotations

from dataclasses import replace

from safecost.document.outcome import OutcomeKind
from safecost.document.types import Document
from safecost.report.charts.cheapest import Cell, cheapest
from safecost.testing.drawings import row


def test_cheapest_idiom_is_not_flattered_by_the_launches_that_chose_it(sample_document: Document) -> None:
    lucky = row(variant="lucky", ratios=(0.9, 1.2, 0.9, 1.2, 0.9, 1.2), ratio=1.05)
    steady = row(variant="steady", ratios=(1.0,) * 6)
    cell = cheapest(sample_document, [lucky, steady])["family/case", "gcc-o2"]
    assert cell == Cell("lucky", 1.2)


def test_cheapest_idiom_answers_for_its_worst_size_and_the_fastest_raw(sample_document: Document) -> None:
    uneven = [row(variant="uneven", size=size, ratios=(cost,) * 6) for size, cost in ((1, 0.8), (2, 1.5))]
    even = [row(variant="even", size=size, ratios=(1.2,) * 6) for size in (1, 2)]
    slow_raw = [row(variant="even", against="raw_slow", size=2, ratios=(0.7,) * 6)]
    partial = [row(variant="partial", size=1, ratios=(0.5,) * 6)]
    cell = cheapest(sample_document, uneven + even + slow_raw + partial)["family/case", "gcc-o2"]
    assert cell == Cell("even", 1.2)


def test_hardened_profiles_are_held_against_plain_raw_and_rust_against_its_own(sample_document: Document) -> None:
    found = [
        row(profile="gcc-assertions", kind="idiom", ratios=(1.0,) * 6),
        row(profile="gcc-assertions", kind="full", ratios=(1.3,) * 6),
        row(profile="rust-o2", kind="idiom", ratios=(1.1,) * 6),
        row(profile="rust-o2", kind="language", ratios=(0.7,) * 6),
        row(profile="rust-o2", kind="language", role="raw", ratios=(0.5,) * 6),
    ]
    cells = cheapest(sample_document, found)
    assert [cell.ratio for cell in cells.values()] == [1.3, 1.1]


def test_no_idiom_that_catches_nothing_is_recommended(sample_document: Document) -> None:
    costs = {"at": 1.5, "index": 1.0}
    timed = [row(family="indexing", case="sum", variant=name, ratios=(cost,) * 6) for name, cost in costs.items()]
    outcomes: dict[tuple[str, str], OutcomeKind] = {
        ("at", "one_past_end"): "reported",
        ("at", "destroyed_before"): "silent",
        ("index", "one_past_end"): "silent",
        ("index", "destroyed_before"): "silent",
        # Of a fault that does not count in this run, as nobody was asked who could see it committed.
        ("index", "shared_across_threads"): "inexpressible",
        ("index", "unasked_too"): "inexpressible",
    }
    known, first = sample_document.proofs[0], sample_document.cases[0]
    proofs = tuple(
        replace(known, case="indexing/sum", profile="gcc-o2", variant=variant, fault=fault, outcome=outcome)
        for (variant, fault), outcome in outcomes.items()
    )
    faults = tuple(replace(first.faults[0], name=name) for name in ("one_past_end", "destroyed_before"))
    case = replace(first, faults=faults)
    document = replace(sample_document, proofs=proofs, cases=(case, *sample_document.cases[1:]))
    cell = cheapest(document, timed)["indexing/sum", "gcc-o2"]
    assert (cell.variant, cell.ratio, cell.share) == ("at", 1.5, "1 of 2 caught")
