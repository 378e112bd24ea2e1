"""One side of a comparison, built and looked at like a run that times nothing; its document has all that is exact."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from safecost.compare.live.arms import SideName
from safecost.core.errors import UsageError
from safecost.document.types import Document
from safecost.run import counts, panels
from safecost.run.measure import Measurement, RunOptions
from safecost.suite import calibrations
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile

_INPUTS = "inputs"  # in the place of a profile: the plugin that draws the inputs on which both sides are counted


class LiveSide(Measurement):
    """Base or head: builds, verifies, proves and counts as a run does. What it times, it times with the other side."""

    def __init__(self, name: SideName, title: str, options: RunOptions, facts: Sequence[tuple[str, str]] = ()) -> None:
        """`title` is what a user calls it, `facts` what a reader of the comparison wants to know beside."""
        super().__init__(options)
        self.name, self.title, self.facts = name, title, tuple(facts)
        # What a run compares a profile with is not what this one is compared with; inputs of a Rust one come from C++.
        known = profile_files.shipped()
        needed = [known[one.against] for one in options.profiles if one.language == "rust" and one.against in known]
        self.profiles = list({one.name: one for one in (*options.profiles, *needed)}.values())
        self.cases = [case for case in self.cases if not _is_calibration(case)]
        if not self.cases:
            raise UsageError(f"{title} has no case to compare but calibrations: see 'safecost list'.")
        self._drawn_by: dict[str, Path] = {}

    def count_on_inputs_of(self, other: LiveSide, cases: Collection[str]) -> None:
        """Count these cases on the inputs that another side draws: other inputs would be no change of the code."""
        for case in cases:
            if (profile := other.plugin_with_inputs(case)) is not None:
                self._drawn_by[case] = other.built.plugins[case, profile]

    def _counted(self) -> tuple[list[counts.CountTarget], counts.PluginFolders]:
        targets, folders = super()._counted()
        if not self._drawn_by:
            return targets, folders
        plugins = {**folders.plugins, **{(case, _INPUTS): path for case, path in self._drawn_by.items()}}
        targets = [replace(one, generator=_INPUTS) if one.case in self._drawn_by else one for one in targets]
        return targets, counts.PluginFolders(plugins, folders.data)

    @property
    def disqualified(self) -> frozenset[str]:
        """The cases that computed something wrong."""
        return frozenset(problem.case for problem in self.problems if problem.disqualifies and problem.case is not None)

    def variants(self, case: str, profile: str) -> list[panels.PlannedVariant]:
        """The variants that a plugin really has; none where there is no such plugin."""
        said = self.descriptions.get((case, profile))
        if said is None:
            return []
        return [panels.PlannedVariant(v.name, v.role, v.planted) for v in said.present]

    def parameters(self, case: str) -> list[panels.PlannedPoint]:
        """The sizes that a case is timed at in this kind of run."""
        return [one for one in self._parameters(case) if one.tier <= self.options.mode.tier]

    def data(self, case: str) -> Path:
        """The folder of a case's shipped inputs."""
        return next(one.data for one in self.cases if one.name == case)

    def plugin_with_inputs(self, case: str) -> str | None:
        """The profile whose plugin draws the inputs of a case; None where none was built."""
        return next((by for (name, by), said in self.descriptions.items() if name == case and said.parameters), None)


def _is_calibration(case: CaseFiles) -> bool:
    """A calibration, today's or that of an older revision: a comparison asks what changed, not what is known."""
    return calibrations.is_calibration(case) or (
        case.name.startswith(f"{calibrations.FAMILY}/") and (case.data.parent / "profiles").is_dir()
    )


def profiles_of(folder: Path, wanted: Sequence[BuildProfile]) -> list[BuildProfile]:
    """The profiles of these names as a revision has them; today's where it has none of the name."""
    return [profile_files.read(folder / f"{one.name}.json") if (folder / f"{one.name}.json").is_file() else one
            for one in wanted]  # fmt: skip


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """A document whose profiles have other names, so that rows of two profiles meet; texts stay as they are."""

    def new(name: str) -> str:
        return names.get(name, name)

    return replace(
        document,
        profiles=tuple(replace(one, name=new(one.name), plain=new(one.plain)) for one in document.profiles),
        plugins=tuple(replace(one, profile=new(one.profile)) for one in document.plugins),
        gaps=tuple(replace(one, profile=new(one.profile)) for one in document.gaps),
        counts=tuple(replace(one, profile=new(one.profile)) for one in document.counts),
        codes=tuple(replace(one, profile=new(one.profile)) for one in document.codes),
        proofs=tuple(replace(one, profile=new(one.profile)) for one in document.proofs),
        problems=tuple(
            replace(one, profile=None if one.profile is None else new(one.profile)) for one in document.problems
        ),
    )


def restricted(document: Document, profiles: frozenset[str]) -> Document:
    """A document without what other profiles built, such as those that are there for their inputs only."""
    return replace(
        document,
        profiles=tuple(one for one in document.profiles if one.name in profiles),
        plugins=tuple(one for one in document.plugins if one.profile in profiles),
        gaps=tuple(one for one in document.gaps if one.profile in profiles),
        counts=tuple(one for one in document.counts if one.profile in profiles),
        codes=tuple(one for one in document.codes if one.profile in profiles),
        proofs=tuple(one for one in document.proofs if one.profile in profiles),
        problems=tuple(one for one in document.problems if one.profile is None or one.profile in profiles),
    )


def matching(pattern: re.Pattern[str] | None, document: Document) -> Document:
    """A document with the counts, machine code and proofs that a filter finds; by case, or by case and variant."""
    if pattern is None or any(pattern.search(case.name) for case in document.cases):
        return document

    def wanted(case: str, variant: str, profile: str) -> bool:
        return any(map(pattern.search, (f"{case}/{variant}", f"{case}/{variant}@{profile}")))

    return replace(
        document,
        counts=tuple(one for one in document.counts if wanted(one.case, one.variant, one.profile)),
        codes=tuple(one for one in document.codes if wanted(one.case, one.variant, one.profile)),
        proofs=tuple(one for one in document.proofs if wanted(one.case, one.variant, one.profile)),
    )
