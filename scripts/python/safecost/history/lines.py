"""A history as JSON Lines: each record is one line, the same bytes for the same record, in an order of its own content.

So files of two branches can be concatenated and imported, in any order and again: what is there already is ignored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from safecost.core.errors import UsageError
from safecost.core.text import CONTROL, file_name, shown
from safecost.history import earlier
from safecost.history.records import FORMAT_VERSION, KINDS, Acceptance, Record, RunRecord, stored_fields

LONGEST = 4 * 1024 * 1024  # bytes of a line; that of a run with all its profiles has some 20,000
MOST_TEXT = 20_000  # characters of one text
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_HASH = re.compile(r"[0-9a-f]{32}\Z")
_BY_NAME = {kind.RECORD: kind for kind in KINDS}
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


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
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST + 1), b""), start=1):
                if len(line) > LONGEST:
                    raise UsageError(f"{name}, line {number}, has more than {LONGEST} bytes: this is something else.")
                if line.strip():
                    yield number, decode(line, f"{name}, line {number},")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name} cannot be read: {cause}.") from error


def decode(line: bytes, place: str) -> Record:
    """The record of one line; raises UsageError beginning with `place` and saying the first thing wrong."""
    try:
        found = json.loads(line.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise UsageError(f"{place} is not UTF-8.") from error
    except json.JSONDecodeError as error:
        if not line.endswith(b"\n") or error.pos >= len(line.rstrip()):
            raise UsageError(f"{place} is cut off: take that line out, or fetch the file again.") from error
        raise UsageError(f"{place} is not JSON: {error.msg} in column {error.colno}.") from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{place} is not a record of a history.") from error
    named = found.pop("record", None) if isinstance(found, dict) else None
    kind = _BY_NAME.get(named) if isinstance(named, str) else None
    if kind is None:
        raise UsageError(f"{place} is not a record of a history: 'record' is none of {', '.join(_BY_NAME)}.")
    version = found.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or not earlier.OLDEST <= version <= FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        what = "was written by a newer safecost" if newer else "has an unknown version"
        raise UsageError(f"{place} {what} (version {shown(version)}; this one reads {FORMAT_VERSION}).")
    try:
        record: Record = _built(kind, earlier.upgraded(found, version), kind.RECORD)
    except _Wrong as error:
        raise UsageError(f"{place} is wrong: {error}.") from error
    _refuse_impossible(record, place)
    return record


def built(kind: type[Record], found: Mapping[str, Any]) -> Record:
    """The record of `kind` with these fields; raises UsageError where they do not fit."""
    try:
        record: Record = _built(kind, found, kind.RECORD)
    except _Wrong as error:
        raise UsageError(f"The database holds something that no safecost wrote: {error}.") from error
    return record


class _Wrong(ValueError):
    """What is wrong with a value, and where."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key twice")
    return result


def plain(value: Any) -> Any:
    """Dictionaries and lists of a record or of a part of one; a float stays one, so that 1.0 is never written as 1."""
    if is_dataclass(value):
        hints = stored_fields(type(value))
        return {name: plain(_number(hint, getattr(value, name))) for name, hint in hints.items()}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def _number(hint: Any, value: Any) -> Any:
    wants_float = hint is float or float in get_args(hint)
    return float(value) if wants_float and type(value) is int and int not in get_args(hint) else value


def _built(kind: Any, plain: Any, place: str) -> Any:
    """The value of type `kind` that `plain` describes; raises _Wrong naming the first place that does not fit."""
    if is_dataclass(kind):
        hints = stored_fields(kind)  # type: ignore[arg-type]
        if not isinstance(plain, dict):
            raise _Wrong(f"{place} must be an object")
        optional = {one.name for one in fields(kind) if one.default is not MISSING}  # what older records lack
        for key in hints:
            if key not in plain and key not in optional:
                raise _Wrong(f"{place} lacks {key}")
        for key in plain:
            if key not in hints:
                raise _Wrong(f"{place} has the unknown entry {shown(key)}")
        values = {key: _built(hint, plain[key], f"{place}.{key}") for key, hint in hints.items() if key in plain}
        return kind(**values)  # type: ignore[operator]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(plain, list):
            raise _Wrong(f"{place} must be a list")
        return tuple(_built(arguments[0], item, f"{place}[{index}]") for index, item in enumerate(plain))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(plain, dict):
            raise _Wrong(f"{place} must be an object")
        return {_text(key, place): _built(arguments[1], item, f"{place}.{shown(key)}") for key, item in plain.items()}
    return _scalar(kind, plain, place)


def _scalar(kind: Any, plain: Any, place: str) -> Any:
    origin = get_origin(kind)
    allowed = get_args(kind) if origin in (Union, UnionType) else (kind,)
    for one in allowed:
        if get_origin(one) is Literal:
            if plain in get_args(one) and isinstance(plain, str):
                return plain
        elif get_origin(one) in (Union, UnionType):
            return _scalar(one, plain, place)
        elif one is NoneType and plain is None:
            return None
        elif one is str and isinstance(plain, str):
            return _text(plain, place)
        elif one is bool and isinstance(plain, bool):
            return plain
        elif one is int and isinstance(plain, int) and not isinstance(plain, bool):
            if abs(plain) >= 1 << 63:
                raise _Wrong(f"{place} is {shown(plain)}, which no 64 bits hold")
            return plain
        elif one is float and isinstance(plain, int | float) and not isinstance(plain, bool):
            if not math.isfinite(plain):
                raise _Wrong(f"{place} must be a finite number")
            return float(plain)
    raise _Wrong(f"{place} is {shown(plain)}, which does not belong there")


def _text(value: str, place: str) -> str:
    if len(value) > MOST_TEXT:
        raise _Wrong(f"{place} has more than {MOST_TEXT} characters")
    if found := CONTROL.search(value):
        raise _Wrong(f"{place} holds the control character U+{ord(found[0]):04X}")
    return value


def _refuse_impossible(record: Record, place: str) -> None:
    """What types cannot say."""
    moments = {RunRecord: "started", Acceptance: "when"}
    if (field := moments.get(type(record))) and not _MOMENT.match(getattr(record, field)):
        raise UsageError(f"{place} is wrong: {record.RECORD}.{field} must be a time such as 2026-01-31T12:00:00Z.")
    if not _HASH.match(record.run):
        raise UsageError(f"{place} is wrong: {record.RECORD}.run must be 32 hexadecimal digits.")
    for field in ("ratio", "low", "high", "calls"):
        value = getattr(record, field, None)
        if value is not None and record.RECORD != "code" and value <= 0:
            raise UsageError(f"{place} is wrong: {record.RECORD}.{field} is {value}, and must be above 0.")
