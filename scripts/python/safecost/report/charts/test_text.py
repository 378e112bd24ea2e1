"""Text on a chart fits its room."""

from __future__ import annotations

from safecost.report.charts.text import fit, width


def test_labels_fit_their_room_and_say_that_they_were_cut() -> None:
    cut = fit("a_very_long_name_" * 10, 11, 120)
    assert cut.endswith("…")
    assert 90 < width(cut, 11) <= 120
    assert fit("short", 11, 120) == "short"
