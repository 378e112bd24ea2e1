"""Is the raw code of a case as good as it can be? Where a twin's, of the same back end, beats it, it is not."""

from __future__ import annotations

import re

from safecost.core.text import number
from safecost.document.rows import PairRow, valid_rows
from safecost.document.types import Document, Profile

BEATEN_BY = 1.03
_LLVM = re.compile(r"\bLLVM (\d+)\.|\bClang (\d+)\.", re.IGNORECASE)


def llvm_major(profile: Profile) -> int | None:
    """The major version of LLVM that builds a profile; None where it is another compiler, or not known."""
    found = _LLVM.search(profile.compiler or "")
    return int(found[1] or found[2]) if found else None


def llvm_versions(document: Document) -> str:
    """Which LLVM builds which plain profile, such as `LLVM 19: clang-o2; LLVM 22: rust`; empty where none does."""
    of: dict[int, list[str]] = {}
    for profile in document.profiles:
        major = llvm_major(profile)
        if profile.plain == profile.name and major is not None:
            of.setdefault(major, []).append(profile.name)
    return "; ".join(f"LLVM {major}: {', '.join(names)}" for major, names in sorted(of.items()))


def raw_incomplete(document: Document) -> dict[str, PairRow]:
    """By case the raw code of a twin that beats the fastest C++ raw code, of the same LLVM, with its whole interval.

    What another back end makes of the same loop is no fault of the loop. Only better C++ raw code closes such a gap.
    """
    major = {profile.name: llvm_major(profile) for profile in document.profiles}
    found: dict[str, PairRow] = {}
    for row in valid_rows(document):
        same = major.get(row.profile) is not None and major.get(row.profile) == major.get(row.against_profile)
        beats = row.kind == "language" and row.role == "raw" and row.high is not None and row.high < 1 / BEATEN_BY
        if same and beats and (row.task not in found or row.ratio < found[row.task].ratio):
            found[row.task] = row
    return found


def incomplete_lines(document: Document) -> list[str]:
    """A sentence each, for whoever reads a price over that raw code."""
    return [
        f"raw incomplete: {case}: {row.name} takes {number(row.ratio)} of {row.against}@{row.against_profile}, the"
        " fastest raw C++; prices over it are too low"
        for case, row in raw_incomplete(document).items()
    ]
