"""Tests that a database keeps what it was given: whoever writes beside, dies, or brings something else."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from safecost.core.errors import HARNESS, USAGE, ToolError, UsageError
from safecost.core.paths import PYTHON
from safecost.history import lines, tables
from safecost.history.records import CodeRecord, CountRecord, Record
from safecost.history.store import Added, Store
from safecost.testing.made_up_history import a_history, a_pair, a_run, an_acceptance
from safecost.testing.refusals import one_sentence

# Adds the runs FIRST to LAST, each in a transaction of its own, as soon as the file GO appears.
WRITER = """
import sys, time
from pathlib import Path
from safecost.history.store import Store
from safecost.testing.made_up_history import a_history
database, go, first, last = sys.argv[1:]
records = a_history([2.0 + number / 1000 for number in range(int(last))])[2 * int(first):]
print("ready", flush=True)
while not Path(go).exists():
    time.sleep(0.001)
with Store(database, wait=120) as store:
    for at in range(0, len(records), 2):
        store.add(records[at : at + 2])
        print(records[at].run, flush=True)
"""


def writer(database: Path, go: Path, first: int, last: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(database), str(go), str(first), str(last)]
    process = subprocess.Popen(arguments, cwd=PYTHON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def refused(call: Callable[[], Any], words: str, code: int) -> None:
    with pytest.raises(ToolError) as caught:
        call()
    assert words in one_sentence(str(caught.value))
    assert caught.value.exit_code == code


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "history.sqlite"), wait=0.2)


def test_what_is_there_already_is_ignored(store: Store) -> None:
    everything = a_history([2.0, 2.1])
    assert store.add(everything[:2]) == Added(2, 0)
    assert store.add(everything) == Added(2, 2)
    assert store.add([*everything, *everything]) == Added(0, 8)
    assert list(store.everything()) == everything


def test_two_records_of_one_key_are_a_contradiction_and_nothing_is_added(store: Store) -> None:
    store.add(a_history([2.0]))
    changed = a_pair(a_run(0), 3.0)
    refused(lambda: store.add([a_run(1), changed]), "has another pair of indexing/sum/at", USAGE)
    assert list(store.everything()) == a_history([2.0])
    refused(lambda: store.add([a_run(5), dataclasses.replace(a_run(5), mode="quick")]), "another run of run", USAGE)


def test_records_of_every_kind_come_back_as_they_were(store: Store) -> None:
    run = a_run(0)
    everything: list[Record] = [
        run,
        a_pair(run, 0.1 + 0.2),
        CountRecord(run.run, "indexing/sum", "at", "gcc-o2", 4096, 0.01, 64, None, 3, 10**15),
        CodeRecord(run.run, "indexing/sum", "at", "gcc-o2", 40, 9, 1, 0, 0),
        an_acceptance(0, who="Ada Lovelace ✓", why='she said "so"; DROP TABLE pair'),
    ]
    store.add(everything)
    assert list(store.everything()) == everything
    assert store.rows(CountRecord) == everything[2:3]
    assert [lines.encode(one) for one in store.everything()] == [lines.encode(one) for one in everything]


def test_writers_side_by_side_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    database, go = tmp_path / "history.sqlite", tmp_path / "go"
    # All begin with the database that none has made, and each two have runs in common.
    writers = [writer(database, go, first, first + 16) for first in (0, 8, 16, 24)]
    go.touch()
    for process in writers:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert len(out.splitlines()) == 16
    with Store(str(database)) as store:
        assert list(store.everything()) == a_history([2.0 + number / 1000 for number in range(40)])


def test_a_writer_that_is_killed_leaves_whole_runs(tmp_path: Path) -> None:
    database, go = tmp_path / "history.sqlite", tmp_path / "go"
    go.touch()
    process = writer(database, go, 0, 5000)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(10)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait()
    with Store(str(database)) as store:
        found = list(store.everything())
        assert {one.run for one in found} >= set(told)  # what was told is there
        assert len(found) == 2 * len({one.run for one in found})  # and a run has its rows
        assert store.add(a_history([2.0])).new == 0


def test_a_locked_database_is_waited_for_and_told(store: Store, tmp_path: Path) -> None:
    store.add(a_history([2.0]))
    other = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    refused(lambda: store.add([a_run(7)]), "is locked by another process, for 0.2 s now: try again", HARNESS)
    assert time.monotonic() - begun >= 0.2
    assert len(store.runs()) == 1  # reading goes on
    other.execute("COMMIT")
    other.close()
    assert store.add([a_run(7)]) == Added(1, 0)


def test_a_database_of_a_newer_schema_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    store.add(a_history([2.0]))
    with create_engine(f"sqlite:///{tmp_path}/history.sqlite").begin() as connection:
        connection.execute(update(tables.ABOUT).values(value=2))
    before = (tmp_path / "history.sqlite").read_bytes()
    for call in (store.runs, lambda: store.add([a_run(7)]), lambda: list(store.everything())):
        refused(call, "was written by a newer safecost (version 2; this one reads 1): update", USAGE)
    assert (tmp_path / "history.sqlite").read_bytes() == before


def test_what_is_no_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("Dear diary, this is not a database at all.\n" * 100)
    refused(lambda: Store(str(text)).add([a_run(0)]), "is not a database", USAGE)
    refused(lambda: Store(str(text)).runs(), "is not a database", USAGE)
    assert text.read_text().startswith("Dear diary")
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE diary (day TEXT)")
    connection.close()
    refused(lambda: Store(str(other)).add([a_run(0)]), "is a database of something else", USAGE)
    refused(lambda: Store(str(tmp_path / "none")).runs(), "There is no history at", USAGE)
    assert not (tmp_path / "none").exists()
    refused(lambda: Store(str(tmp_path)).add([a_run(0)]), "unable to open database file", HARNESS)
    (tmp_path / "empty").touch()
    refused(lambda: Store(str(tmp_path / "empty")).runs(), "is empty", USAGE)
    assert Store(str(tmp_path / "empty")).add([a_run(0)]) == Added(1, 0)


def test_a_half_of_a_database_is_told(store: Store, tmp_path: Path) -> None:
    store.add(a_history([2.0 + number for number in range(300)]))
    file = tmp_path / "history.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    refused(lambda: list(store.everything()), "history.sqlite: the database says: ", HARNESS)


@pytest.mark.skipif(os.geteuid() != 0 and not Path("/dev/full").exists(), reason="nothing here is full")
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Store(str(tmp_path / "file" / "history.sqlite")).add([a_run(0)])


@pytest.mark.parametrize(
    ("where", "words", "code"),
    [
        ("nosuchdatabase://host/name", "SQLAlchemy knows no such kind of database", USAGE),
        ("postgresql+pg8000://ada:secret@host/name", "needs the Python package pg8000", HARNESS),
        ("sqlite://", "names no file", USAGE),
        ("://", "is no URL", USAGE),
        ("", "is empty or no path", USAGE),
    ],
)
def test_a_url_that_leads_nowhere(where: str, words: str, code: int) -> None:
    refused(lambda: Store(where), words, code)
    with pytest.raises(ToolError) as caught:
        Store(where)
    assert "secret" not in str(caught.value)


def test_the_columns_are_the_fields() -> None:
    for kind, table in tables.TABLES.items():
        names = {field.name for field in dataclasses.fields(kind)} | {"subject"}
        assert {column.name for column in table.columns} == names
        assert [column.name for column in table.primary_key] == ["run", "subject"]


def test_a_stranger_in_the_table_is_told(store: Store, tmp_path: Path) -> None:
    store.add(a_history([2.0]))
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:
        connection.execute("UPDATE pair SET verdict = 'great'")
    connection.close()
    with pytest.raises(UsageError, match=r'holds something that no safecost wrote: pair.verdict is "great"'):
        list(store.everything())
