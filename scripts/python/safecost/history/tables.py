"""The tables of the database: their columns are the fields of the records, so that neither can forget one."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from safecost.core.decoding import parse_json
from safecost.core.errors import UsageError
from safecost.history import earlier, lines
from safecost.history.records import KINDS, Record, digest, stored_fields

ABOUT = "safecost_history"
CREATE_ABOUT = f"CREATE TABLE {ABOUT} (name VARCHAR(32) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)"

NO_RECORD = "The database holds something that no safecost wrote"

_TYPES = {str: "TEXT", bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}  # what is none of them is kept as JSON


@dataclass(frozen=True, slots=True)
class RecordTable:
    """A kind of record as a table: the names of its columns, their SQL types, and the statements that use it."""

    kind: type[Record]
    columns: Mapping[str, str]
    create: str
    insert: str

    def select(self, there: Container[str]) -> str:
        """The query for all its rows; a column that an older safecost did not make is empty."""
        names = ", ".join(f'"{name}"' if name in there else "NULL" for name in self.columns)
        return f'SELECT {names} FROM "{self.kind.RECORD}"'

    def add_columns(self, there: Container[str]) -> list[str]:
        """The statements that add those."""
        table = f'ALTER TABLE "{self.kind.RECORD}" ADD COLUMN'
        return [f'{table} "{name}" {of}' for name, of in self.columns.items() if name not in there]

    def row(self, record: Record) -> list[Any]:
        """What is stored of a record, by column."""
        fields = {**lines.plain(record), "subject": key(record)[1]}
        return [json.dumps(fields[name]) if of == "JSON" else fields[name] for name, of in self.columns.items()]

    def record(self, row: Sequence[Any], version: int) -> Record:
        """The record of a row in a database of a version; raises UsageError where somebody else has written into it."""
        fields = {name: _read(of, value) for (name, of), value in zip(self.columns.items(), row, strict=True)}
        del fields["subject"]
        return lines.built(self.kind, earlier.upgraded(fields, version), NO_RECORD)


def _read(of: str, value: Any) -> Any:
    if of == "BOOLEAN" and value in (0, 1):
        return bool(value)
    if of == "JSON" and isinstance(value, str):
        try:
            return parse_json(value, "it")
        except UsageError:  # what is no JSON does not fit its field, and is reported with that
            return value
    return value


def _type_of(hint: Any) -> tuple[str, bool]:
    """The SQL type of a field, and whether it may be missing."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if NoneType in get_args(hint) else [hint]
    (kind,) = kinds
    return "TEXT" if get_origin(kind) is Literal else _TYPES.get(kind, "JSON"), NoneType in get_args(hint)


def _table(kind: type[Record]) -> RecordTable:
    # What a record is about can be a long text: its digest is part of the key.
    of: dict[str, tuple[str, bool]] = {"run": ("VARCHAR(32)", False), "subject": ("VARCHAR(32)", False)}
    of |= {name: _type_of(hint) for name, hint in stored_fields(kind).items() if name != "run"}
    columns = [f'"{name}" {sql}{"" if nullable else " NOT NULL"}' for name, (sql, nullable) in of.items()]
    names = ", ".join(f'"{name}"' for name in of)
    return RecordTable(
        kind,
        {name: sql for name, (sql, _) in of.items()},
        f'CREATE TABLE "{kind.RECORD}" ({", ".join(columns)}, PRIMARY KEY (run, subject))',
        f'INSERT INTO "{kind.RECORD}" ({names}) VALUES ({", ".join("?" for _ in of)}) ON CONFLICT DO NOTHING',
    )


TABLES: Mapping[type[Any], RecordTable] = {kind: _table(kind) for kind in KINDS}


def key(record: Record) -> tuple[str, str]:
    """The primary key of a record's row."""
    return record.run, digest(record.subject)
