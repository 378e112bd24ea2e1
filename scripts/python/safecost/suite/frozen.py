"""Which variants were there when the suite's prices were fixed: `frozen.json` beside the cases.

A price that falls because somebody wrote another idiom for an old case measures effort. So what comes later is shown,
and priced apart: a variant of a frozen case is *added later*, a case that is not listed is *held out*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safecost.core.decoding import read_small
from safecost.document.values import CaseName, Name

FILE = "frozen.json"


@dataclass(frozen=True, slots=True)
class Frozen:
    """The variants of each case on that `date`."""

    date: str
    cases: Mapping[CaseName, tuple[Name, ...]]

    def holds_out(self, case: str) -> bool:
        """Was the case written later?"""
        return case not in self.cases

    def added_later(self, case: str, variant: str) -> bool:
        """Was the variant written later, for a case that was there?"""
        return case in self.cases and variant not in self.cases[case]


def frozen(folder: Path) -> Frozen | None:
    """What is frozen in a folder of cases; None where nothing is. Raises UsageError naming what is wrong."""
    file = folder / FILE
    return read_frozen(file) if file.exists() else None


def read_frozen(file: Path) -> Frozen:
    """What a file says is frozen; raises UsageError naming what is wrong."""
    return read_small(file, Frozen, "the frozen variants as JSON")
