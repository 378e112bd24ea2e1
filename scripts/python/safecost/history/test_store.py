"""Tests that a database keeps what it was given: whoever writes beside, dies, or brings something else."""

from __future__ import annotations

import contextlib
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

from safecost import testing
from safecost.core.errors import HARNESS, USAGE, ToolError
from safecost.core.paths import PYTHON
from safecost.history import lines
from safecost.history.records import KINDS, CodeRecord, CountRecord, ProofRecord, Record, stored_fields
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
store = Store(database, wait=120)
for at in range(0, len(records), 2):
    store.add(records[at : at + 2])
    print(records[at].run, flush=True)
"""


RUN = a_run(0)
EVERY_KIND: list[Record] = [
    RUN,
    a_pair(RUN, 0.1 + 0.2),
    CountRecord("indexing/sum", "gcc-o2", "at", 4096, 0.01, 64, None, 3, 10**15, run=RUN.run),
    CodeRecord("indexing/sum", "gcc-o2", "at", 40, 9, 1, 0, 0, run=RUN.run),
    ProofRecord(RUN.run, "indexing/sum", "at", "gcc-o2", "one_past_end", "reported", "exception"),
    an_acceptance(0, who="Ada Lovelace ✓", why='she said "so"; DROP TABLE pair'),
]


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
    store.add(EVERY_KIND)
    assert list(store.everything()) == EVERY_KIND
    assert store.rows(CountRecord) == EVERY_KIND[2:3]
    assert [lines.encode(one) for one in store.everything()] == [lines.encode(one) for one in EVERY_KIND]


def test_writers_side_by_side_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    database, go = tmp_path / "history.sqlite", tmp_path / "go"
    # All begin with the database that none has made, and each two have runs in common.
    writers = [writer(database, go, first, first + 16) for first in (0, 8, 16, 24)]
    go.touch()
    for process in writers:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert len(out.splitlines()) == 16
    store = Store(str(database))
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
    store = Store(str(database))
    found = list(store.everything())
    assert {one.run for one in found} >= set(told)  # what was reported is there
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
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:
        connection.execute("UPDATE safecost_history SET value = 3")
    connection.close()
    before = (tmp_path / "history.sqlite").read_bytes()
    for call in (store.runs, lambda: store.add([a_run(7)]), lambda: list(store.everything())):
        refused(call, "was written by a newer safecost (version 3; this one reads 2): update", USAGE)
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
    refused(lambda: Store(str(tmp_path)).add([a_run(0)]), "is not a file: give another --database", USAGE)
    refused(lambda: Store("/dev/zero").add([a_run(0)]), "is not a file: give another --database", USAGE)
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
    ("where", "words"), [("postgresql://ada:secret@host/name", "is a URL"), ("", "is empty or no path")]
)
def test_what_is_no_path_is_refused_without_repeating_it(where: str, words: str) -> None:
    refused(lambda: Store(where), words, USAGE)
    with pytest.raises(ToolError) as caught:
        Store(where)
    assert "secret" not in str(caught.value)


def columns(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Names, types and keys of the columns of each table."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: connection.execute(f'PRAGMA table_info("{name}")').fetchall() for name in names}
    return {name: sorted(row[1:] for row in rows) for name, rows in found.items()}


def test_the_columns_are_the_fields(store: Store, tmp_path: Path) -> None:
    store.add([a_run(0)])
    tables = columns(tmp_path / "history.sqlite")
    assert tables.keys() == {kind.RECORD for kind in KINDS} | {"safecost_history"}
    for kind in KINDS:
        assert {name for name, *_ in tables[kind.RECORD]} == {*stored_fields(kind), "subject"}
        assert [name for name, *_, key in tables[kind.RECORD] if key] == ["run", "subject"]


def test_a_database_that_the_first_safecost_made_is_read_and_added_to_in_todays_words(
    store: Store, tmp_path: Path
) -> None:
    old = tmp_path / "old.sqlite"
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.executescript((Path(testing.__file__).parent / "history-version-1.sql").read_text(encoding="utf-8"))
    renamed = {"case": "calibration/steps", "kind": "aa", "variant": "aa", "verdict": "inconclusive", "planted": 1.0}
    renamed |= dict.fromkeys(("profile", "panel"), "gcc-o2-again")
    known = [*EVERY_KIND, dataclasses.replace(a_pair(RUN, 1.0), **renamed)]  # type: ignore[arg-type]
    before = old.read_bytes()
    assert set(map(lines.encode, Store(str(old)).everything())) == set(map(lines.encode, known))
    assert old.read_bytes() == before
    assert Store(str(old)).add([*known, a_run(1)]) == Added(1, len(known))
    assert Store(str(old)).add(known) == Added(0, len(known))
    store.add(known)
    assert columns(tmp_path / "history.sqlite") == columns(old)


def test_a_database_of_before_a_metric_is_read_and_gets_its_column(store: Store, tmp_path: Path) -> None:
    store.add(EVERY_KIND)
    today = columns(tmp_path / "history.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        connection.execute("ALTER TABLE count DROP COLUMN allocations")
    (count,) = (dataclasses.replace(one, allocations=None) for one in EVERY_KIND if isinstance(one, CountRecord))
    assert store.rows(CountRecord) == [count]
    assert store.add([a_run(1)]) == Added(1, 0)
    assert columns(tmp_path / "history.sqlite") == today
    assert store.rows(CountRecord) == [count]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE pair SET verdict = 'great'", 'pair.verdict is "great"'),
        ("UPDATE run SET complete = 7", "run.complete is 7"),
        ("UPDATE run SET sources = '{'", 'run.sources is "{", and must be an object'),
        (f"UPDATE run SET sources = '{'[' * 100_000}'", "run.sources is .*, and must be an object"),
        ("UPDATE run SET sources = 'null'", "run.sources is null, and must be an object"),
        ("UPDATE run SET sources = x'ff'", "run.sources is "),
        ("UPDATE run SET sources = CAST(x'ff' AS TEXT)", "the database says: Could not decode"),
    ],
)
def test_a_stranger_in_the_table_is_told(store: Store, tmp_path: Path, change: str, words: str) -> None:
    store.add(a_history([2.0]))
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(ToolError, match=words) as caught:
        list(store.everything())
    one_sentence(str(caught.value))


def test_a_run_is_known_under_the_name_that_another_version_gave_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "history.db"))
    assert store.known_as(RUN) is None
    store.add([dataclasses.replace(RUN, run="0" * 32)])
    assert store.known_as(RUN) == "0" * 32
    assert store.known_as(dataclasses.replace(RUN, complete=not RUN.complete)) is None
