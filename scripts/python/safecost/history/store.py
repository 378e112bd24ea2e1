"""Where a history is kept: SQLite in a file, or whatever database SQLAlchemy has a URL for.

Records are added and never changed or removed. What one call adds is one transaction: all of it is there afterwards,
or nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from safecost.core.errors import ToolError, UsageError
from safecost.core.text import shown
from safecost.history import lines, tables
from safecost.history.records import FORMAT_VERSION, KINDS, Acceptance, Record, RunRecord

WAIT = 30.0
"""Seconds to wait for somebody else who writes into the same file."""
_BATCH = 500
_ATTEMPTS = 5

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Added:
    """How many records were new, and how many were there already."""

    new: int
    known: int


class Store:
    """An open history; a context manager that closes its connections."""

    def __init__(self, where: str, *, wait: float = WAIT) -> None:
        """Open the database at a path or URL; nothing is made before something is added."""
        self._url = url_of(where)
        self.name = shown(self._url.render_as_string(hide_password=True), quoted=False, limit=200)
        self._file: Path | None = None
        options: dict[str, Any] = {}
        if self._url.get_backend_name() == "sqlite":
            self._file = Path(self._url.database or "")
            self.name = shown(str(self._file), quoted=False, limit=200)
            options = {"connect_args": {"timeout": wait}}
        self._wait = wait
        try:
            self._engine = create_engine(self._url, poolclass=NullPool, **options)
        except ModuleNotFoundError as error:
            raise ToolError(
                f"{self.name} needs the Python package {error.name}: install it into safecost's .venv."
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise UsageError(f"--database {self.name}: SQLAlchemy knows no such kind of database.") from error
        if self._file is not None:
            _take_turns(self._engine)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def add(self, records: Iterable[Record]) -> Added:
        """Add what is new. Raises UsageError where a record differs from the one with its key, or names no known run.

        `records` is walked again when another process wins a race on a server.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._told(), self._writing() as connection:
                    _prepare(connection, self.name)
                    return _Adding(connection, self.name).all(records)
            except _Raced:
                if attempt == _ATTEMPTS - 1:
                    raise ToolError(f"{self.name}: others write there without a pause; nothing was added.") from None
        raise AssertionError

    def runs(self) -> list[RunRecord]:
        """The runs in the order of their start."""
        found = self._all(RunRecord)
        return sorted(found, key=lambda one: (one.started, one.run))

    def acceptances(self) -> list[Acceptance]:
        """What was accepted, in the order of the decisions."""
        return sorted(self._all(Acceptance), key=lambda one: (one.when, one.run, one.subject))

    def rows(self, kind: type[R]) -> list[R]:
        """All records of a kind, in no order."""
        return self._all(kind)

    def everything(self) -> Iterator[Record]:
        """All records in the order of a file, one run at a time."""
        with self._told(), self._reading() as connection:
            runs = _select(connection, RunRecord)
            decided = _select(connection, Acceptance)
            started = {one.run: one.started for one in runs}
            for first in lines.ordered([*runs, *decided], started):
                if isinstance(first, Acceptance):
                    yield first
                    continue
                rows = [row for kind in KINDS[1:-1] for row in _select(connection, kind, first.run)]
                yield from lines.ordered([first, *rows], started)

    def _all(self, kind: type[R]) -> list[R]:
        with self._told(), self._reading() as connection:
            return _select(connection, kind)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._file is not None and not self._file.exists():
            raise UsageError(f"There is no history at {self.name}: 'safecost history add RUN' begins one.")
        with self._engine.connect() as connection:
            if not inspect(connection).get_table_names():
                raise UsageError(f"The history at {self.name} is empty: 'safecost history add RUN' adds to it.")
            _refuse_other(connection, self.name)
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._file is not None and not self._file.parent.is_dir():
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._engine.connect().execution_options(safecost_writes=True) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one sentence what a database has to say."""
        try:
            yield
        except IntegrityError as error:
            raise _Raced from error
        except DBAPIError as error:
            said = " ".join(str(error.orig).split()) or "it gives no reason"
            if "already exists" in said:  # two processes made the tables at once, which a server tells so
                raise _Raced from error
            if "not a database" in said:
                raise UsageError(f"{self.name} is not a database: give another --database.") from error
            if "locked" in said:
                raise ToolError(
                    f"{self.name} is locked by another process, for {self._wait:g} s now: try again when that has"
                    " ended; nothing was added."
                ) from error
            raise ToolError(f"{self.name}: the database says: {shown(said, quoted=False, limit=300)}.") from error
        except SQLAlchemyError as error:
            said = " ".join(str(error).split())
            raise ToolError(f"{self.name}: {shown(said, quoted=False, limit=300)}.") from error


def url_of(where: str) -> URL:
    """The URL of a database that is given as one, or as the path of a SQLite file; raises UsageError."""
    if "://" not in where:
        if not where or "\0" in where:
            raise UsageError("--database is empty or no path: give a file or a URL.")
        return URL.create("sqlite", database=where)
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as error:
        raise UsageError("--database is no URL that SQLAlchemy can read, such as postgresql://host/name.") from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise UsageError("--database names no file: a history in memory would be gone at once.")
    return url


class _Raced(Exception):
    """Another process added the same record between our look and our insert; on SQLite that cannot happen."""


def _take_turns(engine: Engine) -> None:
    """Let a writer lock SQLite's file before it looks, so that two never decide on the same state."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin later, and without the lock

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("safecost_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(connection: Connection, name: str) -> None:
    if inspect(connection).get_table_names():
        _refuse_other(connection, name)
        return
    tables.METADATA.create_all(connection)
    connection.execute(insert(tables.ABOUT).values(name="version", value=FORMAT_VERSION))


def _refuse_other(connection: Connection, name: str) -> None:
    if not inspect(connection).has_table(tables.ABOUT.name):
        raise UsageError(f"{name} is a database of something else: give another --database.")
    version = connection.execute(select(tables.ABOUT.c.value).where(tables.ABOUT.c.name == "version")).scalar()
    if version is None or version < 1:
        raise UsageError(f"{name} is a history without a version: give another --database.")
    if version > FORMAT_VERSION:
        raise UsageError(
            f"{name} was written by a newer safecost (version {version}; this one reads {FORMAT_VERSION}): update."
        )


def _select(connection: Connection, kind: type[R], run: str | None = None) -> list[R]:
    table = tables.TABLES[kind]
    query = select(table) if run is None else select(table).where(table.c.run == run)
    return [tables.record_of(kind, row) for row in connection.execute(query).mappings()]  # type: ignore[misc,arg-type]


class _Adding:
    """Adds records within one transaction, with a look at what is there already, run by run."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._waiting: dict[type[Record], list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        self._known: dict[tuple[type[Record], str], dict[str, Record]] = {}
        self._new = self._old = 0

    def all(self, records: Iterable[Record]) -> Added:
        """Add every record."""
        runs = set(self._connection.execute(select(tables.TABLES[RunRecord].c.run)).scalars())
        named: set[str] = set()
        for record in records:
            self._one(record)
            named.add(record.run)
            if isinstance(record, RunRecord):
                runs.add(record.run)
        self._flush()
        if orphans := sorted(named - runs):
            raise UsageError(
                f"Records name the run {orphans[0]}, which neither they nor {self._name} hold: lines are missing;"
                " nothing was added."
            )
        return Added(self._new, self._old)

    def _one(self, record: Record) -> None:
        known = self._known_of(type(record), record.run)
        key = tables.key(record)[1]
        if key not in known:
            known[key] = record
            waiting = self._waiting[type(record)]
            waiting.append(tables.row(record))
            self._new += 1
            if len(waiting) >= _BATCH:
                self._flush()
        elif known[key] == record:
            self._old += 1
        else:
            about = shown(record.subject, quoted=False, limit=200)
            raise UsageError(
                f"{self._name} has another {record.RECORD} of {about} in the run {record.run}: one of both was changed"
                " after it was written; nothing was added."
            )

    def _known_of(self, kind: type[Record], run: str) -> dict[str, Record]:
        if (kind, run) not in self._known:
            if len(self._known) > 64:
                self._flush()  # what is forgotten has to be found again
                self._known.clear()
            found = _select(self._connection, kind, run)
            self._known[kind, run] = {tables.key(one)[1]: one for one in found}
        return self._known[kind, run]

    def _flush(self) -> None:
        for kind, waiting in self._waiting.items():
            if waiting:
                self._connection.execute(insert(tables.TABLES[kind]), waiting)
                waiting.clear()


@dataclass(frozen=True, slots=True)
class File:
    """The records of a file of JSON Lines, read anew on each walk; walking raises UsageError."""

    path: Path

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in lines.read(self.path))
