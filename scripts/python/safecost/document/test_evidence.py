"""Tests of what evidence makes of a plugin's words."""

from __future__ import annotations

from safecost.testing.sample_evidence import POINT, described

LABELS = ("L1", "L1, nearly sorted", "L2", "beyond L3", "files", "L12")


def test_labels_name_a_cache_only_where_the_whole_pool_lies_in_it() -> None:
    points = [{**POINT, "size": 1 + at, "label": label} for at, label in enumerate(LABELS)]
    straight, other = (described(points=points, straight=straight).points for straight in (True, False))
    assert tuple(point.label for point in straight) == LABELS
    assert [point.label for point in other] == ["small", "small, nearly sorted", "large", "beyond L3", "files", "L12"]
    assert [point.place for point in other] == [point.place for point in straight]
