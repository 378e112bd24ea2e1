"""The run document as a file: that it survives writing, what is no document, and that no write does half its work."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from safecost.core.errors import ToolError, UsageError
from safecost.document import io as module
from safecost.document.io import encode, parse, read, read_json, to_json, write
from safecost.document.measured import Pair
from safecost.document.points import contender_name
from safecost.document.types import Case, Document
from safecost.testing.refusals import one_sentence, with_text

pytestmark = pytest.mark.usefixtures("named_host")


def test_a_document_survives_writing(sample_document: Document, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write(sample_document, path)
    assert read(path) == sample_document
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_the_same_document_gives_the_same_bytes(sample_document: Document, tmp_path: Path) -> None:
    write(sample_document, tmp_path / "one.json")
    write(read(tmp_path / "one.json"), tmp_path / "two.json")
    data = (tmp_path / "one.json").read_bytes()
    assert data == (tmp_path / "two.json").read_bytes()
    assert data.endswith(b"\n}\n")
    assert list(json.loads(data)) == sorted(json.loads(data))
    assert "±2.9 %".encode() in data  # not escaped


def test_whole_numbers_for_fractions_give_the_same_bytes(sample_document: Document) -> None:
    written = replace(sample_document.run, contender_seconds=1)
    assert encode(replace(sample_document, run=written)) == encode(
        replace(sample_document, run=replace(sample_document.run, contender_seconds=1.0))
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "run.json is cut off at column 1: the file is incomplete."),
        (b'{\n "schema": "safeco', "run.json is cut off at line 2, column 12: the file is incomplete."),
        (b'{"a": [1, 2', "run.json is cut off at column 12: the file is incomplete."),
        (b'{"a": 1,\n oops}', "run.json is not JSON: Expecting property name enclosed in double quotes at line 2, col"),
        (b"PK\x03\x04\xff", "run.json is not UTF-8: byte 4 is 0xff."),
        (b'{"a": 1, "b": {"\\u001b": 1, "\\u001b": 2}}', r'run.json has the key "\x1b" twice in one object.'),
        (b"[" * 100_000, "run.json is nested too deeply."),
        (b"1" * 5000, "run.json holds a number with too many digits."),
        (b"[]", "run.json is not a run document: its schema is not safecost-run."),
        (b'{"schema": "other"}', "run.json is not a run document: its schema is not safecost-run."),
        (
            b'{"schema": "safecost-run", "schema_version": 5}',
            "run.json was written by a newer safecost (schema 5; this one reads 4): update.",
        ),
        (b'{"schema": "safecost-run"}', 'run.json: the document lacks "schema_version".'),
        (b'{"schema": "safecost-run", "x": NaN}', "run.json: x is nan, and must be a finite number."),
        (b'{"schema": "safecost-run", "x": [-Infinity]}', "run.json: x[0] is -inf, and must be a finite number."),
        (b'{"schema": "safecost-run", "x": 1e999}', "run.json: x is inf, and must be a finite number."),
        (
            b'{"schema": "safecost-run", "x":' + b"[" * 50 + b"]" * 50 + b"}",
            "run.json is nested too deeply: see x[0][0][0].",
        ),
    ],
)
def test_what_is_no_document_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        parse(data, "run.json")
    one_sentence(str(caught.value))


def test_every_truncation_is_refused(sample_document: Document) -> None:
    data = encode(sample_document)
    for end in range(0, len(data) - 2, 997):
        with pytest.raises(UsageError, match=r"cut off|not JSON|not UTF-8"):
            parse(data[:end], "run.json")


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"none\.json does not exist"):
        read(tmp_path / "none.json")
    with pytest.raises(UsageError, match="is not a file"):
        read_json(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be read|does not exist"):
        read(tmp_path / "a\x00b")
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "a\x1b[31mb")
    assert "a\\x1b[31mb" in one_sentence(str(caught.value))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a file"):  # and does not wait for a writer
        read(tmp_path / "pipe")

    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(1 << 40)  # sparse, and far too much to be read
    with pytest.raises(UsageError, match=r"has 1099511627776 bytes, and at most 268435456 are read"):
        read(big)


def test_what_is_too_large_is_neither_parsed_nor_written(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(sample_document)
    monkeypatch.setattr(module, "SIZE_LIMIT", len(data))
    write(sample_document, tmp_path / "fits.json")
    monkeypatch.setattr(module, "SIZE_LIMIT", len(data) - 1)
    with pytest.raises(UsageError, match=rf"run\.json has {len(data)} bytes"):
        parse(data, "run.json")
    with pytest.raises(ToolError, match=rf"was not written: the document has {len(data)} bytes"):
        write(sample_document, tmp_path / "run.json")
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda d: replace(d, run=replace(d.run, margin=float("nan"))), "run.margin is nan, and must be a finite"),
        (lambda d: with_text(d, "\x1b"), r"cases[0].question holds the control character U+001B"),
        (lambda d: replace(d, profiles=d.profiles[1:]), "which the document does not have"),
        (lambda d: replace(d, schema_version=5), "schema 5"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    sample_document: Document, tmp_path: Path, broken: Callable[[Document], Document], words: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text("the run before")
    with pytest.raises(ToolError, match=re.escape(words)) as caught:
        write(broken(sample_document), path)
    assert not isinstance(caught.value, UsageError)
    assert path.read_text() == "the run before"


def test_a_failed_write_leaves_the_old_document_and_no_litter(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    path.write_text("the run before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match=r"run\.json cannot be written: No space left on device\."):
        write(sample_document, path)
    assert path.read_text() == "the run before"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ToolError, match="No such file or directory"):
        write(sample_document, tmp_path / "missing" / "run.json")


def test_the_document_is_on_disk_before_it_has_its_name(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        steps.append("fsync")
        fsync(handle)

    def noted_replace(path: Path, target: Path) -> Path:
        steps.append("replace")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write(sample_document, tmp_path / "run.json")
    assert steps == ["fsync", "replace", "fsync"]


def test_contender_names() -> None:
    assert (
        contender_name("indexing/sum", "at", (4096, None, None, None), "gcc-o2") == "indexing/sum/at/size:4096@gcc-o2"
    )
    names = {
        (64, None, 2, None): "a/b/at/size:64/threads:2@gcc-o2",
        (64, None, None, 2): "a/b/at/size:64/workers:2@gcc-o2",
        (16, 0.01, None, None): "a/b/at/size:16/rate:0.01@gcc-o2",
    }
    for place, name in names.items():
        assert contender_name("a/b", "at", place, "gcc-o2") == name


def test_types_follow_the_hints(sample_document: Document) -> None:
    plain = to_json(sample_document)
    plain["panels"][0]["pairs"][0]["ratios"] = [1, 1, 1, 1, 1, 1]
    panel = msgspec.convert(plain, Document).panels[0]
    assert panel.pairs[0].ratios == (1.0,) * 6
    assert {type(ratio) for ratio in panel.pairs[0].ratios} == {float}
    assert isinstance(panel.pairs[0], Pair)
    assert isinstance(sample_document.cases[0], Case)
    assert sample_document.cases[0].name == "indexing/sum"
