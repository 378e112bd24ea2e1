"""Compile time, end to end: sources with the uses that they say, the time of compilers alone, tables and intervals."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from safecost.core.errors import HARNESS, ToolError
from safecost.lab.studies.compile_time import compiling, study
from safecost.lab.studies.compile_time.compiling import Compilations, Compiled, cpu_seconds
from safecost.lab.studies.compile_time.sources import CompiledWay, ways
from safecost.reject.rulings import SUBJECTS, compilers_here

EVERY = pytest.mark.parametrize("way", ways(), ids=lambda way: way.label)
HERE = {name: compiler.path for name, compiler in compilers_here().items() if compiler.path is not None}
WAY = CompiledWay("macro_function", "macro", "c++", "for tests", lambda uses: "int x;\n" * (uses > 0))


@EVERY
def test_a_source_has_as_many_uses_as_it_says(way: CompiledWay) -> None:
    lines = [len(way.source(uses).splitlines()) for uses in (0, 10, 20, 40)]
    of_ten = lines[2] - lines[1]
    assert lines[3] - lines[2] == 2 * of_ten > 0
    assert len(set(way.source(1000).splitlines())) > 900, "uses differ"


def test_names_are_told_apart_by_their_language() -> None:
    labels = [way.label for way in ways()]
    assert len(set(labels)) == len(labels)
    assert {way.language == "rust" for way in ways() if not way.name.startswith("rust_")} == {False}
    assert {way.language for way in ways() if way.name.startswith("rust_")} == {"rust"}


def test_lists_of_types_are_each_of_their_own() -> None:
    (way,) = (way for way in ways() if way.name == "pack_each_list")
    uses = re.findall(r"  put\(log, (.*)\);", way.source(1000))
    assert len(uses) == len(set(uses)) == 1000


def test_the_time_is_that_of_the_program_and_of_what_it_started() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    started = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}], check=True)"
    assert cpu_seconds([sys.executable, "-c", started]) >= 0.3
    assert cpu_seconds([sys.executable, "-c", "import time; time.sleep(0.5)"]) < 0.3


def test_what_fails_is_told_in_the_compilers_words() -> None:
    with pytest.raises(ToolError, match="format: No such file or directory"):
        cpu_seconds(
            [sys.executable, "-c", "raise SystemExit('x.cc:1: fatal error: format: No such file or directory')"]
        )
    with pytest.raises(ToolError, match=r"took more than 0\.1 s"):
        cpu_seconds([sys.executable, "-c", "import time; time.sleep(9)"], patience=0.1)


def made_up(without: float, used: float, repetitions: int = 9, name: str = "macro") -> Compiled:
    way = CompiledWay("macro_function", name, "c++", "for tests", str)
    return Compiled(way, "gcc", [without] * repetitions, [used + 0.001 * at for at in range(repetitions)])


def test_a_thousand_uses_are_what_they_take_over_none() -> None:
    pair = made_up(0.5, 0.6)
    assert pair.a_thousand(250)[0] == pytest.approx(0.4)
    interval = pair.interval(250)
    assert interval is not None
    assert interval.low == pytest.approx(0.404)
    assert interval.high == pytest.approx(0.428)
    assert made_up(0.5, 0.6, repetitions=5).interval(250) is None


def test_ways_are_compared_with_the_first_of_their_task() -> None:
    rows = study.of_task("macro_function", [made_up(0.1, 0.2), made_up(0.3, 0.5, name="other")], 100).rows
    assert [row[0] for row in rows] == ["`macro`", "`other`"]
    assert [row[2] for row in rows] == ["0.100", "0.300"]
    assert [row[-1] for row in rows] == ["1.000", "1.962"]
    few = study.of_task("macro_function", [made_up(0.1, 0.2, repetitions=2)], 100).rows
    assert few[0][4] == "–"


def compilations(monkeypatch: pytest.MonkeyPatch, compile_: Callable[[list[str]], float]) -> Compilations:
    monkeypatch.setattr(compiling, "cpu_seconds", compile_)
    return Compilations([WAY], {"gcc": Path("g++"), "clang": Path("clang++")}, 10, 1)


def test_compilers_are_asked_in_turn_and_in_random_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def compile_(command: list[str]) -> float:
        asked.append(f"{command[0]} {Path(command[-1]).name}")
        return 2.0 if "_10." in command[-1] else 1.0

    timed = compilations(monkeypatch, compile_)
    timed.time(tmp_path, 6, 60.0)
    repetitions = [tuple(asked[at : at + 4]) for at in range(0, len(asked), 4)]
    assert len(repetitions) == 7  # one of them untimed
    assert {frozenset(them) for them in repetitions} == {frozenset(asked)}
    assert len(set(repetitions)) > 1
    assert [pair.a_thousand(10) for pair in timed.compiled] == [[100.0] * 6] * 2


def test_no_repetition_begins_that_would_end_too_late(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    timed = compilations(monkeypatch, lambda _: 1.0)
    timed.time(tmp_path, 6, 0.0)
    assert [len(pair.used) for pair in timed.compiled] == [0, 0]


def test_an_interrupt_keeps_whole_pairs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def compile_(command: list[str]) -> float:
        asked.append(command[0])
        if len(asked) == 10:  # one compilation of the second repetition that counts has its time
            raise KeyboardInterrupt
        return 1.0

    timed = compilations(monkeypatch, compile_)
    with pytest.raises(KeyboardInterrupt):
        timed.time(tmp_path, 6, 60.0)
    assert all(len(pair.without) == len(pair.used) >= 1 for pair in timed.compiled)


def test_what_does_not_compile_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def compile_(command: list[str]) -> float:
        if command[0] == "g++":
            raise ToolError("format: No such file or directory")
        return 1.0

    timed = compilations(monkeypatch, compile_)
    timed.time(tmp_path, 6, 60.0)
    gcc, clang = timed.compiled
    assert (gcc.absent, gcc.used) == ("format: No such file or directory", [])
    assert (clang.absent, len(clang.used)) == (None, 6)


def test_the_document_has_the_marks_of_the_tables_and_names_every_way() -> None:
    text = study.PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"<!-- compile_time\.md (?:begins|ends) -->", text)) == 2
    assert [way.label for way in ways() if f"`{way.name}`" not in text] == []


def test_no_way_of_that_name_is_usage() -> None:
    ended = CliRunner().invoke(study.main, ["--filter", "nothing"])
    assert ended.exit_code == HARNESS
    assert "matches no way: there are variadic/varargs, " in ended.output


@pytest.mark.build
def test_every_way_compiles_and_is_timed(tmp_path: Path) -> None:
    out = tmp_path / "compile_time.json"
    words = ["--uses", "3", "--repetitions", "1", "--minutes", "60", "--out", str(out)]
    ended = CliRunner().invoke(study.main, words)
    assert ended.exit_code == 0, ended.output
    plain = json.loads(out.read_text(encoding="utf-8"))
    assert (plain["schema"], plain["complete"], plain["uses"]) == ("safecost-compile_time", True, 3)
    assert {pair["compiler"] for pair in plain["compiled"]} == set(HERE)
    for pair in plain["compiled"]:
        if pair["absent"]:
            assert pair["way"].split("/")[1] in {"std_format", "fmt", "fmt_compile", "str_append"}, pair
            assert f"- `{pair['way']}` by {SUBJECTS[pair['compiler']]}: " in ended.output
        else:
            assert len(pair["without"]) == len(pair["used"]) == 1
            assert 0.0 < pair["without"][0] < 60.0
            assert f"| `{pair['way'].split('/')[1]}` | {SUBJECTS[pair['compiler']]} |" in ended.output
