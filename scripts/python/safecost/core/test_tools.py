from __future__ import annotations

from pathlib import Path

import pytest

from safecost.core import tools
from safecost.core.tools import newest_tool


def program(folder: Path, name: str, answer: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Debian clang version 19.1.7 (3~deb12u1)", "19.1.7"),
        ("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"),
        ("Chromium 156.0.8078.79 built on Debian", "156.0.8078.79"),
        ("no number", ""),
    ],
)
def test_version_in(text: str, version: str) -> None:
    assert tools.version_in(text) == version


def test_versions_compare_as_numbers() -> None:
    assert tools.numbers("9.5") < tools.numbers("12.2.0")
    assert tools.numbers("14") == (14,)
    assert tools.numbers("") == tools.numbers("unknown") == ()


def test_the_newest_tool_is_found_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("PATH", f"{first}:{second}")
    assert newest_tool("llvm-cxxfilt") is None
    plain = program(first, "llvm-cxxfilt", "Debian LLVM version 14.0.6")
    assert (tool := newest_tool("llvm-cxxfilt")) is not None and tool.path == plain
    program(first, "llvm-cxxfilt-9", "LLVM version 9.0.1")
    newest = program(second, "llvm-cxxfilt-22", "LLVM version 22.1.0")
    program(second, "llvm-cxxfilt-99", "LLVM version 99.0.0").chmod(0o644)  # not a program
    program(second, "llvm-cxxfilt-wrapper", "LLVM version 98.0.0")
    assert (tool := newest_tool("llvm-cxxfilt")) is not None
    assert (tool.path, tool.version) == (newest, "22.1.0")
    own = program(first, "llvm-cxxfilt", "LLVM version 23.0.0")
    assert (tool := newest_tool("llvm-cxxfilt")) is not None and tool.path == own


def test_of_two_tools_the_silent_one_counts_as_older(tmp_path: Path) -> None:
    (tmp_path / "ld.lld").write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    (tmp_path / "ld.lld").chmod(0o755)
    assert (tool := newest_tool("ld.lld", [tmp_path])) is not None and tool.version == ""
    numbered = program(tmp_path, "ld.lld-19", "LLD 19.1.7")
    assert (tool := newest_tool("ld.lld", [tmp_path])) is not None and tool.path == numbered
