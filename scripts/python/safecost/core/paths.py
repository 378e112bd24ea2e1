"""Where things lie in the project and in its build folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.core.errors import UsageError

PACKAGE = Path(__file__).resolve().parents[1]
PYTHON = PACKAGE.parent  # what PYTHONPATH holds
ROOT = PACKAGE.parents[2]
BENCH = ROOT / "bench"
_ELSEWHERE = os.environ.get("SAFECOST_BUILD")  # which the launcher makes of --build
BUILD = Path(_ELSEWHERE).resolve() if _ELSEWHERE else ROOT / "build"
RUNNER = BUILD / "safecost-runner"
PROVER = BUILD / "safecost-prover"
ORACLE = BUILD / "safecost-oracle"
# A checkout that cannot be written to has its results where it is built.
LOCAL_RESULTS = (ROOT if os.access(ROOT, os.W_OK) or not _ELSEWHERE else BUILD) / "results" / "local"
VERSION = "0.1.0"


def make_build_folder(folder: Path) -> None:
    """Make a folder of the build; raises UsageError where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to: {error.strerror}; build elsewhere with --build DIR, or SAFECOST_BUILD=DIR."
        ) from error


def public_name(path: Path) -> str:
    """A path as a published text may have it: from the project's root, or its last name alone: more is private."""
    whole = path.resolve()
    return whole.relative_to(ROOT).as_posix() if whole.is_relative_to(ROOT) else whole.name


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that hold `<family>/<case>.cc`, and where their plugins are built."""

    cases: tuple[Path, ...]
    build: Path

    @property
    def is_suite(self) -> bool:
        """Are these the suite's own cases?"""
        return self.cases == (BENCH,)

    @classmethod
    def of(cls, cases: Sequence[Path]) -> Folders:
        """Give the suite's own cases the build folder that plain CMake uses, and others one of their own."""
        chosen = tuple(path.resolve() for path in cases) or (BENCH,)
        if chosen == (BENCH,):
            return cls(chosen, BUILD)
        key = hashlib.sha256("\n".join(map(str, chosen)).encode()).hexdigest()[:12]
        return cls(chosen, BUILD / "cases" / key)
