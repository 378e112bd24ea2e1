"""`safecost compare` as a user runs it, on folders, profiles and revisions in which a regression was planted."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from safecost.core.errors import HARNESS, OK, REGRESSION, WRONG_RESULT
from safecost.core.paths import BUILD, ROOT
from safecost.lab.studies.gate_plants import CASES, PLANTS, REPEAT, WALK
from safecost.testing import commands
from safecost.testing.commands import Ended, safecost

pytestmark = pytest.mark.build

PROFILE = "gcc-o3"
_STRUCT = "  const std::int32_t* values;\n  std::size_t count;\n"
_RAW, _AT = "total += values[i];", "total += values.at(i);"
# What each case is in head: the places that change, and what they become. In base all are alike.
HEADS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "same": (),
    "instruction": PLANTS[0].changes,
    "vector": PLANTS[1].changes,
    "check": PLANTS[2].changes,
    "allocation": PLANTS[3].changes,
    "inputs": ((_STRUCT, "  std::size_t count;\n  const std::int32_t* values;\n"),
               ("return {values.data(), values.size(),", "return {values.size(), values.data(),")),
    "drawn": (("array<std::int32_t>(generator.size())", "array<std::int32_t>(generator.size() / 2)"),),
    "wrong": ((_RAW, "total += 2 * values[i];"), (_AT, "total += 2 * values.at(i);"),
              ("total += value;", "total += 2 * value;")),
    "broken": ((_RAW, "total += values[i]"),),
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """How a comparison ended, and the JSON it wrote."""

    ended: Ended
    json: dict[str, Any]

    def rows(self, case: str, metric: str | None = None) -> list[dict[str, Any]]:
        """The rows of a case in the family of planted ones."""
        found = [row for row in self.json["rows"] if row["place"]["case"] == f"gate/{case}"]
        return [row for row in found if metric is None or row["metric"] == metric]

    def worse(self, case: str) -> set[tuple[str, str]]:
        """Variant and metric of the rows of a case that are worse, but for times."""
        bad = ("wrong", "regression", "missing")
        return {
            (row["place"]["variant"], row["metric"])
            for row in self.rows(case)
            if row["verdict"] in bad and row["tier"] != "time"
        }


def compare(tmp_path: Path, *words: str | Path) -> Compared:
    file = tmp_path / "compare.json"
    ended = safecost("compare", "--quick", "--gate", "--json", file, *words)
    return Compared(ended, json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Base and head with a case for each regression; what was built for them goes with them."""
    made: Path = tmp_path_factory.mktemp("gate é")
    base, head = made / "old", made / "new"
    text = (CASES / f"{WALK}.cc").read_text(encoding="utf-8")
    for name, changes in HEADS.items():
        commands.put(base, f"gate/{name}", text)
        changed = text
        for old, new in changes:
            assert changed.count(old) == 1, (name, old)
            changed = changed.replace(old, new)
        commands.put(head, f"gate/{name}", changed)
    repeat = (CASES / f"{REPEAT}.cc").read_text(encoding="utf-8")
    commands.put(base, "gate/slower", repeat)
    # Far more than a gate has to find, so that a busy machine leaves no doubt.
    commands.put(head, "gate/slower", repeat.replace("idiom(Values& context) { return repeated<100>",
                                                     "idiom(Values& context) { return repeated<200>"))  # fmt: skip
    yield base, head
    for folder in (base, head):
        commands.forget(folder)


