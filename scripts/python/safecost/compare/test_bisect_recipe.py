"""docs/ci/bisect-compiler.sh in a bisection of git's, with a safecost that ends as the commit says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.compare.limits import read_limits
from safecost.compare.rows import METRICS, WORDS
from safecost.compare.test_ci_recipes import options_of
from safecost.core.paths import ROOT

SCRIPT = ROOT / "docs/ci/bisect-compiler.sh"
PROFILES = ("--good", "good: clang-o2 @ clang++-19", "--trial", "trial: clang-o2 @ build/clang++")
# Keeps what it was asked for and the limits, and ends as the compiler that was built says.
SAFECOST = """#!/bin/sh
printf '%s\\n' "$@" >"$OLDPWD/asked"
while [ "$1" != --limits ]; do shift; done
cp "$2" "$OLDPWD/limits.toml"
exit "$(cat build)"
"""
CODES = (0, 0, 1, 4, 0, 3, 3, 5, 3)  # of the commits; the sixth is the first that is bad


@pytest.fixture
def compiler(tmp_path: Path) -> Path:
    """The checkout of a compiler, of which each commit would end a comparison otherwise; the third does not build."""
    folder = tmp_path / "a compiler"
    folder.mkdir()
    (folder / "safecost").write_text(SAFECOST.replace("$OLDPWD", str(folder)), encoding="utf-8")
    (folder / "safecost").chmod(0o755)
    git(folder, "init", "--quiet")
    for number, code in enumerate(CODES):
        (folder / "code").write_text(f"{code}\n", encoding="utf-8")
        (folder / "number").write_text(f"{number}\n", encoding="utf-8")
        git(folder, "add", "code", "number")
        git(folder, "commit", "--quiet", "-m", f"commit {number}")
    return folder


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def step(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", SCRIPT, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_bisection_finds_the_first_bad_commit_and_skips_what_does_not_build(compiler: Path) -> None:
    git(compiler, "bisect", "start", "HEAD", f"HEAD~{len(CODES) - 1}")
    make = "cp code build && ! grep -q 2 number"
    said = git(compiler, "bisect", "run", str(SCRIPT), *PROFILES, "--safecost", "./safecost", "--make", make)
    bad = git(compiler, "log", "--format=%H", "--grep=commit 5", "main").strip()
    assert f"{bad} is the first bad commit" in said, said


@pytest.mark.parametrize(("code", "ended"), [(0, 0), (3, 1), (5, 1), (1, 125), (4, 125), (2, 255), (130, 255)])
def test_a_step_ends_as_git_understands_it(compiler: Path, code: int, ended: int) -> None:
    made = step(compiler, *PROFILES, "--safecost", "./safecost", "--make", f"echo {code} >build", "--", "--filter", "x")
    assert made.returncode == ended, made.stderr
    asked = (compiler / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[:2] == ["compare", "--gate"] and asked[-2:] == ["--filter", "x"]
    assert [asked[at + 1] for at, word in enumerate(asked) if word == "--profile"] == list(PROFILES[1::2])
    assert {word for word in asked if word.startswith("--")} <= options_of("compare")


def test_numbers_have_no_limit_and_words_do(compiler: Path) -> None:
    step(compiler, *PROFILES, "--safecost", "./safecost", "--make", "echo 0 >build")
    (entry,) = read_limits(compiler / "limits.toml")
    assert (entry.name, entry.metric) == ("*", "*")
    assert entry.relative == 1000 and entry.absolute == 1e15
    assert set(METRICS) > set(WORDS) >= {"vectorised", "catch", "result"}


def test_a_commit_that_does_not_build_is_skipped(compiler: Path) -> None:
    assert step(compiler, *PROFILES, "--safecost", "./safecost", "--make", "exit 3").returncode == 125
    assert not (compiler / "asked").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--nonsense"], "there is no option --nonsense"),
        (["--good"], "--good needs a value"),
        (["--good", "a: gcc"], "give --good and --trial"),
        ([*PROFILES, "--safecost", "/nowhere"], "/nowhere is no command"),
    ],
)
def test_usage_ends_the_bisection(tmp_path: Path, words: list[str], sentence: str) -> None:
    made = step(tmp_path, *words)
    assert made.returncode == 255 and sentence in made.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
