"""Where things lie in the project and in its build folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
PYTHON = PACKAGE.parent  # what PYTHONPATH holds
ROOT = PACKAGE.parents[2]
BENCH = ROOT / "bench"
BUILD = ROOT / "build"
RUNNER = BUILD / "safecost-runner"
PROVER = BUILD / "safecost-prover"
ORACLE = BUILD / "safecost-oracle"
LOCAL_RESULTS = ROOT / "results" / "local"
VERSION = "0.1.0"


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