@pytest.fixture(scope="module")
def all_of_them(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return compare(tmp_path_factory.mktemp("all"), "--case-folders", *folders, "--profiles", PROFILE)


def test_every_planted_regression_is_found_by_its_own_row(all_of_them: Compared) -> None:
    assert ("at", "instructions") in all_of_them.worse("instruction")
    assert ("range_for", "vectorised") in all_of_them.worse("vector")
    assert ("at", "catch") in all_of_them.worse("check")
    assert {("range_for", "allocations"), ("range_for", "allocated_bytes")} <= all_of_them.worse("allocation")
    for case, variant in (("instruction", "at"), ("vector", "range_for"), ("check", "at"), ("allocation", "range_for")):
        assert {name for name, _ in all_of_them.worse(case)} == {variant}, "nothing else has become worse"


def test_time_is_found_in_four_arms_and_confirmed(all_of_them: Compared) -> None:
    found = {
        (row["place"]["variant"], row["metric"]): row for row in all_of_them.rows("slower") if row["tier"] == "time"
    }
    assert set(found) == {("raw", "direct_time"), ("idiom", "direct_time"), ("idiom", "idiom_time")}
    for metric in ("direct_time", "idiom_time"):
        row = found["idiom", metric]
        assert (row["verdict"], row["confirmed"]) == ("regression", True), row
        assert row["change"] == pytest.approx(1.0, abs=0.2)
    assert found["raw", "direct_time"]["verdict"] != "regression"


def test_the_same_source_is_the_same_code_and_passes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made = compare(tmp_path, "--case-folders", *folders, "--profiles", PROFILE, "--filter", "^gate/same$")
    assert made.ended.code == OK, made.ended
    assert not made.worse("same")
    times = [row for row in made.rows("same") if row["tier"] == "time"]
    assert len(times) == 5
    assert all(row["same_code"] for row in times)
    assert made.json["how"] == "live"
    assert [made.json[side]["name"] for side in ("base", "head")] == ["old", "new"]


def test_one_regression_alone_ends_with_3(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made = compare(tmp_path, "--case-folders", *folders, "--profiles", PROFILE, "--filter", "gate/check$")
    assert made.ended.code == REGRESSION
    assert "catch" in made.ended.out
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known_bad]]\nname = "gate/check/at*"\nreason = "the check went on purpose"\nexpires = 9999-01-01\n'
    )
    words = ("--case-folders", *folders, "--profiles", PROFILE, "--filter", "gate/check$", "--known-bad", known)
    assert compare(tmp_path, *words).ended.code == OK


def test_another_result_on_the_same_inputs_is_wrong_and_not_timed(all_of_them: Compared) -> None:
    """Each side agrees with itself; only together they do not."""
    assert all_of_them.ended.code == WRONG_RESULT
    (row,) = all_of_them.rows("wrong", "result")
    assert (row["verdict"], row["head"]) == ("wrong", "differs from base")
    assert {row["verdict"] for row in all_of_them.rows("wrong") if row["tier"] == "time"} == {"missing"}


def test_other_inputs_are_told_and_both_get_the_same(all_of_them: Compared) -> None:
    """Head's inputs are half as long: counted on its own ones, base would have twice the instructions."""
    assert any("draw other inputs for gate/drawn" in warning for warning in all_of_them.json["warnings"])
    assert all_of_them.worse("drawn") == set()
    assert {row["verdict"] for row in all_of_them.rows("drawn", "instructions")} == {"unchanged"}


def test_inputs_of_another_layout_cannot_be_timed_together(all_of_them: Compared) -> None:
    times = [row for row in all_of_them.rows("inputs") if row["tier"] == "time"]
    assert {row["verdict"] for row in times} == {"missing"}
    assert any("gate/inputs" in warning and "lays its input out" in warning for warning in all_of_them.json["warnings"])


def test_what_head_cannot_build_is_missing(all_of_them: Compared) -> None:
    (row,) = all_of_them.rows("broken", "result")
    assert row["verdict"] == "missing"
    assert "does not compile: gate/broken with gcc-o3" in all_of_them.ended.err


