"""CONTRIBUTING.md is run as it stands: its commands, its changes, and what it says comes out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.testing import commands

PAGE = ROOT / "CONTRIBUTING.md"


def blocks() -> list[tuple[str, str]]:
    """(language, text) of each fenced block, in order."""
    return re.findall(r"^```(console|diff)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def words(line: str) -> list[str]:
    """A line's words without its numbers and digests, which differ from run to run."""
    return re.findall(
        r"[A-Za-z_][A-Za-z_-]*(?:/[a-z_]+)*",
        re.sub(r"\b[0-9a-f]{16}\b|\b(?:slower|faster|equivalent|inconclusive)\b", "", line),
    )


def expect(shown: str, said: str, code: int) -> None:
    """Every word that the page shows is said, in the same order; the exit code is the one it names."""
    rest = " ".join(words(said))
    for line in shown.splitlines():
        if line.startswith("exit code "):
            assert code == int(line.removeprefix("exit code "))
            continue
        for word in words(line):
            assert word in rest, f"the page shows {line!r}, and the command said:\n{said}"


@pytest.mark.build
def test_the_worked_example_works_as_it_is_told(tmp_path: Path) -> None:
    found = blocks()
    assert [language for language, _ in found].count("console") >= 4
    for number, (language, text) in enumerate(found):
        if language == "diff":
            patch = subprocess.run(
                ["git", "apply", "-p0"], input=text, text=True, cwd=tmp_path, capture_output=True, check=False
            )
            assert patch.returncode == 0, patch.stdout + patch.stderr
            continue
        command, _, shown = text.partition("\n")
        words_of = command.removeprefix("$ scripts/safecost ").split()
        out = ["--out", str(tmp_path / f"run-{number}")] if words_of[0] == "run" else []
        done = commands.safecost(*words_of, *out, cwd=tmp_path)
        expect(shown, done.out + done.err, done.code)


def test_an_expectation_can_fail() -> None:
    with pytest.raises(AssertionError):
        expect("disqualified: mine/case", "all is well", 0)
    with pytest.raises(AssertionError):
        expect("exit code 5", "", 0)
