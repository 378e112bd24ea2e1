"""One side of a comparison, built and looked at like a run that times nothing; its document has all that is exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from safecost.compare.live.arms import SideName
from safecost.core.errors import UsageError
from safecost.document.evidence import DescribedPoint
from safecost.document.types import Document
from safecost.run import stages
from safecost.run.measure import Measurement
from safecost.run.state import RunOptions, RunState, begun
from safecost.suite import calibrations
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile


class LiveSide:
    """Base or head: a measurement that builds, verifies, proves and counts, and times with the other side."""

    def __init__(self, name: SideName, title: str, options: RunOptions, facts: Sequence[tuple[str, str]] = ()) -> None:
        """`title` is what a user calls it, `facts` what a reader of the comparison wants to know beside."""
        self.name, self.title, self.facts = name, title, tuple(facts)
        state = begun(options)  # with the profiles that inputs of Rust and proofs of hardened builds need
        cases = tuple(case for case in state.cases if not _is_calibration(case))
        if not cases:
            raise UsageError(f"{title} has no case to compare but calibrations: see 'scripts/safecost list'.")
        self.measurement = Measurement(replace(state, cases=cases))
        self._drawn_by: dict[str, Path] = {}

    @property
    def state(self) -> RunState:
        """What is known of this side so far."""
        return self.measurement.state

    def prepare(self) -> None:
        """Build and verify."""
        self.measurement.stage("build", stages.build)
        self.measurement.stage("verify", stages.verify)

    def prove(self) -> None:
        """Commit every fault."""
        self.measurement.stage("catch", stages.prove)

    def count(self) -> None:
        """Count instructions and allocations."""
        self.measurement.stage("count", lambda state: stages.count(state, self._drawn_by))

    def count_on_inputs_of(self, other: LiveSide, cases: Collection[str]) -> None:
        """Count these cases on the inputs that another side draws: other inputs would be no change of the code."""
        for case in cases:
            if (profile := other.state.generator(case)) is not None:
                self._drawn_by[case] = other.state.built.plugins[case, profile]

    def points(self, case: str) -> list[DescribedPoint]:
        """The sizes that a case is timed at in this kind of run."""
        return [one for one in self.state.points(case) if one.tier <= self.state.options.mode.tier]

    def document(self) -> Document:
        """All that is exact, as of a run that is complete."""
        return self.measurement.document(replace(self.state, complete=True))


def _is_calibration(case: CaseFiles) -> bool:
    """A calibration, today's or that of an older revision: a comparison asks what changed, not what is known."""
    return calibrations.is_calibration(case) or (
        case.name.startswith(f"{calibrations.FAMILY}/") and (case.data.parent / "profiles").is_dir()
    )


def profiles_of(folder: Path, wanted: Sequence[BuildProfile]) -> list[BuildProfile]:
    """The profiles of these names as a revision has them; today's where it has none of the name."""
    return [profile_files.read(folder / f"{one.name}.json") if (folder / f"{one.name}.json").is_file() else one
            for one in wanted]  # fmt: skip


_BUILT = ("plugins", "gaps", "counts", "codes", "proofs", "problems")
_OF_CONTENDERS = ("counts", "codes", "proofs")


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """A document whose profiles have other names, so that rows of two profiles meet; texts stay as they are."""

    def new(name: Any) -> Any:
        return names.get(name, name)

    built: dict[str, Any] = {
        part: tuple(replace(one, profile=new(one.profile)) for one in getattr(document, part)) for part in _BUILT
    }
    profiles = tuple(replace(one, name=new(one.name), plain=new(one.plain)) for one in document.profiles)
    return replace(document, profiles=profiles, **built)


def restricted(document: Document, profiles: frozenset[str]) -> Document:
    """A document without what other profiles built, such as those that are there for their inputs only."""
    # A problem may be of no profile.
    made = _with(document, _BUILT, lambda one: one.profile is None or one.profile in profiles)
    return _with(made, ("profiles",), lambda one: one.name in profiles)


def matching(pattern: re.Pattern[str] | None, document: Document) -> Document:
    """A document with the counts, machine code and proofs that a filter finds; by case, or by case and variant."""
    if pattern is None or any(pattern.search(case.name) for case in document.cases):
        return document
    search = pattern.search

    def wanted(one: Any) -> bool:
        return any(map(search, (f"{one.case}/{one.variant}", f"{one.case}/{one.variant}@{one.profile}")))

    return _with(document, _OF_CONTENDERS, wanted)


def _with(document: Document, parts: Sequence[str], wanted: Callable[[Any], bool]) -> Document:
    kept: dict[str, Any] = {part: tuple(filter(wanted, getattr(document, part))) for part in parts}
    return replace(document, **kept)
