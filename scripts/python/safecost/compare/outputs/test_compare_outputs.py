"""Tests of what a comparison is written as: each form is read by its own rules, and no name says more."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from rich.console import Console

from safecost.compare.documents import compare
from safecost.compare.gate import Decision, Policy, decide
from safecost.compare.limits import KnownBadEntry
from safecost.compare.outputs import github as compare_github
from safecost.compare.outputs import json_file as compare_json
from safecost.compare.outputs import junit as compare_junit
from safecost.compare.outputs import markdown as compare_markdown
from safecost.compare.outputs import table as compare_table
from safecost.compare.outputs.words import listed
from safecost.compare.rows import VERDICTS, Comparison, RowPlace, SideFacts, exact_row, time_row, word_row
from safecost.document.types import Problem
from safecost.testing import junit_shape, schemas
from safecost.testing.changed_document import (
    disqualified,
    slower,
    sound_document,
    with_codes,
    with_counts,
    with_problem,
)
from safecost.testing.hostile import HOSTILE, hostile

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, 30, 59, tzinfo=UTC)
BASE = sound_document()
EVIL = "".join(HOSTILE)


def everything() -> Decision:
    """Every verdict, every standing, sentences of every kind."""
    head = slower(disqualified(BASE, "errors/sqrt_chain"), "indexing/sum/at@gcc-o2", 1.2)
    head = with_counts(head, "span", lambda one: replace(one, instructions=64 * 9, allocations=None))
    head = with_codes(head, "at", lambda one: replace(one, checks=0, bytes=41))
    said = "indexing/sum/at/past@gcc-o2: claimed: caught"
    head = with_problem(head, Problem("claim", "indexing/sum", None, None, None, None, said, True))
    made = compare(BASE, head, ("base/run.json", "head/run.json"))
    more = exact_row(RowPlace("indexing/sum", "new", "gcc-o2", 4096), "instructions", None, 3.0)
    made = replace(made, rows=(*made.rows, more), advisory=("Load.",), gone=("Base has times.",))
    excused = KnownBadEntry(name="*", metric="code_bytes", reason="a bug", expires=TODAY)
    return decide(made, Policy(TODAY, known_bad=(excused, KnownBadEntry(name="nobody", reason="?", expires=TODAY))))


def attacked() -> Decision:
    """Every text is hostile: names, sides, words, notes, reasons, sentences."""
    made = compare(hostile(BASE), hostile(slower(BASE, "indexing/sum/at@gcc-o2", 1.5)), (EVIL, EVIL))
    rows = [exact_row(RowPlace(start + EVIL), "code_bytes", 1.0, 9.0, note=EVIL) for start in HOSTILE]
    rows += [word_row(RowPlace("a/b", one, "p"), "catch", EVIL, one, "regression", EVIL) for one in HOSTILE]
    made = replace(
        made,
        base=SideFacts(EVIL, ((EVIL, EVIL),)),
        rows=(*made.rows, *rows),
        advisory=(EVIL, *HOSTILE),
        warnings=(EVIL, *HOSTILE),
        gone=HOSTILE,
    )
    return decide(made, Policy(TODAY, known_bad=(KnownBadEntry(name="a/b*", reason=EVIL, expires=TODAY),)))


DECISIONS = [everything(), attacked(), decide(compare(BASE, BASE), Policy(TODAY))]
SCHEMA = schemas.file_of("compare/outputs/comparison.schema.json")
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
BOTH = pytest.mark.parametrize("decision", DECISIONS, ids=["everything", "attacked", "calm"])


def test_everything_is_in_everything() -> None:
    """What the tests below are worth."""
    made = DECISIONS[0]
    assert {row.verdict for row in made.comparison.rows} == set(VERDICTS)
    assert {made.status(row) for row in made.comparison.rows} == {"fails", "advisory", "excused", "fine"}
    assert made.notes and made.reasons and made.comparison.warnings


# ---- JSON ------------------------------------------------------------------------------------------------------------


@BOTH
def test_json_fits_its_schema_and_holds_every_row(decision: Decision) -> None:
    plain = json.loads(compare_json.encode(decision))
    VALIDATOR.validate(plain)
    assert len(plain["rows"]) == len(decision.comparison.rows)
    assert plain["gate"]["exit_code"] == decision.exit_code
    assert [row["standing"] for row in plain["rows"]] == [decision.status(row) for row in decision.comparison.rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"metric": "speed"}, "'speed' is not one of"), ({"surplus": 1}, "'surplus' was unexpected"),
     ({"verdict": "bad"}, "'bad' is not one of")],
)  # fmt: skip
def test_the_schema_refuses_what_is_never_written(change: dict[str, Any], said: str) -> None:
    plain = json.loads(compare_json.encode(DECISIONS[0]))
    plain["rows"][0] |= change
    with pytest.raises(Exception, match=said):
        VALIDATOR.validate(plain)


# ---- Markdown --------------------------------------------------------------------------------------------------------


def tokens(text: str) -> Iterator[Any]:
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or []


@BOTH
def test_markdown_holds_tables_lists_and_bold_words_alone(decision: Decision) -> None:
    text = compare_markdown.markdown(decision)
    found = list(tokens(text))
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in found}
    assert kinds <= {
        "heading", "inline", "text", "text_special", "paragraph", "strong", "softbreak",
        "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item",
    }  # fmt: skip
    assert sum(token.type == "heading_open" for token in found) == 1
    assert text.count("\n## ") == 0


def test_each_listed_row_of_markdown_has_as_many_cells_as_the_heading() -> None:
    for decision in DECISIONS[:2]:
        found = [token.type for token in tokens(compare_markdown.markdown(decision))]
        heads, cells, lines = (found.count(kind) for kind in ("th_open", "td_open", "tr_open"))
        assert heads == 6 + len({row.verdict for row in decision.comparison.rows}) + 1 + 3
        assert cells > 6 * 6
        assert lines > 10


@pytest.mark.parametrize("decision", DECISIONS[:2], ids=["everything", "attacked"])
@given(st.integers(0, 60_000))
def test_markdown_of_a_limited_size_never_exceeds_it(decision: Decision, most: int) -> None:
    text = compare_markdown.markdown(decision, most)
    assert len(text.encode()) <= most
    if most >= 4_000:
        assert f"Gate: {decision.exit_code}" in text


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = tuple(exact_row(RowPlace(f"a/b{at}"), "code_bytes", 1.0, 2.0 + at) for at in range(1000))
    decision = decide(Comparison(SideFacts("b"), SideFacts("h"), "documents", 0.01, rows), Policy(TODAY))
    text = compare_markdown.markdown(decision)
    assert text.count("| **regression** |") == compare_markdown.MOST_ROWS
    assert "700 more rows are not shown" in text
    assert "| a/b999 |" in text and "| a/b0 |" not in text  # the worst stay
    small = compare_markdown.markdown(decision, 5_000)
    kept = small.count("| **regression** |")
    assert 0 < kept < 100
    assert f"{1000 - kept} more rows are not shown" in small


# ---- annotations and the summary of a step ---------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning) title=([^:,\r\n]*)::([^\r\n]*)")


@BOTH
def test_annotations_are_at_most_ten_commands_of_a_line_each(decision: Decision) -> None:
    lines = list(compare_github.commands(decision))
    assert len(lines) <= 10
    assert bool(lines) == (decision.exit_code != 0)
    for line in lines:
        found = COMMAND.fullmatch(line)
        assert found, line
        assert line.isprintable()
        # Every percent sign is the beginning of an escape.
        assert re.fullmatch(r"(?:[^%]|%25|%0A|%0D|%3A|%2C)*", found[2] + found[3]), line


def test_annotations_are_of_the_worst_rows() -> None:
    first, *_ = compare_github.commands(DECISIONS[0])
    assert first.startswith("::error title=safecost%3A wrong::errors/sqrt_chain: result agrees → disqualified")
    rows = tuple(exact_row(RowPlace(f"a/b{at}"), "code_bytes", 1.0, 2.0 + at) for at in range(30))
    decision = decide(Comparison(SideFacts("b"), SideFacts("h"), "documents", 0.01, rows), Policy(TODAY))
    lines = list(compare_github.commands(decision))
    assert len(lines) == 10
    assert "a/b29: code bytes 1 → 31" in lines[0]
    assert lines[-1].endswith("21 more rows like these: see the step's summary, or the file that --json writes.")


def test_a_time_that_does_not_count_is_a_warning() -> None:
    row = time_row(RowPlace("a/b", "at", "gcc-o2", 8), "idiom_time", 1.0, 1.5, (1.4, 1.6, 0.95), 0.01)
    made = Comparison(SideFacts("b"), SideFacts("h"), "documents", 0.01, (row,), advisory=("Load.",))
    (line,) = compare_github.commands(decide(made, Policy(TODAY)))
    assert line.startswith("::warning title=safecost%3A regression (advisory)::a/b/at/size:8@gcc-o2: idiom cost")


def test_a_percent_sign_and_a_newline_cannot_begin_another_command() -> None:
    row = word_row(RowPlace("a/b\n::error::x%0A::set-output"), "catch", "50 %", "%0A::error::", "regression", None)
    decision = decide(Comparison(SideFacts("b"), SideFacts("h"), "documents", 0.01, (row,)), Policy(TODAY))
    (line,) = compare_github.commands(decision)
    assert line.endswith("::a/b ::error::x%250A::set-output: catch 50 %25 → %250A::error::")


@BOTH
def test_the_summary_of_a_step_is_appended_and_never_too_large(decision: Decision, tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    assert compare_github.append_summary(decision, file) is None
    once = file.read_text(encoding="utf-8")
    assert once.startswith("## safecost compare")
    assert compare_github.append_summary(decision, file) is None
    assert file.read_text(encoding="utf-8").startswith(once)
    assert file.read_text(encoding="utf-8").count("## safecost compare") == 2
    file.write_text("x" * (compare_github.SUMMARY_LIMIT - 10), encoding="utf-8")
    assert compare_github.append_summary(decision, file) == "The step's summary is full: nothing was added."
    assert file.stat().st_size == compare_github.SUMMARY_LIMIT - 10
    file.write_text("x" * (compare_github.SUMMARY_LIMIT - 2_500), encoding="utf-8")
    compare_github.append_summary(decision, file)
    assert file.stat().st_size <= compare_github.SUMMARY_LIMIT


def test_a_summary_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert (
        compare_github.append_summary(DECISIONS[0], tmp_path) == "The step's summary cannot be written: Is a directory."
    )


# ---- JUnit -----------------------------------------------------------------------------------------------------------


@BOTH
def test_junit_has_the_shape_that_readers_demand(decision: Decision) -> None:
    root = junit_shape.check(compare_junit.junit(decision, NOW))
    cases = root.findall("testsuite/testcase")
    assert len(cases) == len(decision.comparison.rows) + 1
    gate = root.find("testsuite[@name='gate']/testcase")
    assert gate is not None
    assert [child.tag for child in gate] == (["error"] if decision.exit_code else [])


def test_junit_tells_failures_errors_and_what_does_not_count_apart() -> None:
    root = ET.fromstring(compare_junit.junit(DECISIONS[0], NOW))

    def told(suite: str) -> list[str]:
        return [child.get("type", "") for child in root.findall(f"testsuite[@name='{suite}']/testcase/*")]

    assert told("result") == ["wrong"]
    assert told("allocations") == ["missing"]
    assert set(told("code bytes")) == {"regression"}
    assert root.find("testsuite[@name='code bytes']/testcase/skipped") is not None  # excused
    assert root.find("testsuite[@name='allocations']/testcase/error") is not None
    assert root.find("testsuite[@name='idiom cost']/testcase/failure") is None  # advisory
    assert root.find("testsuite[@name='result']/testcase/failure") is not None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_survives_in_xml(name: str, note: str) -> None:
    row = exact_row(RowPlace(name), "code_bytes", 1.0, 2.0, note=note)
    decision = decide(Comparison(SideFacts(name), SideFacts(note), "documents", 0.01, (row,)), Policy(TODAY))
    junit_shape.check(compare_junit.junit(decision, NOW))


def test_a_shape_that_is_wrong_is_seen() -> None:
    data = compare_junit.junit(DECISIONS[0], NOW)
    for old, new in ((b"<system-out", b"<system-in"), (b'hostname="localhost"', b""), (b'tests="', b'tests="1')):
        with pytest.raises((AssertionError, ET.ParseError)):
            junit_shape.check(data.replace(old, new, 1))


# ---- the terminal ----------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_table_obeys_nothing_that_it_shows(decision: Decision, encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    compare_table.render(decision, Console(file=stream, width=120, force_terminal=True, color_system=None))
    stream.flush()
    shown = stream.buffer.getvalue().decode(encoding)
    assert "\x1b" not in shown and "\u202e" not in shown and "\x00" not in shown
    assert f"Gate: {decision.exit_code}" in shown
    assert shown.count("\n") < 2_000


def test_the_table_lists_the_worst_and_counts_the_rest() -> None:
    rows = tuple(exact_row(RowPlace(f"a/b{at}"), "code_bytes", 1.0, 2.0 + at) for at in range(100))
    decision = decide(Comparison(SideFacts("b"), SideFacts("h"), "documents", 0.01, rows), Policy(TODAY))
    stream = io.StringIO()
    compare_table.render(decision, Console(file=stream, width=120))
    said = stream.getvalue()
    assert "a/b99 " in said and "a/b3 " not in said
    assert "60 more rows; --markdown and --json have them" in said
    assert "100 rows: 100 regression" in said


def test_what_may_be_a_difference_is_listed_and_what_reads_as_none_is_not() -> None:
    rows = [time_row(RowPlace(f"a/b{head}"), "benchmark_time", 1.0, head, None, 0.05) for head in (0.8, 1.0, 1.04, 1.3)]
    decision = decide(Comparison(SideFacts("b"), SideFacts("h"), "unpaired", 0.05, tuple(rows)), Policy(TODAY))
    assert [row.name for row in listed(decision)] == ["a/b1.3", "a/b0.8"]


def test_rows_that_fail_stand_before_those_that_do_not_count() -> None:
    made = DECISIONS[0]
    statuses = [made.status(row) for row in listed(made)]
    order = ("fails", "advisory", "excused", "fine")
    assert statuses == sorted(statuses, key=order.index)
