"""CONTRIBUTING.md is run as it stands: its commands, its changes, and what it says comes out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from safecost.core.paths import PACKAGE, ROOT
from safecost.testing import commands

PAGE = ROOT / "CONTRIBUTING.md"


PACKAGE_EXAMPLES = ("Adding a metric", "Adding a report section")
"""Headings whose changes are of the package itself, and need no build."""


def blocks(*headings: str) -> list[tuple[str, str]]:
    """(language, text) of each fenced block below these headings, in order; of a case, without any."""
    page = PAGE.read_text(encoding="utf-8")
    parts = dict(part.split("\n", 1) for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:])
    chosen = headings or [heading for heading in parts if heading not in PACKAGE_EXAMPLES]
    text = "\n".join(parts[heading] for heading in chosen)
    return re.findall(r"^```(console|diff|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def apply(patch: str, folder: Path) -> None:
    done = subprocess.run(["git", "apply", "-p0"], input=patch, text=True, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def words(line: str) -> list[str]:
    """A line's words without its numbers and digests, which differ from run to run."""
    return re.findall(
        r"[A-Za-z_][A-Za-z_-]*(?:/[a-z_]+)*",
        re.sub(r"\b[0-9a-f]{16}\b|\b(?:slower|faster|equivalent|inconclusive)\b", "", line),
    )


def expect(shown: str, said: str, code: int) -> None:
    """Every word that the page shows is said, in the same order; the exit code is the one it names."""
    rest = " ".join(words(said))
    for line in shown.splitlines():
        if line.startswith("exit code "):
            assert code == int(line.removeprefix("exit code "))
            continue
        for word in words(line):
            assert word in rest, f"the page shows {line!r}, and the command said:\n{said}"


@pytest.mark.build
def test_the_worked_example_works_as_it_is_told(tmp_path: Path) -> None:
    found = blocks()
    assert [language for language, _ in found].count("console") >= 4
    for number, (language, text) in enumerate(found):
        if language == "diff":
            apply(text, tmp_path)
            continue
        command, _, shown = text.partition("\n")
        words_of = command.removeprefix("$ scripts/safecost ").split()
        out = ["--out", str(tmp_path / f"run-{number}")] if words_of[0] == "run" else []
        done = commands.safecost(*words_of, *out, cwd=tmp_path)
        expect(shown, done.out + done.err, done.code)


def test_an_expectation_can_fail() -> None:
    with pytest.raises(AssertionError):
        expect("disqualified: mine/case", "all is well", 0)
    with pytest.raises(AssertionError):
        expect("exit code 5", "", 0)


# ---- changes of the package, tried on a copy of it -------------------------------------------------------------------

METRIC = """
import csv, io
from dataclasses import replace

from safecost.compare.documents import compare
from safecost.compare.gate import Policy, decide
from safecost.compare.limits import LimitEntry
from safecost.document import metrics
from safecost.exports.formats import as_csv, bencher
from safecost.exports.selected import select
from safecost.history import of_document, series
from safecost.report import page
from safecost.testing.changed_document import sound_document, with_codes

base = sound_document()
head = with_codes(base, "at", lambda code: replace(code, calls=code.calls + 1))
(worse,) = [row for row in compare(base, head).rows if row.verdict == "regression"]
assert (worse.name, worse.metric) == ("indexing/sum/at@gcc-o2", "code_calls"), worse
limit = LimitEntry(metric="code_calls", absolute=1.0)
assert decide(compare(base, head), Policy(None)).exit_code == 3
assert decide(compare(base, head), Policy(None, limits=(limit,))).exit_code == 0

run, *rows = of_document.records(head, "head")
metric = series.metric_of("calls")
rows = [row for row in rows if isinstance(row, series.RECORDS[metric.of])]
subjects = {track.subject for track in series.tracks([run], rows, metric)}
assert "indexing/sum/at@gcc-o2" in subjects, subjects

assert "calls" in next(csv.reader(io.StringIO(as_csv(select(head, None)))))
assert '"calls"' in bencher(select(head, None))
assert ">Calls</th>" in page.site(head, ())["counts.html"] and "| Calls |" in page.markdown(head, ())
text = metrics.PAGE.read_text(encoding="utf-8")
assert "`code_calls`" in text and metrics.page_with_table(text) == text
assert list(metrics.omissions()) == []
"""

