"""The table in the terminal: what stands in it and in which order, that it fits, and that nothing in it is trusted."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from safecost.document.rows import PairRow
from safecost.document.types import Case, Document, Gap, Problem, Variant
from safecost.report.table import render, table_rows
from safecost.testing.made_up_panel import Arm, make_panel
from safecost.testing.sample_cases import GATHER

VERDICTS = ("slower", "faster", "equivalent", "inconclusive")


def printed(document: Document, width: int = 80, *, terminal: bool = False, encoding: str = "utf-8") -> str:
    """What `render` prints on a console of `width` columns."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    console = Console(file=file, width=width, force_terminal=terminal, color_system="truecolor" if terminal else None)
    render(document, console)
    return raw.getvalue().decode(encoding)


def folded(text: str) -> str:
    """The text with its line breaks as spaces."""
    return " ".join(text.split())


def body(text: str) -> list[str]:
    """The lines of the table that begin a row: those with an interval and a verdict."""
    return [line for line in text.splitlines() if re.search(rf"\) +\|?({'|'.join(VERDICTS)}) *$", line)]


def column(text: str, heading: str, following: str) -> str:
    """All that stands in one column, its lines put together."""
    lines = text.splitlines()
    head = next(line for line in lines if line.startswith("case "))
    return "".join(line[head.index(heading) : head.index(following)].strip() for line in lines)


def only(document: Document, case: str, size: int | None = None) -> Document:
    """The document with the panels of one case, at one size or all."""
    panels = [panel for panel in document.panels if panel.case == case and size in (None, panel.size)]
    return replace(document, panels=tuple(panels), problems=(), gaps=())


def with_many(document: Document, count: int) -> Document:
    """The document with `count` safe variants in one panel, the i-th i per cent slower than raw."""
    arms = [Arm("raw", "gcc-o2", "raw", 100.0, 0.0)]
    arms += [Arm(f"idiom_{index}", "gcc-o2", "safe", 100.0 + index, 0.0) for index in range(1, count + 1)]
    panel = make_panel(
        "indexing/gather", "gcc-o2", GATHER, arms, [("idiom", index, 0) for index in range(1, count + 1)]
    )
    cases = tuple(replace(case, status="measured", reason=None) for case in document.cases)
    return replace(document, cases=cases, panels=(panel,), problems=())


def test_a_row_names_case_idiom_profile_ratio_interval_and_verdict(sample_document: Document) -> None:
    lines = body(printed(only(sample_document, "indexing/sum", 4096)))
    cells = [re.split(r" {2,}", line.strip()) for line in lines]
    assert ["indexing/sum L1", "at", "gcc-o2", "2.412 (2.407-2.416)", "slower"] in cells
    assert ["indexing/sum L1", "range_for", "gcc-o2", "0.930 (0.929-0.933)", "faster"] in cells
    assert ["indexing/sum L1", "index", "rust-o2", "1.057 (1.056-1.058)", "slower"] in cells
    assert ["indexing/sum L1", "iterator", "rust-o2", "1.000 (0.999-1.001)", "equivalent"] in cells


def test_the_largest_ratio_stands_first(sample_document: Document) -> None:
    ratios = [float(match[0]) for line in body(printed(sample_document)) if (match := re.search(r"\d+\.\d{3}", line))]
    assert len(ratios) == len(table_rows(sample_document)) == 26
    assert ratios == sorted(ratios, reverse=True)


def chosen(rows: Sequence[PairRow]) -> dict[str, str]:
    """The kind of pair that stands for each contender."""
    return {row.name: row.kind for row in rows}


