"""A history as JSON Lines: each record is one line, the same bytes for the same record, in an order of its own content.

So files of two branches can be concatenated and imported, in any order and again: what is there already is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from safecost.core import files
from safecost.core.decoding import misfit, parse_json, refuse_leaves, strict
from safecost.core.errors import UsageError
from safecost.core.text import file_name, shown
from safecost.history import earlier
from safecost.history.records import FORMAT_VERSION, KINDS, Acceptance, Record

LONGEST = 4 * 1024 * 1024  # bytes of a line; that of a run with all its profiles has some 20,000
_BY_NAME = {kind.RECORD: kind for kind in KINDS}
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}
R = TypeVar("R", bound=Record)


def encode(record: Record) -> bytes:
    """One line, with its end."""
    line = {"record": record.RECORD, "version": FORMAT_VERSION, **plain(record)}
    return (json.dumps(line, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n").encode("ascii")


def ordered(records: Iterable[Record], started: Mapping[str, str]) -> list[Record]:
    """The records in the order of a file: by time, so that what is new comes last; `started` has each run's start."""

    def key(record: Record) -> tuple[str, int, str, int, str]:
        decided = isinstance(record, Acceptance)
        moment = record.when if isinstance(record, Acceptance) else started[record.run]
        # A decision comes behind the runs of its second; within a run, kinds keep their order.
        return moment, decided, record.run, _RANK[type(record)], record.subject

    return sorted(records, key=key)


def read(path: Path) -> Iterator[tuple[int, Record]]:
    """Each record of a file with the number of its line; raises UsageError naming the first line that is wrong."""
    name = file_name(path)
    with files.opened(path, "a history as JSON Lines") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST + 1), b""), start=1):
            if len(line) > LONGEST:
                raise UsageError(f"{name}, line {number}, has more than {LONGEST} bytes: this is something else.")
            if line.strip():
                yield number, decode(line, f"{name}, line {number}")


def decode(line: bytes, place: str) -> Record:
    """The record of one line; raises UsageError beginning with `place` and saying the first thing wrong."""
    found = parse_json(line, place)
    named = found.pop("record", None) if isinstance(found, dict) else None
    kind = _BY_NAME.get(named) if isinstance(named, str) else None
    if kind is None:
        raise UsageError(f"{place} is not a record of a history: 'record' is none of {', '.join(_BY_NAME)}.")
    version = found.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or not earlier.OLDEST <= version <= FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        what = "was written by a newer safecost" if newer else "has an unknown version"
        raise UsageError(f"{place} {what} (version {shown(version)}; this one reads {FORMAT_VERSION}).")
    return built(kind, earlier.upgraded(found, version), place)


def built(kind: type[R], found: Mapping[str, Any], place: str) -> R:
    """The record of `kind` with these fields; raises UsageError beginning with `place` where they do not fit."""
    refuse_leaves(found, place)
    if wrong := misfit(found, strict(kind), kind.RECORD):  # type: ignore[arg-type]
        raise UsageError(f"{place}: {wrong}.")
    return msgspec.convert(found, kind)


def plain(record: Record) -> dict[str, Any]:
    """Dictionaries and lists of a record; a float stays one, so that 1.0 is never written as 1."""
    kept = msgspec.convert(record, strict(type(record), bounded=False), from_attributes=True)  # type: ignore[arg-type]
    fields: dict[str, Any] = msgspec.to_builtins(kept)
    return fields
