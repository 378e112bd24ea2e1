"""Remarks of compilers on loops: read from records as they write them, and asked of those that are here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.testing.toolchains import newest
from safecost.toolchain.remarks import LoopRemark, by_function, of_clang, of_gcc, of_plugin

# As LLVM 19 writes it; places beyond 70 columns are broken.
YAML = """\
--- !Passed
Pass:            loop-vectorize
Name:            Vectorized
DebugLoc:        { File: sum.cc, Line: 3, Column: 3 }
Function:        _Z3sumPKi
Args:
  - String:          'vectorized '
  - String:          ''
  - String:          'loop (vectorization width: '
  - VectorizationFactor: '4'
  - String:          ')'
...
--- !Analysis
Pass:            loop-vectorize
Name:            CantComputeNumberOfIterations
DebugLoc:        { File: '/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/bits/stl_algo.h',
                   Line: 4, Column: 3 }
Function:        _Z3sumPKi
Args:
  - String:          'loop not vectorized: '
  - String:          could not determine number of loop iterations
...
--- !Missed
Pass:            loop-vectorize
Name:            MissedDetails
DebugLoc:        { File: '/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/bits/stl_algo.h',
                   Line: 4, Column: 3 }
Function:        _Z3sumPKi
Args:
  - String:          loop not vectorized
...
--- !Missed
Pass:            loop-vectorize
Name:            NoPlace
Function:        _Z3sumPKi
Args:
  - String:          loop not vectorized
...
"""
SUM = """\
int sum(const int* values, int count) {
  int total = 0;
  for (int i = 0; i < count; ++i)
    total += {};
  return total;
}
"""


def test_what_llvm_wrote_is_read() -> None:
    found = list(of_clang(YAML))
    assert found[0] == LoopRemark("_Z3sumPKi", "sum.cc", 3, True, "vectorized loop (vectorization width: 4)")
    assert [one.file for one in found] == ["sum.cc", "stl_algo.h", "stl_algo.h"]
    assert by_function(found) == {
        "_Z3sumPKi": (
            "stl_algo.h:4: loop not vectorized: could not determine number of loop iterations",
            "sum.cc:3: vectorized loop (vectorization width: 4)",
        )
    }


def test_what_gcc_wrote_is_read_however_deep_it_lies() -> None:
    place = {"file": "/work/sum.cc", "line": 3, "column": 1}

    def record(kind: str, message: list[object], **others: object) -> dict[str, object]:
        return {"kind": kind, "message": message, "pass": "0x1", "function": "_Z3sum", "location": place} | others

    statement = {"stmt": "_1 = *_2;", "location": place}
    records = [
        record(
            "scope", ["=== vect_slp ==="], children=[record("failure", ["not vectorized: no type for ", statement])]
        ),
        record("note", ["loop vectorized, says a note"]),
        record("success", ["loop vectorized using 16 byte vectors\n"], location=place | {"line": 9}),
        record(
            "scope",
            ["=== analyze ==="],
            location=place | {"line": 9},
            children=[record("failure", ["add not supported by target.\n"], location=place | {"line": 11})],
        ),
        record(
            "scope",
            ["=== analyze ==="],
            location=place | {"line": 20},
            children=[
                record("failure", ["versioning for alias required: can't tell ", statement]),
                record("failure", ["Unknown misalignment\n"]),
            ],
        ),
        record("failure", ["not vectorized: unsupported data-type int\n"], location=place | {"line": 20}),
        record("failure", ["not vectorized: unsupported data-type\n"], location=place | {"line": 30}),
        record("success", ["loop vectorized in another pass\n"], **{"pass": "0x2"}),
        record("failure", ["couldn't vectorize loop\n"]),
        record("failure", ["not vectorized: nowhere\n"], location=None),
    ]
    passes = [{"id": "0x0", "name": "loop", "children": [{"id": "0x1", "name": "vect"}]}, {"id": "0x2", "name": "slp"}]
    found = list(of_gcc(json.dumps([{"format": "1"}, passes, records]).encode()))
    assert by_function(found) == {
        "_Z3sum": (
            "sum.cc:3: not vectorized: no type for _1 = *_2;",
            "sum.cc:9: loop vectorized using 16 byte vectors",
            "sum.cc:20: versioning for alias required",
            "sum.cc:30: not vectorized: unsupported data-type",
        )
    }
    with pytest.raises(ToolError, match="none that is known"):
        list(of_gcc(b'{"format": "2"}'))


def test_why_a_loop_was_not_vectorised_at_first_does_not_count() -> None:
    remarks = [
        LoopRemark("f", "a.cc", 3, False, "not vectorized: no vectype"),
        LoopRemark("f", "a.cc", 3, True, "loop vectorized using 8 byte vectors"),
        LoopRemark("f", "a.cc", 3, True, "loop vectorized using 8 byte vectors"),
    ]
    assert by_function(remarks) == {"f": ("a.cc:3: loop vectorized using 8 byte vectors",)}


def put(folder: Path, compiler: str, text: str) -> Path:
    """A build folder in which a compiler is told to build a case; returns where its plugin would be."""
    (folder / "sum.cc").write_text(text, encoding="utf-8")
    command = f"{compiler} -O3 -o CMakeFiles/a.sum.dir/sum.cc.o -c {folder / 'sum.cc'}"
    others = f"{compiler} -O3 -o CMakeFiles/a.other.dir/other.cc.o -c {folder / 'missing.cc'}"
    entries = [{"directory": str(folder), "command": each} for each in (command, others)]
    (folder / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder / "a" / "sum.so"


@pytest.mark.parametrize(("family", "command"), [("GNU", "g++"), ("Clang", "clang++")])
def test_a_compiler_says_which_loop_it_vectorised(tmp_path: Path, family: str, command: str) -> None:
    compiler = newest(command)
    plugin = put(tmp_path, compiler, SUM.replace("{}", "values[i]"))
    (vectorised,) = of_plugin(plugin, "a/sum", family)["_Z3sumPKii"]
    assert vectorised.startswith("sum.cc:") and "vectorized" in vectorised and "not vectorized" not in vectorised
    plugin = put(tmp_path, compiler, "int next(int);\n" + SUM.replace("{}", "next(values[i])"))
    said = of_plugin(plugin, "a/sum", family)["_Z3sumPKii"]
    assert all(one.startswith("sum.cc:") for one in said) and any("not vectorized: " in one for one in said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compile_commands.json", "sum.cc"]


def test_a_compiler_that_fails_is_named(tmp_path: Path) -> None:
    plugin = put(tmp_path, newest("g++"), "int broken\n")
    with pytest.raises(ToolError, match=r"could not be asked for remarks: .*sum.cc"):
        of_plugin(plugin, "a/sum", "GNU 12.2.0")
    assert of_plugin(plugin, "a/sum", "rustc 1.95.0") == {}
    with pytest.raises(ToolError, match=r"compile_commands\.json cannot be read"):
        of_plugin(tmp_path / "b" / "c" / "sum.so", "a/sum", "GNU 12.2.0")
