"""The cheapest idiom: not flattered, not by its best size, and compared with the right raw code."""

from __future__ import annotations

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


def test_hardened_profiles_are_held_against_plain_raw_and_rust_against_cpp(sample_document: Document) -> None:
    found = [
        row(profile="gcc-assertions", kind="idiom", ratios=(1.0,) * 6),
        row(profile="gcc-assertions", kind="full", ratios=(1.3,) * 6),
        row(profile="rust-o2", kind="language", ratios=(1.1,) * 6),
        row(profile="rust-o2", kind="language", role="raw", ratios=(0.5,) * 6),
    ]
    cells = cheapest(sample_document, found)
    assert [cell.ratio for cell in cells.values()] == [1.3, 1.1]
