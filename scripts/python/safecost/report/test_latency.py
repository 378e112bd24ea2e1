"""How long single operations take is shown once for a contender, over all launches."""

from __future__ import annotations

from dataclasses import replace

from safecost.document.measured import OperationTimes
from safecost.document.rows import latency_rows, over_launches
from safecost.document.types import Document
from safecost.report import page
from safecost.testing.whole_report import whole


def noted(p50: float, longest: float) -> OperationTimes:
    return OperationTimes(1_000, p50, 2 * p50, 3 * p50, longest, 8.0)


def test_quantiles_are_medians_over_launches() -> None:
    made = over_launches([noted(20, 900), noted(24, 700), noted(90, 800)])
    assert (made.operations, made.p50, made.p99, made.p999, made.longest, made.reading) == (3_000, 24, 48, 72, 900, 8)


def test_only_what_was_noted_has_a_row(sample_document: Document) -> None:
    assert latency_rows(sample_document) == () and "p99.9" not in whole(sample_document, ())
    panel, *others = sample_document.panels
    of_launch = tuple(noted(123.5, 7_890) if at == 1 else None for at in range(len(panel.contenders)))
    launches = tuple(replace(one, latencies=of_launch) for one in panel.launches)
    document = replace(sample_document, panels=(replace(panel, launches=launches), *others))
    (row,) = latency_rows(document)
    arm = panel.contenders[1]
    assert (row.case, row.variant, row.profile) == (panel.case, arm.variant, arm.profile)
    assert row.times.p50 == 123.5 and row.times.operations == 1_000 * len(launches)
    for text in (whole(document, ()), page.markdown(document, ())):
        assert "p99.9" in text and "7890" in text.replace(",", "").replace("\u202f", "")