SECTION = """
import sys
from pathlib import Path

from safecost.core.errors import ToolError
from safecost.core.paths import PACKAGE
from safecost.report import page
from safecost.report.test_sections import headings, links, refuse_difference
from safecost.testing.sample_document import build_sample_document

document = build_sample_document()
pages, markdown = page.site(document, ()), page.markdown(document, ())
html = pages["about.html"]
refuse_difference(pages, markdown)
assert ("stages", "How long it took") in links(html) and "How long it took" in headings(markdown)
assert "<dt>build</dt><dd>11.20 s</dd>" in html and "| build | 11.20 |" in markdown, markdown

(PACKAGE / "report/templates/sections/stages.md.jinja").unlink()
for write in (page.site, page.markdown):
    try:
        write(document, ())
    except ToolError as error:
        print(error)
"""


FIELD = """
import sqlite3
from dataclasses import replace
from pathlib import Path

from safecost.compare.documents import compare
from safecost.document import io
from safecost.exports.formats import bencher
from safecost.exports.selected import select
from safecost.history import lines, of_document
from safecost.history.records import CodeRecord
from safecost.history.store import Store
from safecost.testing.changed_document import sound_document, with_codes

base = sound_document()
head = with_codes(base, "at", lambda code: replace(code, stack_bytes=32))
assert io.parse(io.encode(head), "head") == head
plain = io.encode(base).replace(b'\\n   "stack_bytes": null,', b"")
assert plain != io.encode(base) and io.parse(plain, "an older run") == base
(new,) = [row for row in compare(base, head).rows if row.metric == "stack_bytes"]
assert (new.verdict, new.head) == ("new", 32.0)
assert '"stack-bytes"' in bencher(select(head, None))

store, records = Store("history.sqlite"), of_document.records(base, "base")
old = [lines.encode(record).replace(b'"stack_bytes":null,', b"") for record in records]
assert tuple(lines.decode(line, "an older line") for line in old) == records
store.add(records)
with sqlite3.connect("history.sqlite") as connection:
    connection.execute("ALTER TABLE code DROP COLUMN stack_bytes")
connection.close()
assert {code.stack_bytes for code in store.rows(CodeRecord)} == {None}
store.add(of_document.records(head, "head"))
assert {code.stack_bytes for code in store.rows(CodeRecord)} == {None, 32}
"""


def run_in_copy(folder: Path, check: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "scripts/python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", check], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package and its documentation."""
    shutil.copytree(PACKAGE, tmp_path / "scripts/python/safecost", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


@pytest.mark.parametrize(("heading", "check"), [*zip(PACKAGE_EXAMPLES, (METRIC, SECTION), strict=True)])
def test_a_change_of_the_package_works_as_it_is_told(copied: Path, heading: str, check: str) -> None:
    parts = blocks(heading)
    (patch,) = (text for language, text in parts if language == "diff")
    touched = re.findall(r"^\+\+\+ (\S+)", patch, re.MULTILINE)
    assert 1 <= len(touched) <= 3, touched
    assert run_in_copy(copied, check).returncode != 0  # without the change it is not there
    apply(patch, copied)
    done = run_in_copy(copied, check)
    assert done.returncode == 0, done.stderr
    for language, text in parts:
        if language == "text":
            assert done.stdout == 2 * text


def test_a_field_that_no_document_held_yet_needs_its_row_alone(copied: Path) -> None:
    document = copied / "scripts/python/safecost/document"
    row = """
    MetricSpec(
        name="stack_bytes", words="stack bytes", of="code", value=_field("stack_bytes"), key="stack-bytes",
        meaning="bytes of stack", unit="bytes", per_architecture=True,
    ),
    _time_of_pair("idiom_time","""
    for file, old, new in (
        ("measured.py", "    listing: SourceText\n", "    listing: SourceText\n    stack_bytes: Bytes | None = None\n"),
        ("metrics.py", '\n    _time_of_pair("idiom_time",', row),
    ):
        text = (document / file).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (document / file).write_text(text.replace(old, new), encoding="utf-8")
    done = run_in_copy(copied, FIELD)
    assert done.returncode == 0, done.stderr
