"""Tests of how compilers' words are read, on what GCC 12, Clang 19 and rustc 1.95 really said."""

from __future__ import annotations

import json
from typing import Any

from safecost.reject.diagnostics import Said, as_one, understand

GCC = """\
In function 'void copy(char*)',
    inlined from 'void use()' at a.cc:12:7:
a.cc:5:14: error: 'void* memcpy()' writing 8 bytes into a region of size 4 [-Werror=stringop-overflow=]
a.cc: In function 'void use()':
a.cc:11:8: note: destination object 'buffer' of size 4
In file included from /usr/include/c++/12/array:41,
                 from a.cc:1:
/usr/include/c++/12/array: In instantiation of 'get':
a.cc:20:21:   required from here
/usr/include/c++/12/array:385:27: error: static assertion failed: array index is within bounds
cc1plus: all warnings being treated as errors
"""
CLANG = """\
a.cc:9:33: error: implicit conversion loses integer precision: 'a' to 'b' [-Werror,-Wshorten-64-to-32]
a.cc:20:15: error: static assertion expression is not an integral constant expression
a.cc:16:10: note: read of object outside its lifetime is not allowed in a constant expression
a.cc:20:15: note: in call to 'kernel()'
2 errors generated.
"""


def rustc(level: str, code: str | None, spans: list[dict[str, Any]], **more: Any) -> str:
    said = {"code": code and {"code": code}, "level": level, "message": "m", "spans": spans, "children": [], **more}
    return json.dumps(said) + "\n"


def span(line: int, file: str = "a.rs", primary: bool = True, expansion: Any = None) -> dict[str, Any]:
    return {"file_name": file, "line_start": line, "is_primary": primary, "expansion": expansion}


def test_gcc_with_the_lines_that_lead_to_a_diagnostic() -> None:
    first, second = understand("gcc", 1, GCC, "a.cc").diagnostics
    assert (first.level, first.tag, first.line, first.lines) == ("error", "-Wstringop-overflow", 5, {5, 11, 12})
    assert first.notes == ["destination object 'buffer' of size 4"]
    assert (second.tag, second.line, second.lines) == (None, None, {20})
    assert second.says("array index is within bounds")


def test_clang_with_notes() -> None:
    first, second = understand("clang", 1, CLANG, "a.cc").diagnostics
    assert (first.tag, first.lines) == ("-Wshorten-64-to-32", {9})
    assert first.message.endswith("'a' to 'b'")
    assert (second.tag, second.lines, second.says("outside its lifetime")) == (None, {16, 20}, True)


def test_levels_and_options_of_gcc() -> None:
    text = (
        "a.cc:1:2: warning: x [-Wformat=]\na.cc:2: fatal error: y\na.cc:3:1: error: z [-fpermissive]\nmess: error: w\n"
        "a.cc:4:1: error: v [-Werror]\n"
    )
    found = understand("gcc", 1, text, "a.cc").diagnostics
    assert [(one.level, one.tag, one.line) for one in found] == [
        ("warning", "-Wformat", 1),
        ("error", None, 2),
        ("error", "-fpermissive", 3),
        ("error", None, None),
        ("error", None, 4),
    ]
    assert found[-1].message == "v"


def test_lines_of_other_files_do_not_count() -> None:
    (one,) = understand("clang", 1, "b.cc:7:1: error: x\n/tmp/a.cc:8:1: note: y\n", "a.cc").diagnostics
    assert (one.line, one.lines) == (None, set())


def test_rustc_as_json() -> None:
    inside = {"span": span(9)}
    text = (
        rustc("error", "E0382", [span(4), span(2, primary=False), span(1, "core.rs", False, inside)])
        + rustc("warning", "unused_must_use", [span(5)], children=[{"message": "use it", "spans": [span(6)]}])
        + rustc("error", None, [])  # aborting due to 1 previous error
        + rustc("note", None, [span(3)])
        + "not JSON\n[1]\n"
    )
    first, second = understand("rustc", 1, text, "a.rs").diagnostics
    assert (first.tag, first.line, first.lines) == ("E0382", 4, {2, 4, 9})
    assert (second.level, second.tag, second.lines, second.notes) == ("warning", "unused_must_use", {5, 6}, ["use it"])


def test_what_is_said_of_one_evaluation_belongs_together() -> None:
    (one,) = as_one(understand("gcc", 1, "a.cc:9:1: error: x\na.cc:3:1: error: y\n", "a.cc").diagnostics)
    assert (one.message, one.lines, one.says("y")) == ("x", {3, 9}, True)
    assert as_one(()) == ()


def test_a_compiler_that_fails_itself_is_told_from_one_that_rejects() -> None:
    assert not Said(0, "").crashed
    assert not Said(1, "a.cc:1:1: error: no").crashed
    assert Said(1, "a.cc:1:1: internal compiler error: Segmentation fault").crashed
    assert Said(1, "PLEASE submit a bug report to https://example.org").crashed
    for code in (-11, 4, 101, 139, 254):
        assert Said(code, "").crashed
