"""Tests of how snippets are read: what the format says, and each way in which a file can break it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, ROOT, Folders
from safecost.suite import cases, snippets
from safecost.suite.snippets import Expectation
from safecost.testing.commands import safecost

CXX = """\
// A block is freed twice.
// cwe: 415
// gcc: [-Wuse-after-free]
// clang: accepts
// gcc flags: -Wuse-after-free=3 -fanalyzer
void release(int* block) {
  delete block;
#ifdef MISUSE
  delete block;  // MISUSE
#endif
}
"""
RUST = """\
// A match forgets a value,
// and that is all.
// cwe: 478
// rustc: E0004
pub fn use_it(found: Option<i32>) -> i32 {
    // MISUSE
    match found {
        Some(value) => value,
        #[cfg(not(misuse))]
        None => 0,
    }
}
"""


def put(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_what_a_snippet_says(tmp_path: Path) -> None:
    one = snippets.read(put(tmp_path, "ownership/double_free.analyser.cc", CXX))
    assert (one.topic, one.misuse, one.way, one.language) == ("ownership", "double_free", "analyser", "c++")
    assert (one.title, one.cwe, one.line) == ("A block is freed twice.", 415, 9)
    assert one.expectations == {
        "gcc": Expectation("option", "-Wuse-after-free", ("-Wuse-after-free=3", "-fanalyzer")),
        "clang": Expectation("accepts", ""),
    }
    assert one.name == "ownership/double_free.analyser.cc"


def test_a_mark_on_a_line_of_its_own_means_the_line_below(tmp_path: Path) -> None:
    one = snippets.read(put(tmp_path, "values/forgotten.rs", RUST))
    assert (one.line, one.way, one.title) == (7, "plain", "A match forgets a value, and that is all.")
    assert one.expectations["rustc"].written == "E0004"


@pytest.mark.parametrize(
    "written", ["[-Wc++11-narrowing]", '"use of deleted function"', "accepts", "n/a: it has no such attribute"]
)
def test_expectations_are_written_as_they_are_read(tmp_path: Path, written: str) -> None:
    text = CXX.replace("clang: accepts", f"clang: {written}")
    assert snippets.read(put(tmp_path, "a/b.cc", text)).expectations["clang"].written == written


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("a/Capital.cc", "", "", "is no place of a snippet"),
        ("a/b.txt", "", "", "is no place of a snippet"),
        ("A/b.cc", "", "", "is no place of a snippet"),
        ("a/b.magic.cc", "", "", "is written in the way 'magic': choose from plain, type,"),
        ("a/b.cc", "// A block is freed twice.\n", "", "does not begin with a comment that is a sentence"),
        ("a/b.cc", "freed twice.", "freed twice", "does not begin with a comment that is a sentence"),
        ("a/b.cc", "// cwe: 415\n", "", "has the fault class ''"),
        ("a/b.cc", "cwe: 415", "cwe: CWE-415", "has the fault class 'CWE-415': write '// cwe: 416'"),
        ("a/b.cc", "cwe: 415", "cwe: 0", "has the fault class '0'"),
        ("a/b.cc", "// clang: accepts\n", "", "does not say what clang does"),
        ("a/b.cc", "// clang: accepts\n", "// clang: accepts\n// clang: accepts\n", "has 'clang' twice"),
        ("a/b.cc", "// clang: accepts\n", "// clang: accepts\n// msvc: accepts\n", "unknown entry 'msvc'"),
        ("a/b.cc", "// clang: accepts\n", "// clang: accepts\n// rustc: accepts\n", "unknown entry 'rustc'"),
        (
            "a/b.cc",
            "// clang: accepts\n",
            "// clang: accepts\n// Oh, and this.\n",
            "has the comment '// Oh, and this.'",
        ),
        ("a/b.cc", "clang: accepts", "clang: maybe", "expects 'maybe' of clang: write accepts"),
        ("a/b.cc", "clang: accepts", "clang:", "expects '' of clang"),
        ("a/b.cc", "clang: accepts", "clang: n/a", "expects 'n/a' of clang"),
        ("a/b.cc", "clang: accepts", "clang: E0382", "expects E0382 of clang, which has no such tags"),
        ("a/b.cc", "clang: accepts", 'clang: "a"', "expects '\"a\"' of clang"),
        ("a/b.cc", "-fanalyzer", "-fplugin=./evil.so", "asks gcc for '-fplugin=./evil.so': only warnings"),
        ("a/b.cc", "-fanalyzer", "-fplugin=evil", "asks gcc for '-fplugin=evil'"),
        ("a/b.cc", "-fanalyzer", "-o/etc/passwd", "asks gcc for '-o/etc/passwd'"),
        ("a/b.cc", "-fanalyzer", "-B.", "asks gcc for '-B.'"),
        ("a/b.cc", "-fanalyzer", "-wrapper", "asks gcc for '-wrapper'"),
        ("a/b.cc", "-fanalyzer", "-Wl,-rpath", "asks gcc for '-Wl,-rpath'"),
        ("a/b.cc", "// MISUSE", "", "has 0 lines marked with '// MISUSE', and needs one"),
        ("a/b.cc", "  delete block;\n#", "  delete block;  // MISUSE\n#", "has 2 lines marked"),
        ("a/b.cc", "#ifdef MISUSE", "#if 1", "has no switch: put the misuse behind #ifdef MISUSE"),
        ("a/b.cc", "void", "//" + "x" * snippets.LARGEST + "\nvoid", "characters, and 20000 are the most"),
    ],
)
def test_what_breaks_the_format_is_refused(tmp_path: Path, name: str, old: str, new: str, sentence: str) -> None:
    assert old in CXX
    file = put(tmp_path, name, CXX.replace(old, new, 1) if old else CXX)
    with pytest.raises(UsageError, match=re.escape(f"snippet {name} ")) as caught:
        snippets.read(file)
    assert sentence in str(caught.value)


def test_a_rust_snippet_needs_a_switch_and_its_own_tags(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape("put the misuse behind #[cfg(misuse)]")):
        snippets.read(put(tmp_path, "a/b.rs", RUST.replace("#[cfg(not(misuse))]", "")))
    with pytest.raises(UsageError, match="which has no such tags"):
        snippets.read(put(tmp_path, "a/b.rs", RUST.replace("E0004", "[-Wswitch]")))


def test_what_is_not_text_and_what_is_not_there(tmp_path: Path) -> None:
    file = put(tmp_path, "a/b.cc", "")
    file.write_bytes(b"// \xff\n")
    with pytest.raises(UsageError, match=r"a/b\.cc cannot be read"):
        snippets.find(tmp_path)
    with pytest.raises(UsageError, match="holds no snippet"):
        snippets.find(tmp_path / "none")


def test_no_snippet_is_taken_for_a_case() -> None:
    found = snippets.find()
    assert len(found) > 60
    inside = {file for case in cases.find(Folders.of([BENCH])) for file in case.files}
    assert not inside & {one.file for one in found}
    assert not any(snippets.FOLDER in file.parents for file in inside)


@pytest.mark.build
def test_the_build_takes_no_snippet_for_a_case(tmp_path: Path) -> None:
    """As CMake itself says: its target list has the cases and no snippet."""
    profile = ROOT / "bench/profiles/gcc-o2.json"
    subprocess.run(
        ["cmake", "-S", str(ROOT / "bench"), "-B", str(tmp_path), "-G", "Ninja", f"-DSAFECOST_PROFILE={profile}"],
        check=True,
        capture_output=True,
    )
    assert json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))["status"] == "present"
    targets = (tmp_path / "build.ninja").read_text(encoding="utf-8")
    assert "indexing.sum" in targets
    assert "compile-time" not in targets


def test_the_command_refuses_in_a_sentence(tmp_path: Path) -> None:
    for words, sentence in (
        (["--filter", "("], "is not a regular expression"),
        (["--filter", "nothing_like_it"], "matches no snippet: the topics are bounds, errors"),
        (["--compilers", "msvc"], "no compiler 'msvc': choose from gcc, clang, rustc"),
        (["--compilers", ","], "names none"),
        (["--compilers", "gcc", "--filter", "[.]rs$"], "none of the chosen snippets is in the language of these"),
        (["--write", "none/x.md"], "there is no such folder"),
        (["--snippets", str(tmp_path)], "holds no snippet"),
        (["--write", "x.md", "--filter", "a"], "leave out the other options"),
    ):
        ended = safecost("rejected", *words, cwd=tmp_path)
        assert ended.code == 2, ended.err
        assert sentence in ended.err
