"""Compilers side by side, on documents with planted costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from safecost.document.measured import Code, Panel
from safecost.document.rows import compiler_groups
from safecost.document.types import Document, Profile
from safecost.report import charts, compilers
from safecost.report import page as report
from safecost.report.compilers import difference, side_by_side
from safecost.testing.made_up_panel import Arm, make_panel
from safecost.testing.sample_cases import SUM_L1

CASE = "indexing/sum"
FLAGS = (("-O2", "speed"), ("-DNDEBUG", "release"))


def profile(name: str, compiler: str, flags: tuple[tuple[str, str], ...] = FLAGS, plain: str = "") -> Profile:
    return Profile(name, name, "c++", "libc++", plain or name, None, "measured", None, compiler, flags, {})


def panel(name: str, costs: Mapping[str, float], spread: float = 0.001) -> Panel:
    """A panel of one build in which each idiom costs what is planted."""
    idioms = [Arm(variant, name, "safe", 100.0 * cost, spread) for variant, cost in costs.items()]
    pairs = [("idiom", 1 + at, 0) for at in range(len(idioms))]
    return make_panel(CASE, name, SUM_L1, [Arm("raw", name, "raw", 100.0, 0.0), *idioms], pairs)  # type: ignore[arg-type]


def code(variant: str, name: str, packed: int, *remarks: str) -> Code:
    return Code(CASE, name, variant, 4, 1, 0, packed, 0, f"{variant} by {name}", None, remarks)


@pytest.fixture
def planted(sample_document: Document) -> Document:
    """`at` becomes dearer from Clang 19 to 22 and stays so, `span` cheaper in 23; `range_for` stays."""
    profiles = (
        profile("new", "Clang 22.1.8"),
        profile("old", "Clang 19.1.7"),
        profile("trunk", "Clang 23.1.4", (*FLAGS, ("-nostdinc++", "by path"), ("-isystem", ""), ("…", ""))),
        profile("gcc", "GNU 12.2.0"),
        profile("other", "Clang 21.1.0", (("-O3", "speed"),)),
        profile("again", "Clang 19.1.7", plain="old"),
    )
    panels = (
        panel("old", {"at": 1.0, "span": 2.0, "range_for": 1.1}),
        panel("new", {"at": 4.0, "span": 2.0, "range_for": 1.1}),
        panel("trunk", {"at": 4.0, "span": 1.0, "range_for": 1.1}, spread=0.0),
        panel("gcc", {"at": 9.0}),
    )
    codes = (
        code("at", "old", 12, "sum.cc:7: vectorized loop"),
        code("at", "new", 0, "sum.cc:7: loop not vectorized: early exit"),
        code("raw", "old", 9, "sum.cc:3: vectorized loop"),
        code("raw", "new", 9, "sum.cc:3: vectorized loop"),
    )
    return replace(sample_document, profiles=profiles, panels=panels, codes=codes, proofs=(), counts=(), gaps=())


def test_beside_each_other_are_versions_of_a_compiler_with_the_same_flags(planted: Document) -> None:
    (group,) = compiler_groups(planted)
    assert [each.name for each in group] == ["old", "new", "trunk"]


def test_changes_are_listed_and_the_rest_is_counted(planted: Document) -> None:
    found = side_by_side(planted)
    assert [(one.row.variant, one.old.name, one.new.name, one.verdict) for one in found.changes] == [
        ("at", "old", "new", "dearer"),
        ("span", "new", "trunk", "cheaper"),
    ]
    assert found.changes[0].ratio == pytest.approx(4.0, rel=1e-2)
    low, high, level = found.changes[0].interval or (0.0, 0.0, 0.0)
    assert low < 4.0 < high and 0.9 < level < 0.95  # of both intervals, each of 96.9 %
    assert [compilers.tally_words(step) for step in found.steps] == [
        "1 dearer, 0 cheaper, 2 unchanged, 0 inconclusive",
        "0 dearer, 1 cheaper, 2 unchanged, 0 inconclusive",
    ]


def test_a_change_has_what_the_compilers_made_of_the_kernel_and_not_what_stayed(planted: Document) -> None:
    first, second = side_by_side(planted).changes
    assert first.why == (
        "at: 12 → 0 packed instructions",
        "at before: sum.cc:7: vectorized loop",
        "at now: sum.cc:7: loop not vectorized: early exit",
    )
    assert second.why == ()


def test_raw_code_that_has_changed_is_a_reason_too(planted: Document) -> None:
    vectorised = code("raw", "new", 12, "sum.cc:3: vectorized loop (width 8)")
    codes = tuple(vectorised if (one.variant, one.profile) == ("raw", "new") else one for one in planted.codes)
    why = side_by_side(replace(planted, codes=codes)).changes[0].why
    assert why[-2:] == ("raw before: sum.cc:3: vectorized loop", "raw now: sum.cc:3: vectorized loop (width 8)")


def test_of_many_remarks_the_first_are_shown() -> None:
    old, new = code("at", "old", 0), code("at", "new", 0, "a:1: x", "a:2: x", "a:3: x", "a:4: x")
    assert list(difference("at", old, new)) == ["at now: a:1: x; a:2: x, and 2 more remarks"]
    assert list(difference("at", old, replace(new, listing=old.listing))) == []
    assert list(difference("at", None, new)) == []


def test_without_an_interval_a_change_is_inconclusive(planted: Document) -> None:
    panels = tuple(
        replace(each, pairs=tuple(replace(pair, low=None, high=None, level=None) for pair in each.pairs))
        for each in planted.panels
    )
    found = side_by_side(replace(planted, panels=panels))
    assert found.changes == ()
    assert compilers.tally_words(found.steps[0]) == "0 dearer, 0 cheaper, 0 unchanged, 3 inconclusive"


def test_page_markdown_and_terminal_have_the_changes(planted: Document) -> None:
    drawn = charts.draw(planted)
    html, markdown = report.site(planted, drawn)["compilers.html"], report.markdown(planted, drawn)
    for text in (html, markdown):
        assert "Compilers side by side" in text
        assert "loop not vectorized: early exit" in text
    (line,) = [line for line in markdown.splitlines() if line.startswith("| indexing/sum | at | L1 | old → new |")]
    assert "dearer" in line and line.count("(") == 4  # the change and three costs, each with its interval
    first, second = compilers.terminal_lines(planted)
    assert first.startswith(
        "compilers, Clang 19.1.7 → Clang 22.1.8 (old, new): of 3 idiom costs 1 dearer, 0 cheaper, 2 unchanged,"
        " 0 inconclusive beyond 1 %; most indexing/sum/at, "
    )
    assert "Clang 22.1.8 → Clang 23.1.4" in second


def test_one_version_of_each_compiler_has_no_section(sample_document: Document) -> None:
    assert side_by_side(sample_document).steps == ()
    assert "Compilers side by side" not in report.markdown(sample_document, ())
