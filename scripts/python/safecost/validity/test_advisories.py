"""When a run is advice only: each reason by itself, at its limit and beyond."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from safecost.document.measured import Panel
from safecost.document.types import Document
from safecost.testing.drawings import row
from safecost.validity.advisories import advisories
from safecost.validity.data_quality import aa_pairs, distance


def with_rebuilds(document: Document, ratio: float, outliers: int) -> Document:
    """The document with `is off` of its A/A pairs at `ratio`, and the others at 1."""
    left = outliers

    def outlier(panel: Panel) -> Panel:
        nonlocal left
        pairs = []
        for pair in panel.pairs:
            if pair.kind == "aa":
                pairs.append(dataclasses.replace(pair, ratio=ratio if left > 0 else 1.0))
                left -= 1
            else:
                pairs.append(pair)
        return dataclasses.replace(panel, pairs=tuple(pairs))

    return dataclasses.replace(document, panels=tuple(outlier(panel) for panel in document.panels))


def test_a_quiet_run_is_fit_for_a_gate(sample_document: Document) -> None:
    assert advisories(sample_document) == ()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"steal_share": 0.06}, "The host took 6 % of the processor time away."),
    ],
)
def test_company_makes_a_run_advisory(sample_document: Document, facts: dict[str, Any], reason: str) -> None:
    machine = dataclasses.replace(sample_document.machine, **facts)
    assert advisories(dataclasses.replace(sample_document, machine=machine)) == (reason,)


def heard(document: Document, share: float | None) -> Document:
    """The document as if each launch had this share of epochs beside slow beats."""
    panels = tuple(
        dataclasses.replace(
            panel, launches=tuple(dataclasses.replace(launch, contended=share) for launch in panel.launches)
        )
        for panel in document.panels
    )
    return dataclasses.replace(document, panels=panels)


def test_somebody_else_on_the_core_makes_a_run_advisory(sample_document: Document) -> None:
    assert advisories(heard(sample_document, 0.19)) == ()
    (reason,) = advisories(heard(sample_document, 0.31))
    assert reason.startswith("Somebody else used the core beside 31 % of the epochs, where 20 % may")


def test_load_is_judged_only_where_nobody_listened(sample_document: Document) -> None:
    busy = dataclasses.replace(sample_document, machine=dataclasses.replace(sample_document.machine, load_before=2.5))
    assert advisories(busy) == ()
    assert advisories(heard(busy, None)) == ("The load before the run was 2.50 on 2 CPUs.",)


def test_company_within_the_limits_does_not(sample_document: Document) -> None:
    machine = dataclasses.replace(sample_document.machine, steal_share=0.05, load_before=9.0)
    assert advisories(dataclasses.replace(sample_document, machine=machine)) == ()


def test_an_interrupted_run_is_advisory(sample_document: Document) -> None:
    run = dataclasses.replace(sample_document.run, complete=False)
    assert advisories(dataclasses.replace(sample_document, run=run)) == ("The run was interrupted.",)


def test_outlying_aa_pairs_make_a_run_advisory(sample_document: Document) -> None:
    assert advisories(with_rebuilds(sample_document, 1.02, 9)) == ("9 of 9 A/A pairs differ by more than 0.5 %.",)
    assert advisories(with_rebuilds(sample_document, 1 / 1.02, 1)) == (
        "1 of 9 A/A pairs differs by more than 0.5 % where 5 % may; "
        "by so few the share may be anything from 0.28 % to 48.2 %.",
    )
    assert advisories(with_rebuilds(sample_document, 1.0049, 9)) == ()


def test_one_aa_pair_in_twenty_may_stray(sample_document: Document) -> None:
    panels = sample_document.panels
    many = dataclasses.replace(sample_document, panels=panels * 3)  # 27 A/A pairs
    assert advisories(with_rebuilds(many, 1.02, 1)) == ()
    assert advisories(with_rebuilds(many, 1.02, 2)) == (
        "2 of 27 A/A pairs differ by more than 0.5 % where 5 % may; "
        "by so few the share may be anything from 0.91 % to 24.3 %.",
    )


def test_a_run_without_aa_pairs_is_advisory(sample_document: Document) -> None:
    (reason,) = advisories(dataclasses.replace(sample_document, panels=()))
    assert reason.startswith("No A/A pair was measured")


def test_aa_pairs_are_told_by_their_distance_from_one() -> None:
    found = [row(kind="aa", ratio=ratio) for ratio in (1 / 1.02, 1.001, 1.0)]
    others = [row(kind="aa", ratio=9.0, disqualified=True), row(kind="idiom", ratio=9.0)]
    spread = aa_pairs(found + others)
    assert spread is not None
    assert (spread.count, spread.outliers) == (3, 1)
    assert spread.median == pytest.approx(0.001)
    assert spread.worst == pytest.approx(0.02)
    assert aa_pairs(others) is None
    assert distance(0.5) == pytest.approx(1.0)
