"""The tables of the database: their columns are the fields of the records, so that neither can forget one."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

from safecost.history import lines
from safecost.history.records import KINDS, Record, digest

METADATA = MetaData()
ABOUT = Table(
    "safecost_history",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)


def _type_of(hint: Any) -> TypeEngine[Any]:
    kinds = [one for one in get_args(hint) if one is not NoneType] if NoneType in get_args(hint) else [hint]
    (kind,) = kinds
    if get_origin(kind) is Literal or kind is str:
        return Text()
    scalars: dict[Any, TypeEngine[Any]] = {bool: Boolean(), int: BigInteger(), float: Double()}
    return scalars.get(kind) or JSON()


def _table(kind: type[Record]) -> Table:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "RECORD"}
    columns = [
        Column(name, _type_of(hint), nullable=NoneType in get_args(hint))
        for name, hint in hints.items()
        if name != "run"
    ]
    run = Column("run", String(32), primary_key=True)
    # What the record is about can be a long text, which not every database takes for a key: its digest is one.
    return Table(kind.RECORD, METADATA, run, Column("subject", String(32), primary_key=True), *columns)


TABLES: Mapping[type[Any], Table] = {kind: _table(kind) for kind in KINDS}


def key(record: Record) -> tuple[str, str]:
    """The primary key of a record's row."""
    return record.run, digest(record.subject)


def row(record: Record) -> dict[str, Any]:
    """What is stored of a record."""
    return {**lines.plain(record), "subject": key(record)[1]}


def record_of(kind: type[Record], stored: Mapping[str, Any]) -> Record:
    """The record of a row; raises UsageError where somebody else has written into the table."""
    return lines.built(kind, {name: value for name, value in stored.items() if name != "subject"})
