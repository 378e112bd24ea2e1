"""What is frozen, and that nobody writes an idiom into an old case's price."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, Folders
from safecost.suite import cases
from safecost.suite.frozen import FILE, Frozen, frozen


def test_what_is_not_listed_came_later() -> None:
    known = Frozen("2026-11-30", {"indexing/sum": ("raw", "at")})
    assert [known.added_later("indexing/sum", name) for name in ("at", "trick")] == [False, True]
    assert [known.holds_out(case) for case in ("indexing/sum", "strings/new")] == [False, True]
    assert not known.added_later("strings/new", "raw")


def test_every_case_of_the_first_wave_is_frozen_and_loses_no_variant() -> None:
    known = frozen(BENCH)
    assert known is not None
    present = {case.name: set(case.variants()) for case in cases.find(Folders.of([BENCH]))}
    assert len(known.cases) == 24  # shared_copy is two: for one thread, and for several
    for case, variants in known.cases.items():
        assert set(variants) <= present[case], f"{case}: a variant went that is part of the frozen price"


def test_a_folder_without_the_file_freezes_nothing(tmp_path: Path) -> None:
    assert frozen(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "incomplete"),
        ('{"date": "x"}', "cases"),
        ('{"date": "x", "cases": {"a": ["b"]}}', "a"),
        ('{"date": "x", "cases": {"a/b": [1]}}', "1"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UsageError, match=wrong):
        frozen(tmp_path)
