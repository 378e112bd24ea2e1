"""Whatever a small file holds, its reader takes it or refuses it in one printable sentence: 2,000 mutations."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecost.compare import inputs
from safecost.compare.limits import KnownBadFile, LimitsFile, read_known_bad, read_limits
from safecost.core.decoding import strict
from safecost.core.errors import ToolError
from safecost.document import io as document
from safecost.document.types import Document
from safecost.history import lines, tables
from safecost.history.records import KINDS, Record
from safecost.history.store import File, Store
from safecost.suite import profiles
from safecost.suite.frozen import Frozen, read_frozen
from safecost.testing.made_up_history import a_history, an_acceptance
from safecost.testing.mutations import mutated, spoiled_text
from safecost.testing.refusals import one_sentence

LIMITS = {"limit": [{"name": "a*", "metric": "instructions", "relative": 0.1, "absolute": 3.0}, {}]}
KNOWN_BAD = {"known_bad": [{"name": "a*", "metric": "catch", "reason": "r", "expires": "2026-06-30"}]}
FROZEN = {"date": "2026-11-30", "cases": {"indexing/sum": ["raw", "at"]}}
PROFILE = {
    "summary": "s", "language": "c++", "compiler": "gcc", "library": "libstdc++", "against": "x", "default": True,
    "flags": [["-O2", "why"]], "dropped": [["-Os", "why"]],
}  # fmt: skip
BENCHMARK = {
    "context": {"date": "2026-01-01", "num_cpus": 2, "json_schema_version": 1},
    "benchmarks": [
        {"name": "a", "run_name": "a", "run_type": "iteration", "repetition_index": 0, "real_time": 1.0,
         "time_unit": "ns", "error_occurred": False, "error_message": "e"},
        {"name": "a_mean", "run_name": "a", "run_type": "aggregate", "aggregate_name": "mean", "real_time": 1.0,
         "time_unit": "ns", "aggregate_unit": "time"},
    ],
}  # fmt: skip
_NOTE = {"type": "string", "enum": ["iteration", "aggregate", "mean", "median", "ns", "us", "time"]}
_NOTED = dict.fromkeys(("run_type", "time_unit", "aggregate_name"), _NOTE)
_BENCHMARK_SCHEMA = {"properties": {"benchmarks": {"items": {"properties": _NOTED}}}}
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """A kind of file: what one holds, the schema of it, and who reads it."""

    plain: Any
    schema: Mapping[str, Any]
    name: str
    read: Read


def read_database(file: Path) -> object:
    """Put the JSON of the file into the columns of a database, as far as it has their names, and read that."""
    database, good = file.with_name("history.sqlite"), file.with_name("good.sqlite")
    if not good.exists():
        Store(str(good)).add([*a_history([2.0]), an_acceptance(0)])
    shutil.copy(good, database)
    try:
        strange = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        strange = file.read_bytes()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        for name, of in tables.TABLES[KINDS[0]].columns.items():
            value = strange.get(name) if isinstance(strange, dict) else strange
            plain = (
                value
                if value is None or (isinstance(value, (str, bytes, int, float)) and of != "JSON")
                else json.dumps(value, default=repr)
            )
            with contextlib.suppress(sqlite3.Error, UnicodeEncodeError, OverflowError):
                connection.execute(f'UPDATE run SET "{name}" = ?', [plain])
    return list(Store(str(database)).everything())


def record_schema(record: Record) -> Mapping[str, Any]:
    return msgspec.json.schema(strict(type(record)))  # type: ignore[arg-type]


def readers(sample: Document) -> dict[str, Reader]:
    """Every kind of small file, with one that is valid."""
    run = a_history([2.0])[0]
    found = {
        "run document": Reader(
            document.to_json(sample), msgspec.json.schema(strict(Document)), "run.json", document.read
        ),
        "limits": Reader(LIMITS, msgspec.json.schema(LimitsFile), "limits.json", read_limits),
        "known-bad": Reader(KNOWN_BAD, msgspec.json.schema(KnownBadFile), "known-bad.json", read_known_bad),
        "frozen": Reader(FROZEN, msgspec.json.schema(Frozen), "frozen.json", read_frozen),
        "profile": Reader(PROFILE, msgspec.json.schema(profiles.ProfileFile), "mine.json", profiles.read),
        "Google Benchmark": Reader(BENCHMARK, _BENCHMARK_SCHEMA, "b.json", lambda file: inputs.compare(file, file)),
        "database": Reader(lines.plain(run), record_schema(run), "run.json", read_database),
    }
    for record in (*a_history([2.0]), an_acceptance(0)):
        plain = json.loads(lines.encode(record))
        found[f"line: {record.RECORD}"] = Reader(plain, record_schema(record), "h.jsonl", lambda file: list(File(file)))
    return found


FILES = {
    "run document": 700, "limits": 200, "known-bad": 200, "frozen": 100, "profile": 200, "Google Benchmark": 200,
    "database": 200, "line: run": 100, "line: pair": 100, "line: acceptance": 100,
}  # fmt: skip


@pytest.mark.parametrize(("kind", "mutations"), FILES.items())
def test_no_file_ends_its_reader_otherwise_than_in_a_sentence(
    kind: str, mutations: int, sample_document: Document, tmp_path: Path
) -> None:
    reader, draw = readers(sample_document)[kind], random.Random(kind)
    file = tmp_path / reader.name
    file.write_text(json.dumps(reader.plain), encoding="utf-8")
    reader.read(file)  # what is spoiled below is valid
    refused = 0
    for _ in range(mutations):
        if draw.random() < 0.2:
            file.write_bytes(spoiled_text(reader.plain, draw))
        else:
            file.write_text(json.dumps(mutated(reader.plain, reader.schema, draw)), encoding="utf-8")
        try:
            reader.read(file)
        except ToolError as error:
            refused += 1
            one_sentence(str(error).replace(str(tmp_path), ""))
    assert refused > mutations // 3


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "database"])
def test_no_reader_waits_or_reads_without_end(kind: str, sample_document: Document, tmp_path: Path) -> None:
    reader = readers(sample_document)[kind]
    file = tmp_path / reader.name
    makers: list[Callable[[], object]] = [
        lambda: os.mkfifo(file),
        lambda: file.symlink_to("/dev/zero"),
        lambda: file.symlink_to(file.name),
        file.mkdir,
    ]
    for make in makers:
        make()
        with pytest.raises(ToolError) as caught:
            reader.read(file)
        one_sentence(str(caught.value))
        file.rmdir() if file.is_dir() else file.unlink()
