"""When the raw code of a case is called incomplete, and when it is the back end that differs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safecost.document.types import Document, Parameter
from safecost.report.raw_code import incomplete_lines, llvm_major, llvm_versions, raw_incomplete
from safecost.testing.made_up_panel import Arm, make_panel

AT = Parameter(4096, None, "L1")


def test_the_llvm_of_each_plain_profile_is_named(sample_document: Document) -> None:
    rust = next(one for one in sample_document.profiles if one.language == "rust")
    named = replace(sample_document, profiles=(*sample_document.profiles[:-1],))
    assert "LLVM 19: clang-o2" in llvm_versions(named)
    assert "gcc" not in llvm_versions(named)
    assert llvm_versions(replace(named, profiles=(replace(rust, compiler="rustc 1.95.0 (LLVM 22.1.2)"),))) == (
        f"LLVM 22: {rust.name}"
    )


def made_up(sample: Document, rust_raw: float, clang: str, rust: str) -> Document:
    """Raw Rust takes that much of raw C++, by these compilers."""
    arms = [
        Arm("rust_unchecked", "rust-o2", "raw", 100.0 * rust_raw, 0.0),
        Arm("iterator", "rust-o2", "safe", 50.0, 0.0),
        Arm("raw", "clang-o2", "raw", 100.0, 0.0),
    ]
    panel = make_panel("indexing/sum", "rust-o2", AT, arms, [("language", 0, 2), ("language", 1, 2)])
    compilers = {"clang-o2": clang, "rust-o2": rust}
    profiles = tuple(replace(one, compiler=compilers.get(one.name, one.compiler)) for one in sample.profiles)
    return replace(sample, panels=(panel,), profiles=profiles, problems=())


@pytest.mark.parametrize(
    ("compiler", "major"),
    [
        ("Clang 19.1.7", 19),
        ("Clang 22.1.0", 22),
        ("rustc 1.95.0 (LLVM 22.1.2)", 22),
        ("GNU 12.2.0", None),
        (None, None),
    ],
)
def test_the_back_end_is_read_from_the_compilers_name(
    sample_document: Document, compiler: str | None, major: int | None
) -> None:
    assert llvm_major(replace(sample_document.profiles[0], compiler=compiler)) == major


@pytest.mark.parametrize(
    ("rust_raw", "clang", "incomplete"),
    [
        (0.90, "Clang 22.1.0", True),
        (0.98, "Clang 22.1.0", False),  # within what is asked of it
        (0.90, "Clang 19.1.7", False),  # another back end
        (0.90, "GNU 12.2.0", False),
    ],
)
def test_a_twin_that_beats_all_raw_code_of_its_back_end_marks_the_case(
    sample_document: Document, rust_raw: float, clang: str, incomplete: bool
) -> None:
    document = made_up(sample_document, rust_raw, clang, "rustc 1.95.0 (LLVM 22.1.2)")
    assert set(raw_incomplete(document)) == ({"indexing/sum"} if incomplete else set())
    assert [line.startswith("raw incomplete: indexing/sum: ") for line in incomplete_lines(document)] == (
        [True] if incomplete else []
    )
