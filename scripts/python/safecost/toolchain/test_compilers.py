"""The build finds the newest compiler on the machine: asked of CMake itself, with invented compilers on the path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.core.paths import ROOT

SCRIPT = """
include({root}/src/cmake/profile.cmake)
safecost_find_compiler({compiler} found)
message(STATUS "found=${{found}}")
"""


def find(compiler: str, folder: Path, path: str) -> str:
    """What the build would compile with, given a PATH."""
    script = folder / "find.cmake"
    script.write_text(SCRIPT.format(root=ROOT, compiler=compiler), encoding="utf-8")
    cmake = shutil.which("cmake")
    assert cmake is not None
    done = subprocess.run(
        [cmake, "-P", str(script)], capture_output=True, text=True, check=True, env={**os.environ, "PATH": path}
    )
    return done.stdout.partition("found=")[2].strip()


def invent(folder: Path, name: str, version: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("compilers", "newest"),
    [
        ({"clang++": "14.0.6", "clang++-19": "19.1.7"}, "clang++-19"),
        ({"clang++": "21.0.0", "clang++-19": "19.1.7"}, "clang++"),
        ({"clang++-19": "19.1.7", "clang++-31": "31.0.0", "clang++-20": "20.1.0"}, "clang++-31"),
        ({"clang++": "19.1.7"}, "clang++"),
    ],
)
def test_the_newest_clang_is_found(tmp_path: Path, compilers: dict[str, str], newest: str) -> None:
    for name, version in compilers.items():
        invent(tmp_path, name, version)
    assert Path(find("clang", tmp_path, str(tmp_path))).name in {newest} | real_newer(newest, compilers)


def real_newer(newest: str, compilers: dict[str, str]) -> set[str]:
    """CMake also searches the system's own folders: a real Clang newer than the invented ones may win."""
    invented = max(int(version.partition(".")[0]) for version in compilers.values())
    return {f"clang++-{n}" for n in range(invented + 1, 41) if shutil.which(f"clang++-{n}")} | (
        {"clang++-19"} if newest == "clang++" and shutil.which("clang++-19") and invented <= 19 else set()
    )


def test_a_command_is_taken_as_it_is(tmp_path: Path) -> None:
    invented = invent(tmp_path, "my-compiler", "1")
    assert find("my-compiler", tmp_path, str(tmp_path)) == str(invented)
    assert find("no-such-compiler", tmp_path, str(tmp_path)).endswith("NOTFOUND")


CLANG = next((path for version in range(40, 18, -1) if (path := shutil.which(f"clang++-{version}"))), None)


@pytest.mark.skipif(CLANG is None, reason="Clang is not installed")
def test_a_clang_is_not_paired_with_the_libcxx_of_another_llvm(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("#define _LIBCPP_VERSION 180108\n", encoding="utf-8")
    clang = tmp_path / "clang++"
    clang.write_text(f'#!/bin/sh\nexec {CLANG} "$@" -isystem {tmp_path}\n', encoding="utf-8")
    clang.chmod(0o755)
    (tmp_path / "cases").mkdir()
    profile = ROOT / "bench" / "profiles" / "clang-o2-libcxx.json"
    given = {"PROFILE": profile, "COMPILER": clang, "CASES": tmp_path / "cases", "BUILD": tmp_path}
    options = [f"-DSAFECOST_{name}={value}" for name, value in given.items()]
    command = ["cmake", "-S", str(ROOT / "bench"), "-B", str(tmp_path / "build"), "-G", "Ninja", *options]
    subprocess.run(command, capture_output=True, check=True)
    status = json.loads((tmp_path / "build" / "profile.json").read_text(encoding="utf-8"))
    assert status["status"] == "absent"
    assert "would use the libc++ of another LLVM" in status["reason"]


@pytest.mark.parametrize(
    ("package", "code", "message"),
    [("GTest", 0, "without the runner's tests"), ("fmt", 1, "Not installed: fmt.")],
)
def test_plain_cmake_downloads_nothing_and_needs_no_package_of_tests(
    tmp_path: Path, package: str, code: int, message: str
) -> None:
    options = ["-DSAFECOST_PROFILES=none", f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON"]
    command = ["cmake", "-S", str(ROOT), "-B", str(tmp_path), "-G", "Ninja", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert message in " ".join((done.stdout + done.stderr).split())
    assert not list((tmp_path / "_deps").glob("*-src"))