def test_each_safe_contender_has_one_row_with_the_pair_that_matters(sample_document: Document) -> None:
    assert chosen(table_rows(only(sample_document, "indexing/sum", 4096))) == {
        "indexing/sum/at/size:4096@gcc-o2": "idiom",
        "indexing/sum/span/size:4096@gcc-o2": "idiom",
        "indexing/sum/range_for/size:4096@gcc-o2": "idiom",
        "indexing/sum/at/size:4096@gcc-assertions": "full",
        "indexing/sum/span/size:4096@gcc-assertions": "full",
        "indexing/sum/at/size:4096@clang-o2": "idiom",
        "indexing/sum/span/size:4096@clang-o2": "idiom",
        "indexing/sum/range_for/size:4096@clang-o2": "idiom",
        "indexing/sum/index/size:4096@rust-o2": "language",
        "indexing/sum/iterator/size:4096@rust-o2": "language",
    }


def test_only_safe_contenders_have_rows(sample_document: Document) -> None:
    panel = sample_document.panels[0]
    odd = replace(panel.pairs[0], kind="idiom")  # the second copy of raw, over raw
    document = replace(sample_document, panels=(replace(panel, pairs=(odd, *panel.pairs)),))
    assert {row.variant for row in table_rows(document)} == {"at", "span", "range_for"}


def test_the_denominators_are_named(sample_document: Document) -> None:
    text = folded(printed(sample_document))
    assert "raw code of the same profile, but of gcc-o2 for gcc-assertions and of clang-o2 for rust-o2: above 1" in text


def test_an_idiom_cost_in_a_hardened_profile_is_marked(sample_document: Document) -> None:
    text = printed(sample_document)
    assert re.search(r"exception +gcc-assertions\* +4\.318", text)
    assert len(re.findall(r"\w\*", text)) == 1
    assert "* over raw code of the same hardened profile" in text
    assert "*" not in printed(only(sample_document, "indexing/sum"))


def test_below_six_launches_their_number_stands_for_the_interval(sample_document: Document) -> None:
    assert re.search(r"clang-o2 +4\.317 \(4 launches\) +inconclusive", printed(sample_document))


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(1.01249, "1.012 (1.012-1.012)"), (43.218, "43.22 (43.22-43.22)"), (2e-6, "2e-06 (2e-06-2e-06)")],
)
def test_large_and_small_ratios_keep_their_digits(sample_document: Document, ratio: float, shown: str) -> None:
    panel = with_many(sample_document, 1).panels[0]
    pair = replace(panel.pairs[0], ratio=ratio, low=ratio, high=ratio)
    document = replace(sample_document, panels=(replace(panel, case="indexing/sum", pairs=(pair,)),))
    assert shown in printed(document)


def test_disqualified_cases_have_no_rows(sample_document: Document) -> None:
    document = with_many(sample_document, 3)
    assert len(table_rows(document)) == 3
    assert table_rows(replace(document, cases=sample_document.cases)) == []
    assert "no ratio was measured" in printed(replace(document, cases=sample_document.cases))
    disqualified = tuple(replace(case, status="disqualified", reason="wrong") for case in sample_document.cases)
    text = printed(replace(sample_document, cases=disqualified))
    assert "A/A pairs: none" in text
    assert "hardening, " not in text


def test_of_a_run_that_measured_nothing_no_line_is_about_measurements(sample_document: Document) -> None:
    text = printed(replace(sample_document, panels=()))
    assert "no ratio was measured" in text
    assert not any(word in text for word in ("A/A pairs", "calibrations", "price of safety", "advisory"))


def test_problems_stand_above_the_table_strikes_first(sample_document: Document) -> None:
    document = replace(sample_document, problems=sample_document.problems[::-1])
    text = folded(printed(document))
    assert text.startswith(
        "disqualified: indexing/gather: at@gcc-o2 at size 4097: digest 0x51a4 where raw has 0x51a5: the kernel does"
        " other"
        " work than raw problem: errors/sqrt_chain: clang-o2: hang: launch 5 of 6 did not end within 60 s and was"
        " stopped case idiom profile"
    )


