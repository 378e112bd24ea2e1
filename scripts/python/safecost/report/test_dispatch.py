"""The share of a tape in raw code's time, and that what plays it alone is nobody's price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safecost.document.types import Document, Parameter, Variant
from safecost.document.values import DISPATCH_ONLY
from safecost.report import prices
from safecost.report.dispatch import dispatch_lines
from safecost.testing.made_up_panel import Arm, make_panel

AT = Parameter(4096, None, "L1")


@pytest.fixture
def with_tape(sample_document: Document) -> Document:
    """One case of which half the time is its tape's."""
    arms = [
        Arm("raw", "gcc-o2", "raw", 100.0, 0.0),
        Arm("at", "gcc-o2", "safe", 110.0, 0.0),
        Arm("dispatch_only", "gcc-o2", "raw", 50.0, 0.0),
    ]
    panel = make_panel("indexing/sum", "gcc-o2", AT, arms, [("idiom", 1, 0)])
    variant = Variant("dispatch_only", "raw", "c++", "the tape alone", origin="bespoke")
    cases = tuple(
        replace(case, variants=(*case.variants, variant)) if case.name == "indexing/sum" else case
        for case in sample_document.cases
    )
    return replace(sample_document, panels=(panel,), cases=cases, problems=())


def test_the_share_of_raw_is_reported(with_tape: Document) -> None:
    (line,) = dispatch_lines(with_tape)
    assert line.startswith("tape alone: indexing/sum: 0.500 of raw@gcc-o2 (L1); ")


def test_where_nobody_plays_the_tape_alone_nothing_is_reported(sample_document: Document) -> None:
    assert dispatch_lines(sample_document) == []


def test_the_tape_is_no_raw_code_of_a_price(with_tape: Document) -> None:
    (case,) = (case for case in with_tape.cases if case.name == "indexing/sum")
    terms = prices.PriceTerms("best known raw", "best known")
    found = prices.candidates(with_tape, case, ["gcc-o2"], "gcc-o2", "every fault", terms)
    below = {name for one in found for at in one.sizes for name in at.raws}
    assert found
    assert not below & DISPATCH_ONLY
