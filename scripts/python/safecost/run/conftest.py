"""A run that nothing disturbs, and the same one killed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from safecost.document.types import Document
from safecost.testing import commands
from safecost.testing.commands import AT, SUM, case_text, put, read, safecost
from safecost.testing.resumed_runs import LAUNCHES, end_when, launches, start, words


@pytest.fixture(scope="session")
def resumed_cases() -> None:
    for name in ("one", "two"):
        put(commands.cases(), f"resume/{name}", case_text({"raw": SUM, "at": AT}))


@pytest.fixture(scope="session")
def whole_run(resumed_cases: None) -> Document:
    """A run that nothing disturbs."""
    del resumed_cases
    out = commands.workshop() / "whole"
    ended = safecost(*words(out))
    assert ended.code == 0, ended
    return read(out)


@pytest.fixture(scope="session")
def killed_run(whole_run: Document) -> Path:
    """A run that was killed after three launches or more."""
    del whole_run
    out = commands.workshop() / "killed"
    end_when(start(*words(out)), lambda: len(list(out.glob("launches/*.json"))) >= 3)
    assert 3 <= len(launches(out)) < LAUNCHES
    return out


@pytest.fixture
def killed_copy(killed_run: Path, tmp_path: Path) -> Path:
    """A killed run of a test's own."""
    return Path(shutil.copytree(killed_run, tmp_path / "copy"))
