"""Remembers what was computed about the document that was asked about last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

Thing = TypeVar("Thing")
Found = TypeVar("Found")


def of_newest(function: Callable[[Thing], Found]) -> Callable[[Thing], Found]:
    """Keep the result for the newest argument, told from others by its identity; the argument must not change.

    For what is asked thousands of times about one document, whose hash, which a cache would take, is as dear as the
    answer. Only one is kept: a program that reads many documents holds none of them longer than it needs.
    """
    kept: list[tuple[Thing, Found]] = []

    @functools.wraps(function)
    def remembered(thing: Thing) -> Found:
        if not kept or kept[0][0] is not thing:
            kept[:] = [(thing, function(thing))]
        return kept[0][1]

    return remembered
