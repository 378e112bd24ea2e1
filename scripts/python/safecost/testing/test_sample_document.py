"""The sample document: it holds one of each thing that a document may hold, so that the tests on it mean something."""

from __future__ import annotations

from safecost.document.types import Document


def test_the_sample_is_what_it_says(sample_document: Document) -> None:
    pairs = [pair for panel in sample_document.panels for pair in panel.pairs]
    assert {pair.verdict for pair in pairs} == {"slower", "faster", "equivalent", "inconclusive"}
    assert {pair.kind for pair in pairs} == {"idiom", "profile", "language", "full", "aa"}
    assert {case.status for case in sample_document.cases} == {"measured", "disqualified"}
    assert {profile.status for profile in sample_document.profiles} == {"measured", "absent"}
