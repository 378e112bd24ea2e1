"""What several runs were made with, side by side: machine, suite, schedule, and the builds of each profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from safecost.core.text import percent
from safecost.document.machine_facts import UNKNOWN, machine_facts
from safecost.document.types import Document, Profile

Key = TypeVar("Key")
ItsValue = TypeVar("ItsValue")
FactGroup = Literal["machine", "suite", "schedule", "profile"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that runs have in common or not: its value in each run, None in a run that it does not apply to.

    `profile` is the one that it is about, `part` what a reader is told where it differs, such as `compiler`.
    """

    group: FactGroup
    name: str
    values: tuple[str | None, ...]
    part: str
    profile: str | None = None

    @property
    def differs(self) -> bool:
        """Do two runs have different values?"""
        return len({value for value in self.values if value is not None}) > 1

    def between(self, one: int, other: int) -> bool:
        """Do these two runs have different values?"""
        left, right = self.values[one], self.values[other]
        return left is not None and right is not None and left != right


@dataclass(frozen=True, slots=True)
class FactTable:
    """Every fact, and for each run what tells whether two built the same: sources of a case, bytes of a plugin."""

    facts: tuple[Fact, ...]
    sources: tuple[dict[str, object], ...]
    plugins: tuple[dict[tuple[str, str], str], ...]

    def of(self, *groups: FactGroup) -> tuple[Fact, ...]:
        """The facts of these groups, those that differ first."""
        return tuple(sorted((one for one in self.facts if one.group in groups), key=lambda one: not one.differs))


def side_by_side(tables: Sequence[Mapping[Key, ItsValue]]) -> Iterator[tuple[Key, tuple[ItsValue | None, ...]]]:
    """Every key that a table has, with its value in each of them."""
    for key in dict.fromkeys(key for table in tables for key in table):
        yield key, tuple(table.get(key) for table in tables)


def facts_of(documents: Sequence[Document]) -> FactTable:
    """The facts of all runs, in their order."""
    return FactTable(
        (*_general(documents), *_of_profiles(documents)),
        tuple({case.name: case.sources for case in document.cases} for document in documents),
        tuple({(one.case, one.profile): one.sha256 for one in document.plugins} for document in documents),
    )


def facts_between(
    facts: FactTable, one: int, other: int, profiles: Iterable[str], case: str
) -> tuple[tuple[str, ...], bool | None]:
    """What two runs differ in that matters to a ratio of a case in these profiles, and whether the code is the same.

    The latter is None where a run does not say which bytes it loaded.
    """
    names = tuple(profiles)
    told = [
        fact.part if fact.profile is None else f"{fact.part} of {fact.profile}"
        for fact in facts.facts
        if fact.group != "schedule" and (fact.profile is None or fact.profile in names) and fact.between(one, other)
    ]
    mine, theirs = facts.sources[one].get(case), facts.sources[other].get(case)
    if mine is not None and theirs is not None and mine != theirs:
        told.append("source of the case")
    hashes = [(facts.plugins[one].get((case, name)), facts.plugins[other].get((case, name))) for name in names]
    known = [(left, right) for left, right in hashes if left is not None and right is not None]
    same = all(left == right for left, right in known) if len(known) == len(names) else None
    return tuple(dict.fromkeys(told)), same


def _general(documents: Sequence[Document]) -> Iterator[Fact]:
    columns = [list(_of_document(document)) for document in documents]
    for entries in zip(*columns, strict=True):
        group, name, _, part = entries[0]
        yield Fact(group, name, tuple(value for _, _, value, _ in entries), part)


def _of_document(document: Document) -> Iterator[tuple[FactGroup, str, str, str]]:
    suite, run = document.suite, document.run
    changed = {True: ", modified", False: "", None: ", state not known"}[suite.modified]
    yield from (("machine", fact.name, fact.words, fact.part) for fact in machine_facts(document.machine))
    yield "suite", "safecost", suite.version, "safecost's version"
    yield "suite", "Commit", f"{suite.commit or UNKNOWN}{changed}", "suite's commit"
    yield "suite", "Schema", str(document.schema_version), "schema"
    yield "suite", "Runner", f"{run.runner.compiler}; ABI {run.runner.abi_version}", "runner"
    benchmark = f"{run.runner.benchmark_version} ({run.runner.benchmark_build})"
    yield "suite", "Google Benchmark", benchmark, "Google Benchmark"
    yield "schedule", "Mode", run.mode, "mode"
    yield "schedule", "Started", run.started, "start"
    yield "schedule", "Launches of a panel", f"up to {run.launches}", "launches"
    yield "schedule", "Margin", percent(run.margin), "margin"
    yield "schedule", "Seed", str(run.seed), "seed"
    yield "schedule", "Filter", run.filter or "none", "filter"


def _of_profiles(documents: Sequence[Document]) -> Iterator[Fact]:
    """Compiler, library, flags and what the compiler says of itself, of each profile that two runs measured."""
    tables = [{one.name: one for one in document.profiles if one.status == "measured"} for document in documents]
    for name, built in side_by_side(tables):
        if sum(one is not None for one in built) < 2:
            continue
        yield Fact("profile", f"{name}: compiler", tuple(_compiler(one) for one in built), "compiler", name)
        libraries = tuple(None if one is None else one.library for one in built)
        yield Fact("profile", f"{name}: library", libraries, "library", name)
        flags = tuple(None if one is None else " ".join(flag for flag, _ in one.flags) or "none" for one in built)
        yield Fact("profile", f"{name}: flags", flags, "flags", name)
        for fact in sorted({fact for one in built if one is not None for fact in one.facts}):
            values = tuple(None if one is None else one.facts.get(fact, "not reported") for one in built)
            yield Fact("profile", f"{name} reports {fact}", values, f"reported {fact}", name)


def _compiler(profile: Profile | None) -> str | None:
    return None if profile is None else profile.compiler or UNKNOWN