def test_nothing_in_common_is_told(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made = compare(tmp_path, "--case-folders", *folders, "--profiles", PROFILE, "--filter", "gate/broken")
    assert made.ended.code == HARNESS
    assert "have no case in common that both could build" in made.ended.err


def test_profiles_meet_in_one_process_with_what_compilers_say(folders: tuple[Path, Path], tmp_path: Path) -> None:
    heads = ("--profile", "slow: g++ -O1 -fno-tree-vectorize", "--profile", "plain: gcc-o2 @ g++")
    made = compare(tmp_path, "--profiles", "gcc-o3,slow", *heads, "--cases", folders[0], "--filter", "gate/same$")
    assert made.ended.code == REGRESSION
    assert {("raw", "vectorised"), ("range_for", "vectorised"), ("raw", "instructions")} <= made.worse("same")
    assert {row["place"]["profile"] for row in made.rows("same", "instructions")} == {"slow", "plain"}, "heads' names"
    of_raw = {
        row["place"]["profile"]: row for row in made.rows("same", "direct_time") if row["place"]["variant"] == "raw"
    }
    assert of_raw["slow"]["verdict"] == "regression", of_raw
    assert of_raw.keys() == {"slow", "plain"}
    assert re.search(
        r"raw: \d+ → 0 packed instructions; raw before: same[.]cc:\d+: loop vectorized", of_raw["slow"]["note"]
    )
    (flags,) = [value for what, value in made.json["head"]["facts"] if what == "flags"]
    assert flags.startswith("slow: -O1 -fno-tree-vectorize; plain: -O2 ")


def interrupted(folders: tuple[Path, Path], file: Path, seconds: float) -> Ended:
    """A comparison of all cases, which takes seconds, that is interrupted so long after it began to measure."""
    words = ("compare", "--full", "--gate", "--no-count", "--json", file, "--case-folders", *folders)
    temporary = file.with_suffix(f".{seconds}")
    temporary.mkdir()
    process = subprocess.Popen(
        commands.arguments(*words, "--profiles", PROFILE),
        env=commands.environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    stages: list[str] = []
    for line in process.stderr:
        if " of " not in line:  # a stage that has ended, not how far it is
            stages.append(line.partition(":")[0])
        if stages.count("layouts") == 2 or (stages.count("prove") == 2 and any(temporary.iterdir())):
            break  # what comes next is measured
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=commands.PATIENCE)
    return Ended(process.returncode, out, said)


def test_an_interrupt_tells_what_was_measured(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "compare.json"
    for seconds in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0):  # until there is a launch, however busy the machine is
        ended = interrupted(folders, file, seconds)
        assert "Traceback" not in ended.err
        assert ended.code == 130, ended
        if "interrupted: telling what was measured" in ended.err:
            break
        assert not file.exists()
    assert "The comparison was interrupted." in ended.out
    assert json.loads(file.read_text(encoding="utf-8"))["rows"]


def test_two_revisions_of_the_suite(tmp_path: Path) -> None:
    """A commit that makes a kernel of the suite slower; its objects go to a folder of their own, not into the clone."""
    objects = tmp_path / "objects"
    objects.mkdir()
    more = {
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def git(*words: str, given: str = "", **environment: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], input=given, capture_output=True, text=True, check=False,
            env={**os.environ, **environment},
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"no git checkout: {done.stderr.strip()}")
        return done.stdout.strip()

    more["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(Path(ROOT, git("rev-parse", "--git-path", "objects")))
    name = "bench/indexing/sum.cc"
    text = git("show", f"HEAD:{name}") + "\n"
    line = "for (std::size_t i = 0; i < bound; ++i) total += values.at(i);"
    assert text.count(line) == 1
    slower = text.replace(line, line.replace("total", '{ asm volatile("nop"); total') + " }")
    blob = git("hash-object", "-w", "--stdin", given=slower, **more)
    git("read-tree", "HEAD", **more)
    git("update-index", "--cacheinfo", f"100644,{blob},{name}", **more)
    commit = git("commit-tree", "-p", "HEAD", "-m", "slower", git("write-tree", **more), **more)
    file = tmp_path / "compare.json"
    words = ("--revisions", "HEAD", commit, "--profiles", "gcc-o2", "--filter", "^indexing/sum$", "--json", file)
    try:
        ended = safecost("compare", "--quick", "--gate", *words, more=more)
        made = Compared(ended, json.loads(file.read_text(encoding="utf-8")))
    finally:
        revision = BUILD / "revisions" / commit
        commands.forget(revision / "bench")
        shutil.rmtree(revision, ignore_errors=True)
    assert ended.code == REGRESSION, ended
    failing = [row for row in made.json["rows"] if row["standing"] == "fails" and row["tier"] != "time"]
    assert {row["place"]["variant"] for row in failing} == {"at"}
    assert "instructions" in {row["metric"] for row in failing}
    assert ["cases", f"of commit {commit}"] in made.json["head"]["facts"]
