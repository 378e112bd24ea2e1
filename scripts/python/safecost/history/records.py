"""What a history is made of: one frozen dataclass for each kind of line. docs/HISTORY.md has the format for users.

A record never changes and is added once: its key says which it is. Everything that is said of a series (baseline,
change points, steps between toolchains) is computed from records, never stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, get_type_hints

from safecost.document.measured import Code, Count
from safecost.document.outcome import CAUGHT, Detail, OutcomeKind, spoken
from safecost.document.points import contender_name
from safecost.document.values import Language, PairKind
from safecost.stats.pairs import Verdict

FORMAT_VERSION = 2
"""Version of the lines and of the database; a newer one is refused by name."""

FactValue = str | int | float | bool | None


def digest(value: object) -> str:
    """Thirty-two hexadecimal digits that identify a value made of JSON's types."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What a profile built with: compiler, standard library, flags, and what the compiler reports of itself."""

    name: str
    language: Language
    library: str
    compiler: str | None
    flags: tuple[str, ...]
    facts: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """The same for the same toolchain, whatever the profile is called."""
        return digest([self.language, self.library, self.compiler, list(self.flags), dict(self.facts)])


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: when, of which state of the suite, on which machine, with which toolchains.

    `run` is the hash of the run document; `machine` that of what decides times (`machine_facts` has it in words, and
    the kernel and the distribution, which do not count); `sources` are hashes of the cases' sources.
    """

    RECORD: ClassVar[str] = "run"
    run: str
    started: str
    mode: str
    complete: bool
    suite_version: str
    commit: str | None
    modified: bool | None
    margin: float
    machine: str
    machine_facts: Mapping[str, FactValue]
    load: float
    steal_share: float
    toolchains: tuple[Toolchain, ...]
    sources: Mapping[str, str]

    @property
    def subject(self) -> str:
        """What the record is about; with `run` the key of every record."""
        return "run"


@dataclass(frozen=True, slots=True)
class PairRecord:
    """The ratio of one pair with its interval and verdict; `against` is the denominator's variant.

    `panel` is the profile whose panel it was timed in: a panel that has no A/A pair of its own borrows one.
    """

    RECORD: ClassVar[str] = "pair"
    run: str
    case: str
    panel: str
    kind: PairKind
    variant: str
    profile: str
    against: str
    against_profile: str
    size: int
    rate: float | None
    label: str
    planted: float | None
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    launches: int
    detectable: float | None
    threads: int | None = None

    @property
    def subject(self) -> str:
        """What is compared with what. The fastest raw variant may be another one in each run, and is not named."""
        over = f"fastest raw@{self.against_profile}"
        if self.kind not in {"full", "language"}:
            over = f"{self.against}@{self.against_profile}"
        name = contender_name(self.case, self.variant, self.size, self.rate, self.profile, self.threads)
        where = "" if self.panel == self.profile else f" in {self.panel}"
        return f"{name} over {over}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRecord(Count):
    """What a run counted of a contender, all of it but the reason why something was not."""

    RECORD: ClassVar[str] = "count"
    LEFT_OUT: ClassVar[tuple[str, ...]] = ("reason",)
    run: str
    reason: None = None

    @property
    def subject(self) -> str:
        """The contender."""
        return contender_name(self.case, self.variant, self.size, self.rate, self.profile, self.threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord(Code):
    """The machine code of a kernel in a run, all that is known of it but the listing."""

    RECORD: ClassVar[str] = "code"
    LEFT_OUT: ClassVar[tuple[str, ...]] = ("listing",)
    run: str
    listing: str = ""

    @property
    def subject(self) -> str:
        """The kernel as a profile built it."""
        return f"{self.case}/{self.variant}@{self.profile}"


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """What became of a fault."""

    RECORD: ClassVar[str] = "proof"
    run: str
    case: str
    variant: str
    profile: str
    fault: str
    outcome: OutcomeKind
    detail: Detail | None

    @property
    def subject(self) -> str:
        """The fault in the kernel that a profile built."""
        return f"{self.case}/{self.variant}/{self.fault}@{self.profile}"

    @property
    def words(self) -> str:
        """The outcome for a reader, with `caught` where it counts as that."""
        said = spoken(self.outcome, self.detail)
        return f"{said} (caught)" if self.outcome in CAUGHT else said


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody took the values of one series from the run `run` on for the new normal: who, why and when."""

    RECORD: ClassVar[str] = "acceptance"
    run: str
    of: str
    metric: str
    who: str
    why: str
    when: str

    @property
    def subject(self) -> str:
        """The decision itself: two people may accept the same point, and both stay on record."""
        return digest([self.of, self.metric, self.who, self.why, self.when])


Record = RunRecord | PairRecord | CountRecord | CodeRecord | ProofRecord | Acceptance
KINDS: tuple[type[Record], ...] = (RunRecord, PairRecord, CountRecord, CodeRecord, ProofRecord, Acceptance)
"""In the order in which the records of one moment are written."""


def stored_fields(kind: type[Any]) -> Mapping[str, Any]:
    """The fields of a record, or of a part of one, that are kept, with their types."""
    return _stored_fields(kind)  # type: ignore[arg-type]


@cache
def _stored_fields(kind: Any) -> Mapping[str, Any]:
    left_out = ("RECORD", "LEFT_OUT", *getattr(kind, "LEFT_OUT", ()))
    return {name: hint for name, hint in get_type_hints(kind).items() if name not in left_out}