def test_compiler_output_is_cut_to_its_first_line(sample_document: Document) -> None:
    problem = Problem("build", "indexing/sum", None, "gcc-o2", None, 0.5, "x.cc:1: error\nline two\nline three", False)
    text = printed(replace(sample_document, problems=(problem,)))
    assert "problem: indexing/sum: gcc-o2, rate 0.5: build: x.cc:1: error (2 more" in folded(text)
    assert "line two" not in text


def test_a_case_disqualified_without_a_problem_is_still_named(sample_document: Document) -> None:
    harmless = replace(sample_document.problems[0], disqualifies=False)
    for problems in ((), (harmless,)):
        text = printed(replace(sample_document, problems=problems))
        assert "disqualified: indexing/gather: at computed another digest than raw" in text
    text = printed(replace(sample_document, problems=()))
    assert text.startswith("disqualified: indexing/gather: at computed another digest than raw")


def test_an_interrupted_run_says_so(sample_document: Document) -> None:
    text = printed(replace(sample_document, run=replace(sample_document.run, complete=False)))
    assert text.startswith("interrupted: this run holds what was measured until then")
    assert "interrupted" not in printed(sample_document)


def test_the_summary_counts_verdicts_and_names_reasons(sample_document: Document) -> None:
    text = folded(printed(sample_document))
    assert "26 ratios: 13 slower, 2 faster, 6 equivalent, 5 inconclusive; equivalent is within 1 %" in text
    assert "detectable: half of them would have shown an effect of 1.2 %" in text
    assert "inconclusive: errors/sqrt_chain/exception/size:16/rate:0.01@clang-o2: 4 launches, and an interval" in text
    assert "inconclusive: indexing/sum/span/size:4096@clang-o2: the launches fall into two clusters" in text
    # The sample has machine code of the plain build alone.
    assert "hardening, gcc-assertions over gcc-o2: touches 0 of 1 idiom in 0 of 1 case; the code of 1" in text


def test_aa_pairs_are_counted_and_outliers_named(sample_document: Document) -> None:
    assert "A/A pairs: 9 of 9 within ±0.5 %, the worst at 1.0010" in printed(sample_document)
    panel, *rest = sample_document.panels
    outlier = replace(panel, pairs=(replace(panel.pairs[0], ratio=0.9940), *panel.pairs[1:]))
    text = folded(printed(replace(sample_document, panels=(outlier, *rest))))
    assert "A/A pairs: 8 of 9 within ±0.5 %, the worst at 0.9940 (indexing/sum/raw_twin/size:4096@gcc-o2)" in text
    assert "A/A pairs: none, so nothing shows" in folded(printed(with_many(sample_document, 2)))


def test_what_is_missing_stands_below_and_the_price_of_safety_last(sample_document: Document) -> None:
    family = sample_document.cases[0]
    cases = (*sample_document.cases, replace(family, case="scan", status="not_built", reason="no C++23"))
    text = folded(printed(replace(sample_document, cases=cases)))
    above, _, below = text.partition(" price of safety: ")
    assert (
        "time of the cheapest idiom that stops every fault of a case, over ordinary raw code of the plain build"
        in below
    )
    assert above.endswith(
        "skipped: clang-libcxx-fast: the header <expected> of libc++ was not found: apt install libc++-19-dev"
        " not built: indexing/scan: no C++23"
        " gap: errors/sqrt_chain/expected_monadic@gcc-o2: std::expected of libstdc++ 12 has no and_then: it came with"
        " libstdc++ 13"
    )


def test_of_many_lines_the_first_are_shown_and_the_rest_counted(sample_document: Document) -> None:
    gaps = tuple(Gap("indexing/sum", f"idiom_{index}", "gcc-o2", "no") for index in range(25))
    problems = tuple(replace(sample_document.problems[1], message=f"number {index}") for index in range(22))
    text = printed(replace(sample_document, gaps=gaps, problems=problems))
    assert text.count("gap: ") == 20
    assert "5 more gaps are in the report" in text
    assert text.count("number ") == 20
    assert "2 more problems are in the report" in text


