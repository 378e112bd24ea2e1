"""What a reader asks of a run: which idiom for a task, what it costs, what catches a weakness, how to repeat it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safecost.core.text import number
from safecost.document.memo import of_newest
from safecost.document.outcome import CAUGHT
from safecost.document.types import Case, Document, Fault
from safecost.report.prices import PriceGroup, PriceTerms, candidates, faults_of, groups
from safecost.report.safety import usual_tier
from safecost.stats.frontier import Price, price
from safecost.suite.weaknesses import name_of


@dataclass(frozen=True, slots=True)
class Choice:
    """The idiom to take for a task with one compiler: the cheapest of those that let the fewest faults through.

    `cost` is its time over ordinary raw code with an interval; `missed` are those that it lets through, of `faults`.
    """

    group: str
    variant: str
    profile: str
    cost: str
    faults: int
    missed: tuple[str, ...]

    @property
    def catches(self) -> str:
        """How many of the faults it catches."""
        return f"{self.faults - len(self.missed)} of {self.faults}"


@dataclass(frozen=True, slots=True)
class Task:
    """A case as a reader's task, with a choice for each compiler and library that has one."""

    case: Case
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A fault of a case, and in how many of its safe idioms and builds it is caught."""

    case: Case
    fault: Fault
    caught: int
    committed: int


@dataclass(frozen=True, slots=True)
class Weakness:
    """A class of faults by its number and name, with every fault of it."""

    cwe: int
    name: str
    faults: tuple[FaultLine, ...]


@of_newest
def tasks(document: Document) -> tuple[Task, ...]:
    """Every case that has safe idioms, in the document's order."""
    made = groups(document) if document.proofs else ()
    return tuple(
        Task(case, tuple(_choices(document, case, made)))
        for case in document.cases
        if any(variant.role == "safe" for variant in case.variants)
    )


def _choices(document: Document, case: Case, made: tuple[PriceGroup, ...]) -> Iterator[Choice]:
    """For each compiler the cheapest of the idioms that let the fewest faults through, priced as the prices are."""
    faults = len(faults_of(document, case, "every fault"))
    for group in made:
        terms = PriceTerms("ordinary raw", usual_tier(group))
        competing = candidates(document, case, group.profiles, group.against, "every fault", terms)
        fewest = min((len(one.uncaught) for one in competing), default=0)
        missed = {(one.variant, one.profile): one.uncaught for one in competing if len(one.uncaught) == fewest}
        best = [replace(one, uncaught=()) for one in competing if (one.variant, one.profile) in missed]
        if isinstance(one := price(case.name, best), Price):
            cost = _with_interval(one.ratio, one.low, one.high)
            yield Choice(group.name, one.variant, one.profile, cost, faults, missed[one.variant, one.profile])


def _with_interval(ratio: float, low: float | None, high: float | None) -> str:
    return number(ratio) if low is None or high is None else f"{number(ratio)} ({number(low)} – {number(high)})"


@of_newest
def weaknesses(document: Document) -> tuple[Weakness, ...]:
    """Every class of fault that the run committed, those that most faults are of first."""
    safe = {(case.name, variant.name) for case in document.cases for variant in case.variants if variant.role == "safe"}
    committed = Counter((one.case, one.fault) for one in document.proofs if (one.case, one.variant) in safe)
    caught = Counter(
        (one.case, one.fault) for one in document.proofs if (one.case, one.variant) in safe and one.outcome in CAUGHT
    )
    found: dict[int, list[FaultLine]] = {}
    for case in document.cases:
        for fault in case.faults:
            key = (case.name, fault.name)
            found.setdefault(fault.cwe, []).append(FaultLine(case, fault, caught[key], committed[key]))
    ordered = sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return tuple(Weakness(cwe, name_of(cwe), tuple(lines)) for cwe, lines in ordered)


def again(document: Document, case: Case | None = None) -> str:
    """The command that repeats the run, or its part of one case, from a checkout of the commit that it names."""
    run = document.run
    words = ["scripts/safecost", "run"]
    words += [f"--{run.mode}"] if run.mode != "default" else []
    chosen = f"^{case.name}/" if case is not None else run.filter
    words += ["--filter", shlex.quote(chosen)] if chosen else []
    words += ["--profiles", ",".join(profile.name for profile in document.profiles)] if document.profiles else []
    return " ".join([*words, "--seed", str(run.seed)])
