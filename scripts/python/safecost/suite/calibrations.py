"""Calibrations: cases whose ratios are known by construction. Every run measures some, whatever was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.core.paths import BENCH, Folders
from safecost.suite import cases as case_files
from safecost.suite.cases import CaseFiles

FAMILY = "calibration"
NOTE = "Calibrations, measured with every run to see whether it finds differences that are known; they are no costs:"


def is_calibration(case: CaseFiles) -> bool:
    """Is this one of the suite's own control cases?"""
    return case.data == BENCH / FAMILY


def added(cases: Sequence[CaseFiles]) -> list[CaseFiles]:
    """The cases, and the suite's calibrations where they are not among them; a case keeps its name against a
    calibration."""
    names = {case.name for case in cases}
    ours = [case for case in case_files.find(Folders.of(())) if is_calibration(case) and case.name not in names]
    return [*cases, *ours]
