"""Tests that every metric has a series, and that one whose record nobody writes is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safecost.document.metrics import METRICS, MetricSpec, spec_of
from safecost.document.types import Document
from safecost.history import of_document, series
from safecost.history.series import RECORDS, tracks

KEPT = [spec for spec in METRICS if spec.key]


def points(document: Document, spec: MetricSpec) -> int:
    run, *rows = of_document.records(document, "the run")
    kind = RECORDS[spec.of]
    found = tracks([run], [row for row in rows if isinstance(row, kind)], spec)  # type: ignore[list-item]
    return sum(len(track.points) for track in found)


@pytest.mark.parametrize("spec", KEPT, ids=lambda spec: spec.name)
def test_every_metric_has_a_series(sample_document: Document, spec: MetricSpec) -> None:
    assert points(sample_document, spec) > 0
    assert series.metric_of(spec.key).of == spec.of


def test_a_metric_without_records_is_found(sample_document: Document) -> None:
    planted = replace(spec_of("code_bytes"), name="planted", key="planted")
    assert points(sample_document, planted) > 0
    with pytest.raises(AttributeError, match="no_such_field"):
        points(sample_document, replace(planted, value=lambda code: code.no_such_field))
    with pytest.raises(KeyError, match="ruling"):
        points(sample_document, replace(planted, of="ruling"))
