"""Tests of how cases are found by their place and chosen by a filter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, BUILD, Folders
from safecost.suite import cases
from safecost.suite.cases import CaseFiles
from safecost.testing.commands import case_text, put, twin_text


def found(*folders: Path) -> list[CaseFiles]:
    return cases.find(Folders.of(folders))


def test_cases_are_found_by_their_place(tmp_path: Path) -> None:
    put(tmp_path, "family/one", "// Is it one?\n")
    put(tmp_path, "family/one", "", "rs")
    put(tmp_path, "family/folder/first", "// Is it a folder?\n")
    put(tmp_path, "family/folder/second", "")
    put(tmp_path, "family/folder/shared", "", "h")
    put(tmp_path, "family/named/consumer", "// Not the question.\n")
    put(tmp_path, "family/named/named", "// Is it the folder's own?\n")
    put(tmp_path, "family/odd", "", "h")
    put(tmp_path, "family/one", "", "txt")
    put(tmp_path, "Family/capital", "")
    put(tmp_path, "family/Capital", "")
    put(tmp_path, "family/too/deep/case", "")
    (tmp_path / "odd.cc").touch()
    (tmp_path / "family" / "a_folder.cc").mkdir()
    folder, named, one = found(tmp_path)
    assert (folder.name, [file.name for file in folder.files]) == (
        "family/folder",
        ["first.cc", "second.cc", "shared.h"],
    )
    assert ([file.name for file in named.files], named.question) == (
        ["named.cc", "consumer.cc"],
        "Is it the folder's own?",
    )
    assert (one.name, [file.name for file in one.files]) == ("family/one", ["one.cc", "one.rs"])
    assert (one.question, folder.question) == ("Is it one?", "Is it a folder?")
    assert (one.has_twin, folder.has_twin) == (True, False)
    assert (one.data, folder.data) == (tmp_path / "family", tmp_path / "family" / "folder")


def test_variants_are_read_from_both_languages_once_each(tmp_path: Path) -> None:
    put(tmp_path, "some/case", case_text({"raw": "", "at": ""}, added='.gap("views", "a view", "none here")'))
    put(tmp_path, "some/case", twin_text(), "rs")
    (case,) = found(tmp_path)
    assert case.variants() == ["raw", "at", "views", "rust_index", "rust_iterator"]


def test_a_source_in_another_encoding_can_be_listed(tmp_path: Path) -> None:
    put(tmp_path, "some/case", "").write_bytes(b"// Caf\xe9?\n")
    assert found(tmp_path)[0].question == "Caf\ufffd?"


def test_several_folders_add_up(tmp_path: Path) -> None:
    put(tmp_path / "a", "family/one", "")
    put(tmp_path / "b", "family/two", "")
    assert [case.name for case in found(tmp_path / "a", tmp_path / "b")] == ["family/one", "family/two"]


def test_the_suites_own_cases_have_the_build_folder_of_plain_cmake(tmp_path: Path) -> None:
    assert Folders.of([]) == Folders.of([BENCH]) == Folders((BENCH,), BUILD)
    assert Folders.of([tmp_path]).build != Folders.of([tmp_path / "other"]).build
    assert Folders.of([tmp_path]).build == Folders.of([tmp_path / "x" / ".."]).build


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "no <family>/<case>.cc in it"),
        (["a/family/one.cc", "b/family/one.cc"], "case family/one has two files one.cc"),
        (["a/family/one/a file.cc"], "case family/one has a file 'a file.cc'"),
        (["a/family/one/é.cc"], "case family/one has a file 'é.cc'"),
        (["a/family/one/.hidden.cc"], "case family/one has a file '.hidden.cc'"),
    ],
)
def test_what_no_document_could_hold_is_refused_before_the_build(
    tmp_path: Path, files: list[str], sentence: str
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=re.escape(sentence)):
        found(tmp_path / "a", *([tmp_path / "b"] if len(files) > 1 else []))


def test_a_path_that_the_build_would_split_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "a;b", "family/one", "")
    with pytest.raises(UsageError, match="semicolon"):
        found(tmp_path / "a;b")


@pytest.fixture
def three(tmp_path: Path) -> list[CaseFiles]:
    put(tmp_path, "indexing/sum", case_text({"raw": "", "at": ""}))
    put(tmp_path, "indexing/gather", case_text({"raw": "", "span": ""}))
    put(tmp_path, "strings/copy", case_text({"raw": "", "string_view": ""}))
    return found(tmp_path)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (None, ["indexing/gather", "indexing/sum", "strings/copy"]),
        ("^indexing/", ["indexing/gather", "indexing/sum"]),
        ("sum", ["indexing/sum"]),
        ("/at$", ["indexing/sum"]),
        ("string_view|span", ["indexing/gather", "strings/copy"]),
        ("@gcc-o2", ["indexing/gather", "indexing/sum", "strings/copy"]),
        ("/at@gcc-o2", ["indexing/sum"]),
        ("64@gcc-o2", ["indexing/gather", "indexing/sum", "strings/copy"]),
        ("sum/at/size:64@gcc-o2", ["indexing/sum"]),
        ("^indexing/.*@gcc-o2", ["indexing/gather", "indexing/sum"]),
        ("at@gcc-o2|nobody@clang-o2", ["indexing/gather", "indexing/sum", "strings/copy"]),
        ("(at@gcc-o2)", ["indexing/gather", "indexing/sum", "strings/copy"]),
        ("size:64", ["indexing/gather", "indexing/sum", "strings/copy"]),
    ],
)
def test_a_filter_builds_no_more_than_what_can_match(
    three: list[CaseFiles], expression: str | None, names: list[str]
) -> None:
    assert [case.name for case in cases.choose(three, cases.pattern_of(expression))] == names


def test_a_filter_that_matches_nothing_names_the_families(three: list[CaseFiles]) -> None:
    with pytest.raises(UsageError, match="matches no case: the families are indexing, strings"):
        cases.choose(three, cases.pattern_of("sorting"))


def test_a_filter_must_be_a_regular_expression() -> None:
    with pytest.raises(UsageError, match=r"'\*' is not a regular expression: nothing to repeat"):
        cases.pattern_of("*")
