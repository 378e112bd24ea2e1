"""Tests that no row of the table of metrics forgets something, and that docs/COMPARING.md has the table of today."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from safecost.document import metrics
from safecost.document.metrics import METRICS, PAGE, RENEW, MetricSpec, omissions, page_with_table, spec_of
from safecost.document.rows import ExactValues
from safecost.document.types import Document

PLANTED = replace(spec_of("code_bytes"), name="planted", key="planted")


def test_no_metric_forgets_anything() -> None:
    assert list(omissions()) == []
    assert len({spec.name for spec in METRICS}) == len(METRICS)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(PLANTED, key=""), "planted needs a key for history and exports"),
        (replace(PLANTED, unkept="nobody asks"), "planted needs a key for history and exports"),
        (replace(PLANTED, value=None), "planted has the key planted: say how it is read"),
        (replace(PLANTED, unit=""), "in which unit"),
    ],
)
def test_a_planted_metric_that_forgets_something_is_found(spec: MetricSpec, words: str) -> None:
    assert list(omissions([PLANTED])) == []
    (sentence,) = omissions([spec])
    assert words in sentence


def test_metrics_of_one_key_are_read_alike() -> None:
    for key, first in metrics.kept().items():
        for spec in METRICS:
            if spec.key == key:
                aside = ("name", "words", "value")
                assert all(
                    getattr(spec, field.name) == getattr(first, field.name)
                    for field in fields(spec)
                    if field.name not in aside
                ), spec.name


def test_the_page_has_the_table_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_table(page), f"{PAGE.name} is out of date: {RENEW}"
    assert "| `planted` |" in page_with_table(page, [*METRICS, PLANTED])


def test_exact_values_of_a_contender(sample_document: Document) -> None:
    count = next(one for one in sample_document.counts if one.variant == "at")
    values = ExactValues(sample_document).of(count.case, "at", count.profile, count.place)
    assert values == {
        "instructions": 9231.0, "allocations": 0.0, "allocated-bytes": 0.0, "code-bytes": 40.0, "checks": 1.0,
        "packed": 0.0,
    }  # fmt: skip
    assert set(ExactValues(sample_document).of(count.case, "nobody", count.profile, count.place).values()) == {None}
