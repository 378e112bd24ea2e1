"""Controls: cases whose ratios are known by construction. Every run measures some, whatever was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from desk import cases as case_files
from desk.build import Built, build_all
from desk.cases import Case
from desk.places import BENCH, Folders
from desk.profiles import Profile

FAMILY = "controls"
NOTE = "Controls, measured with every run to see whether it finds differences that are known; they are no costs:"


def is_control(case: Case) -> bool:
    """Is this one of the suite's own control cases?"""
    return case.data == BENCH / FAMILY


def added(cases: Sequence[Case]) -> list[Case]:
    """The cases, and the suite's controls where they are not among them; a case keeps its name against a control."""
    names = {case.name for case in cases}
    ours = [case for case in case_files.find(Folders.of(())) if is_control(case) and case.name not in names]
    return [*cases, *ours]


def build(folders: Folders, cases: Sequence[Case], profiles: Sequence[Profile]) -> Built:
    """Build every case with every profile, and the controls with one in C++: the first plain one that is present.

    One profile is enough, since controls test clock, rounds and statistics, which all profiles share; their two
    panels take a quick run about a second, and each further profile another one. Where nothing but controls was
    chosen they are what was asked for, and are built with every profile.
    """
    ours = [case for case in cases if is_control(case)]
    others = [case for case in cases if not is_control(case)]
    if not others:
        return build_all(Folders.of(()), ours, profiles)
    built = build_all(folders, others, profiles)
    present = [profile for profile in profiles if profile.language == "c++" and profile.name not in built.absent]
    present.sort(key=lambda profile: profile.plain != profile.name)
    if ours and present:
        more = build_all(Folders.of(()), ours, present[:1])
        built.plugins |= more.plugins
        built.failures |= more.failures
    return built
