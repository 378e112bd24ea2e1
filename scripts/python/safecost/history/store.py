"""Where a history is kept: a file of SQLite.

Records are added and never changed or removed. What one call adds is one transaction: all of it is there afterwards,
or nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from safecost.core.errors import ToolError, UsageError
from safecost.core.text import shown
from safecost.history import lines, tables
from safecost.history.records import FORMAT_VERSION, KINDS, Acceptance, Record, RunRecord

WAIT = 30.0
"""Seconds to wait for somebody else who writes into the same file."""

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Added:
    """How many records were new, and how many were there already."""

    new: int
    known: int


class Store:
    """A history; nothing is made before something is added, and no file stays open between two calls."""

    def __init__(self, where: str, *, wait: float = WAIT) -> None:
        if not where or "\0" in where:
            raise UsageError("--database is empty or no path: give a file.")
        if "://" in where:
            raise UsageError("--database is a URL, and a history is a file of SQLite: give the path of a file.")
        self._file, self._wait = Path(where), wait
        self.name = shown(where, quoted=False, limit=200)

    def add(self, records: Iterable[Record]) -> Added:
        """Add what is new.

        Raises UsageError where a record differs from the one with its key, or names a run that nobody knows.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # The file is locked before it is looked at, so that two never decide on the same state.
        with self._transaction("BEGIN IMMEDIATE") as connection:
            if _is_empty(connection):
                for statement in (tables.CREATE_ABOUT, *(table.create for table in tables.TABLES.values())):
                    connection.execute(statement)
                connection.execute(f"INSERT INTO {tables.ABOUT} VALUES ('version', ?)", [FORMAT_VERSION])
            _upgrade(connection, self._version(connection))
            return self._add(connection, records)

    def known_as(self, new: RunRecord) -> str | None:
        """The name of this very run where it was added from a document in the words of another version."""
        if not self._file.exists():
            return None
        with self._transaction("BEGIN") as connection:
            runs = [] if _is_empty(connection) else _select(connection, RunRecord)
        return next((known.run for known in runs if replace(known, run=new.run) == new), None)

    def runs(self) -> list[RunRecord]:
        """The runs in the order of their start."""
        return sorted(self.rows(RunRecord), key=lambda run: (run.started, run.run))

    def acceptances(self) -> list[Acceptance]:
        """What was accepted, in the order of the decisions."""
        return sorted(self.rows(Acceptance), key=lambda decision: (decision.when, decision.run, decision.subject))

    def rows(self, kind: type[R]) -> list[R]:
        """All records of a kind, in no order."""
        with self._reading() as connection:
            return _select(connection, kind)

    def everything(self) -> Iterator[Record]:
        """All records in the order of a file, one run at a time."""
        with self._reading() as connection:
            runs = _select(connection, RunRecord)
            started = {run.run: run.started for run in runs}
            for first in lines.ordered([*runs, *_select(connection, Acceptance)], started):
                if isinstance(first, Acceptance):
                    yield first
                    continue
                rows = [row for kind in KINDS[1:-1] for row in _select(connection, kind, run=first.run)]
                yield from lines.ordered([first, *rows], started)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self._file.exists():
            raise UsageError(f"There is no history at {self.name}: 'scripts/safecost history add RUN' begins one.")
        with self._transaction("BEGIN") as connection:
            if _is_empty(connection):
                raise UsageError(f"The history at {self.name} is empty: 'scripts/safecost history add RUN' adds to it.")
            self._version(connection)
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        """A transaction, kept unless something is raised; what SQLite has to say becomes one sentence."""
        if self._file.exists() and not self._file.is_file():
            raise UsageError(f"{self.name} is not a file: give another --database.")
        try:
            # An absolute path, or ":memory:" would be none.
            connection = sqlite3.connect(self._file.absolute(), timeout=self._wait, isolation_level=None)
            with contextlib.closing(connection):
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            said = " ".join(str(error).split())
            if "not a database" in said:
                raise UsageError(f"{self.name} is not a database: give another --database.") from error
            if "locked" in said:
                raise ToolError(
                    f"{self.name} is locked by another process, for {self._wait:g} s now: try again when that has"
                    " ended; nothing was added."
                ) from error
            raise ToolError(f"{self.name}: the database says: {shown(said, quoted=False, limit=300)}.") from error

    def _version(self, connection: sqlite3.Connection) -> int:
        """The version of the history; raises UsageError where it is none, or is of a newer safecost."""
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [tables.ABOUT]).fetchone():
            raise UsageError(f"{self.name} is a database of something else: give another --database.")
        version = _version(connection)
        if not isinstance(version, int) or version < 1:
            raise UsageError(f"{self.name} is a history without a version: give another --database.")
        if version > FORMAT_VERSION:
            raise UsageError(
                f"{self.name} was written by a newer safecost (version {version}; this one reads {FORMAT_VERSION}):"
                " update."
            )
        return version

    def _add(self, connection: sqlite3.Connection, records: Iterable[Record]) -> Added:
        new = known = 0
        named: set[str] = set()
        for record in records:
            named.add(record.run)
            table = tables.TABLES[type(record)]
            if connection.execute(table.insert, table.row(record)).rowcount:
                new += 1
                continue
            known += 1
            run, subject = tables.key(record)
            if _select(connection, type(record), run=run, subject=subject) != [record]:
                about = shown(record.subject, quoted=False, limit=200)
                raise UsageError(
                    f"{self.name} has another {record.RECORD} of {about} in the run {record.run}: one of both was"
                    " changed after it was written; nothing was added."
                )
        if orphans := sorted(named - {run for (run,) in connection.execute("SELECT run FROM run")}):
            raise UsageError(
                f"Records name the run {orphans[0]}, which neither they nor {self.name} hold: lines are missing;"
                " nothing was added."
            )
        return Added(new, known)


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table'").fetchone() is None


def _version(connection: sqlite3.Connection) -> object:
    return connection.execute(f"SELECT max(value) FROM {tables.ABOUT} WHERE name = 'version'").fetchone()[0]


def _columns(connection: sqlite3.Connection, kind: type[Record]) -> set[str]:
    return {name for _, name, *_ in connection.execute(f'PRAGMA table_info("{kind.RECORD}")')}


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Add the columns of new metrics, and write an older version's records anew in the words that make today's keys."""
    for table in tables.TABLES.values():
        for statement in table.add_columns(_columns(connection, table.kind)):
            connection.execute(statement)
    if version == FORMAT_VERSION:
        return
    for kind, table in tables.TABLES.items():
        records = _select(connection, kind)
        connection.execute(f'DELETE FROM "{kind.RECORD}"')
        connection.executemany(table.insert, map(table.row, records))
    connection.execute(f"UPDATE {tables.ABOUT} SET value = ? WHERE name = 'version'", [FORMAT_VERSION])


def _select(connection: sqlite3.Connection, kind: type[R], **where: str) -> list[R]:
    table = tables.TABLES[kind]
    condition = " WHERE " + " AND ".join(f"{column} = ?" for column in where) if where else ""
    query = table.select(_columns(connection, table.kind)) + condition
    version = _version(connection)
    assert isinstance(version, int)
    return [table.record(row, version) for row in connection.execute(query, list(where.values()))]  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class File:
    """The records of a file of JSON Lines, read anew on each walk; walking raises UsageError."""

    path: Path

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in lines.read(self.path))
