"""The reproductions of docs/compilers: what stands in each holds for the versions of compilers that are here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.core.tools import search_path
from safecost.toolchain.remarks import of_plugin

FILES = sorted((ROOT / "docs" / "compilers").glob("*.cc"))
_CLAIM = re.compile(r"^// vectorised( with libc\+\+)?: (.*)$", re.MULTILINE)


def commands() -> dict[str, str]:
    """The numbered Clangs on PATH, by major version."""
    found = (path for folder in search_path() for path in folder.glob("clang++-*"))
    return {path.name.removeprefix("clang++-"): str(path) for path in found}


def vectorised(folder: Path, command: str, source: Path, flags: str) -> bool:
    """Did the compiler vectorise a loop of the file?"""
    words = f"{command} -O2 -std=c++23 {flags} -o CMakeFiles/a.b.dir/b.o -c {source}"
    (folder / "compile_commands.json").write_text(json.dumps([{"directory": str(folder), "command": words}]))
    said = [remark for each in of_plugin(folder / "a" / "b.so", "a/b", "Clang").values() for remark in each]
    return any("vectorized loop" in remark for remark in said)


@pytest.mark.parametrize("source", FILES, ids=lambda file: file.name)
def test_a_reproduction_shows_what_stands_in_it(tmp_path: Path, source: Path) -> None:
    ((library, claims),) = _CLAIM.findall(source.read_text(encoding="utf-8"))
    wanted = dict(re.findall(r"Clang (\d+) (yes|no)", claims))
    assert len(wanted) >= 2
    flags = "-stdlib=libc++" if library else ""
    (tmp_path / "which.cc").write_text(f"#include <{'version' if library else 'cstddef'}>\nlibrary=_LIBCPP_VERSION\n")
    tried = 0
    for version, command in commands().items():
        if version not in wanted:
            continue
        probe = [command, *flags.split(), "-E", "-P", str(tmp_path / "which.cc")]
        said = subprocess.run(probe, capture_output=True, text=True, check=False).stdout
        if library and f"library={version}" not in said:
            continue  # another LLVM's, or none
        assert vectorised(tmp_path, command, source, flags) == (wanted[version] == "yes"), command
        tried += 1
    if not tried:
        pytest.skip(f"none of Clang {', '.join(wanted)} is here")


def test_there_are_reproductions_and_the_page_names_them() -> None:
    page = (ROOT / "docs" / "COMPILERS.md").read_text(encoding="utf-8")
    assert FILES
    for file in FILES:
        assert f"(compilers/{file.name})" in page
        assert file.read_text(encoding="utf-8").startswith("// ")