@pytest.mark.parametrize(("count", "shown"), [(40, 40), (41, 30), (60, 30)])
def test_of_more_than_forty_rows_the_worst_thirty_are_shown(sample_document: Document, count: int, shown: int) -> None:
    text = printed(with_many(sample_document, count))
    lines = body(text)
    assert len(lines) == shown
    assert f"idiom_{count} " in lines[0]
    assert f"idiom_{count - shown + 1} " in lines[-1]
    assert ("more rows" in text) == (count > 40)
    if count > 40:
        assert f"{count - 30} more rows, all with smaller ratios, are in the report" in text
    assert f"{count} ratios: " in text


def with_long_names(document: Document) -> Document:
    """The document with one case whose names are as long as names may be."""
    family, name, variant = "f" * 64, "c" * 64, "v" * 64
    panel = next(panel for panel in document.panels if panel.profile == "gcc-assertions")
    contenders = tuple(replace(contender, variant=variant) for contender in panel.contenders)
    case = replace(document.cases[0], family=family, case=name, variants=(Variant(variant, "safe", "c++", ""),))
    long_panel = replace(panel, case=f"{family}/{name}", label="l" * 64, contenders=contenders)
    return replace(document, cases=(*document.cases, case), panels=(*document.panels, long_panel))


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_name_is_broken_however_long_and_nothing_is_cut(sample_document: Document, width: int) -> None:
    text = printed(with_long_names(sample_document), width)
    assert "…" not in text
    (row,) = re.findall(rf"^{'f' * 64}/{'c' * 64} .*", text, re.MULTILINE)
    assert row.split()[1:4] == ["v" * 64, "gcc-assertions", "2.442"]
    assert "l" * 64 in text
    assert max(map(len, printed(sample_document, width).splitlines())) <= width


def test_at_80_columns_ordinary_rows_take_one_line(sample_document: Document) -> None:
    text = printed(only(sample_document, "indexing/sum"))
    assert len(body(text)) == 20
    assert text.splitlines()[3:23] == body(text)


def test_colours_only_on_a_terminal_and_never_alone(sample_document: Document) -> None:
    plain, coloured = printed(sample_document), printed(sample_document, terminal=True)
    assert "\x1b" not in plain
    assert "\x1b[31mslower" in coloured
    assert "\x1b[32mfaster" in coloured
    assert "\x1b[31mdisqualified" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


MARKUP = "[bold red]x[/bold red] [link=https://example.org]y[/link] :smile: [/]"


def test_markup_in_a_document_is_only_text(sample_document: Document) -> None:
    problem = replace(sample_document.problems[0], message=f"digest {MARKUP}")
    profile = replace(sample_document.profiles[-1], reason=MARKUP)
    panels = tuple(replace(panel, label="[red]L[/]") for panel in sample_document.panels)
    pair = replace(panels[0].pairs[1], verdict="inconclusive", reason=MARKUP)
    panels = (replace(panels[0], pairs=(pair,)), *panels[1:])
    gap = replace(sample_document.gaps[0], reason=MARKUP)
    case: Case = replace(sample_document.cases[2], status="not_measured", reason=MARKUP)
    document = replace(
        sample_document,
        problems=(problem,),
        profiles=(*sample_document.profiles[:-1], profile),
        panels=panels,
        gaps=(gap,),
        cases=(*sample_document.cases[:2], case),
    )
    text = folded(printed(document, 300))
    assert text.count(MARKUP) == 5
    assert "[red]L[/]" in text
    assert "\x1b]8" not in printed(document, 300, terminal=True)


def test_a_terminal_without_unicode_ends_no_run(sample_document: Document) -> None:
    text = printed(sample_document, encoding="ascii")
    assert "A/A pairs: 9 of 9 within ?0.5 %" in text
    assert len(body(text)) == 26
