"""Tests that lines say everything, always in the same bytes, and that bad ones are refused in a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from safecost.core.errors import UsageError
from safecost.document.types import Document
from safecost.history import lines, of_document
from safecost.history.records import KINDS, Acceptance, Record, RunRecord
from safecost.history.store import File, Store
from safecost.history.transfer import export, load
from safecost.testing.made_up_history import a_history, a_pair, a_run, an_acceptance, histories


def exported(store: Store, path: Path) -> bytes:
    export(store, path, None)  # type: ignore[arg-type]
    return path.read_bytes()


@settings(max_examples=30)
@given(histories())
def test_a_line_says_everything(found: list[Record]) -> None:
    for record in found:
        line = lines.encode(record)
        assert line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii()
        again = lines.decode(line, "here")
        assert again == record
        assert lines.encode(again) == line


def test_a_whole_number_is_written_as_the_float_that_it_is_read_as() -> None:
    assert lines.encode(a_pair(a_run(0), 2)) == lines.encode(a_pair(a_run(0), 2.0))
    assert b'"ratio":2.0,' in lines.encode(a_pair(a_run(0), 2))


@settings(max_examples=12)
@given(histories())
def test_export_and_import_are_a_round_trip_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, found: list[Record]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    one = Store(str(folder / "one.sqlite"))
    other = Store(str(folder / "other.sqlite"))
    one.add(found)
    first = exported(one, folder / "one.jsonl")
    assert set(first.splitlines(keepends=True)) == {lines.encode(record) for record in found}
    shuffled = first.splitlines(keepends=True) * 2
    random.Random(1).shuffle(shuffled)
    (folder / "shuffled.jsonl").write_bytes(b"".join(shuffled))
    load(other, folder / "shuffled.jsonl")
    assert exported(other, folder / "other.jsonl") == first


def test_two_branches_merge_by_concatenation_and_new_lines_come_last(tmp_path: Path) -> None:
    everything = a_history([2.0 + number / 100 for number in range(6)])
    ours = Store(str(tmp_path / "ours.sqlite"))
    theirs = Store(str(tmp_path / "theirs.sqlite"))
    ours.add(everything[:8])
    before = exported(ours, tmp_path / "history.jsonl")
    theirs.add(everything[:4] + everything[8:])
    theirs.add([an_acceptance(1)])
    both = before + exported(theirs, tmp_path / "theirs.jsonl")
    (tmp_path / "both.jsonl").write_bytes(both)
    said = load(ours, tmp_path / "both.jsonl")
    assert "5 new records, 12 already in" in said
    after = exported(ours, tmp_path / "history.jsonl")
    assert after.startswith(before) and len(after.splitlines()) == 13
    load(theirs, tmp_path / "both.jsonl")
    assert exported(theirs, tmp_path / "theirs.jsonl") == after


def test_a_file_with_records_that_the_database_lacks_is_never_replaced(tmp_path: Path) -> None:
    ours = Store(str(tmp_path / "ours.sqlite"))
    ours.add(a_history([2.0]))
    foreign = lines.encode(a_run(9))
    (tmp_path / "history.jsonl").write_bytes(foreign)
    with pytest.raises(UsageError, match=r"line 1, is not in .*ours.sqlite: 'scripts/safecost history import"):
        exported(ours, tmp_path / "history.jsonl")
    assert (tmp_path / "history.jsonl").read_bytes() == foreign


def test_a_document_gives_records_of_every_kind(sample_document: Document) -> None:
    found = of_document.records(sample_document, "run.json")
    assert {type(one) for one in found} == set(KINDS) - {Acceptance}
    pairs = sum(len(panel.pairs) for panel in sample_document.panels)
    assert sum(one.RECORD == "pair" for one in found) == pairs
    assert sum(one.RECORD == "proof" for one in found) == len(sample_document.proofs)
    assert isinstance(found[0], RunRecord) and [one.name for one in found[0].toolchains] == [
        one.name for one in sample_document.profiles if one.status == "measured"
    ]


def edited(record: Record, **changes: Any) -> bytes:
    plain = json.loads(lines.encode(record)) | changes
    return json.dumps({key: value for key, value in plain.items() if value is not ...}).encode() + b"\n"


RUN, PAIR = a_run(1), a_pair(a_run(1), 2.0)


def test_a_line_of_the_first_version_is_read_in_todays_words() -> None:
    old = edited(PAIR, version=1, kind="null", variant="null", verdict="unresolved", profile="gcc-o2-null")
    today = edited(PAIR, kind="aa", variant="aa", verdict="inconclusive", profile="gcc-o2-again")
    assert lines.decode(old, "line 1") == lines.decode(today, "line 1")
    case = lines.decode(edited(RUN, version=1, sources={"controls/steps": "ab"}), "line 1")
    assert case == lines.decode(edited(RUN, sources={"calibration/steps": "ab"}), "line 1")
    with pytest.raises(UsageError, match="kind"):
        lines.decode(edited(PAIR, kind="null"), "line 1")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (lines.encode(PAIR)[:-20], "is cut off"),
        (lines.encode(PAIR)[:-1] + b"{\n", "is not JSON: Extra data"),
        (b"[]\n", "is not a record of a history"),
        (b"{}\n", "'record' is none of run, pair,"),
        (b"\xff\n", "is not UTF-8"),
        (b"[" * 100_000 + b"\n", "is nested too deeply"),
        (b'{"record":"pair","record":"run"}\n', 'has the key "record" twice'),
        (edited(PAIR, version=3), "was written by a newer safecost (version 3; this one reads 2)"),
        (edited(PAIR, version="1"), "has an unknown version"),
        (edited(PAIR, version=0), "has an unknown version"),
        (edited(PAIR, ratio=-1), "pair.ratio is -1, and must be a number of at least 1e-09"),
        (edited(PAIR, ratio="fast"), 'pair.ratio is "fast", and must be a number'),
        (edited(PAIR, ratio=float("nan")), "ratio is nan, and must be a finite number"),
        (edited(PAIR, size=1 << 70), "pair.size is 1180591620717411303424, and must be a whole number of at most"),
        (edited(PAIR, verdict="great"), 'pair.verdict is "great"'),
        (edited(PAIR, variant="a\x1b[31mt"), "holds the control character U+001B"),
        (edited(PAIR, label="x" * 65), "and must be a text with at most 64 characters"),
        (edited(PAIR, run="../../etc"), 'pair.run is "../../etc", and must be a text that matches'),
        (edited(PAIR, surplus=1), 'has the unknown entry "surplus"'),
        (edited(PAIR, level=...), 'pair lacks "level"'),
        (edited(RUN, started="yesterday"), 'run.started is "yesterday", and must be a text that matches'),
        (edited(RUN, toolchains=[{}]), 'run.toolchains[0] lacks "name"'),
        (edited(RUN, complete=1), "run.complete is 1"),
    ],
)
def test_a_bad_line_is_refused_by_number_and_adds_nothing(tmp_path: Path, line: bytes, words: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(lines.encode(RUN) + lines.encode(PAIR) + line)
    store = Store(str(tmp_path / "history.sqlite"))
    with pytest.raises(UsageError) as caught:
        load(store, file)
    said = str(caught.value)
    assert "history.jsonl, line 3" in said and words in said
    assert said.isprintable() and said.endswith(".") and len(said) < 500
    assert not (tmp_path / "history.sqlite").exists()


def test_rows_of_a_run_that_nobody_has_are_refused(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(lines.encode(PAIR))
    store = Store(str(tmp_path / "history.sqlite"))
    store.add([a_run(0)])
    with pytest.raises(UsageError, match="lines are missing; nothing was added"):
        load(store, tmp_path / "history.jsonl")
    assert list(store.everything()) == [a_run(0)]
    store.add([RUN])
    assert load(store, tmp_path / "history.jsonl").endswith("history.sqlite")
    assert list(File(tmp_path / "history.jsonl")) == [PAIR]
