"""Tests that a type is filled from the first source that has a value, and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from safecost.core.fields import filled


@dataclass(frozen=True, slots=True)
class Point:
    """A place with a mark."""

    x: int
    y: int
    mark: str
    kept: None = field(default=None, init=False)


def test_the_first_source_with_a_value_counts_and_what_is_given_counts_more() -> None:
    made = filled(Point, SimpleNamespace(x=1, mark="a"), SimpleNamespace(x=2, y=3, kept=4), mark="b")
    assert made == Point(1, 3, "b")


def test_a_value_that_no_source_has_is_an_error_with_its_name() -> None:
    with pytest.raises(AttributeError, match="'y'"):
        filled(Point, SimpleNamespace(x=1, mark="a"))
